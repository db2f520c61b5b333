"""Records: where each record of a CSV file begins and ends, and on which line, told for a block of bytes at a time.

Quotes are counted: a line end with an even number of them before it ends a record, as long as each stands where a quote may open or
close a value.  A record in which one does not is read by a regular expression.  So the work is done by numpy for all
but odd records, in any dialect, in memory that one block and the longest row bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .dialect import Dialect

UNCLOSED = "opens a quote that is not closed within {:,} bytes"
MISPLACED = "has a quote that is closed in the middle of a value"
TOO_LONG = "is longer than {:,} bytes"
_LF, _CR = 10, 13


@dataclass
class Records:
    """Some records of a file. Record i is data[starts[i]:ends[i]], its line end included, and begins on line lines[i].

    broken: index -> why it is no record.  A line that was too long to hold is in `skipped`: (line, its beginning, why).
    """

    data: bytes
    starts: Any
    ends: Any
    lines: Any
    broken: dict[int, str] = field(default_factory=dict)
    skipped: list[tuple[int, bytes, str]] = field(default_factory=list)


def records(blocks: Iterable[bytes], dialect: Dialect, max_row: int) -> Iterator[Records]:
    """The records of a file in order, those of a block at a time; empty lines are among them.

    A record in which a quote is not closed within `max_row` bytes, or in the middle of a value, is broken: it is its first line alone, and
    reading goes on with the next.
    """
    scan = _Scan(dialect, max_row)
    pending = b""
    for block in blocks:
        if scan.skipping:
            block = scan.skip(block)
            if scan.skipping:
                continue
        found, pending = scan.block(pending + block, last=False)
        yield found
    if not scan.skipping:
        yield scan.block(pending, last=True)[0]


class _Scan:
    """Where a file was left: how many lines were read, and a line too long to hold that goes on."""

    def __init__(self, dialect: Dialect, max_row: int) -> None:
        self._quote, self._escape = dialect.quote.encode(), dialect.escape.encode()
        self._delimiter, self._max = dialect.delimiter.encode(), max_row
        self._line = 1
        self.skipping = False
        self._after_cr = False
        self._record, self._open = _patterns(self._delimiter, self._quote, self._escape)

    def skip(self, block: bytes) -> bytes:
        """What follows the line that is skipped, of a block; nothing while it goes on."""
        if self._after_cr:
            block, self._after_cr = block.removeprefix(b"\n"), False
            self.skipping = False
            return block
        end = re.search(rb"\r\n?|\n", block)
        if end is None:
            return b""
        if end[0] == b"\r" and end.end() == len(block):
            self._after_cr = True  # its \n may be the next block's first
            return b""
        self.skipping = False
        return block[end.end() :]

    def block(self, data: bytes, *, last: bool) -> tuple[Records, bytes]:
        """The records that end in some bytes which begin with one, and the rest."""
        marks = _marks(data, self._delimiter, self._quote, self._escape, last)
        chosen, broken, position = self._walk(data, marks, last)
        ends = marks.after[chosen]
        starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
        lines = np.concatenate(([0], chosen[:-1] + 1)) + self._line if len(ends) else ends
        for index in np.flatnonzero(ends - starts > self._max + 2).tolist():
            broken[index] = TOO_LONG.format(self._max)
        self._line += int(chosen[-1]) + 1 if len(chosen) else 0
        rest = data[position:]
        skipped = []
        if len(rest) > self._max:  # a line without an end: _walk leaves no other rest that long
            self.skipping = True
            skipped.append((self._line, rest[: 2**12], TOO_LONG.format(self._max)))
            self._after_cr = rest.endswith(b"\r")
            self._line += 1
            rest = b""
        return Records(data[:position], starts, ends, lines, broken, skipped), rest

    def _walk(self, data: bytes, marks: _Marks, last: bool) -> tuple[Any, dict[int, str], int]:
        """(which line ends end a record, index of record -> why it is none, where the last one ends)."""
        quotes, before = marks.quotes, marks.before
        pieces: list[Any] = []
        broken: dict[int, str] = {}
        count, position, line = 0, 0, 0  # records found, where the next begins, the first line end behind that
        while line < len(before):
            first = int(np.searchsorted(quotes, position))
            wrong = marks.wrong[first % 2]
            at = int(np.searchsorted(wrong, first))
            limit = int(quotes[wrong[at]]) if at < len(wrong) else len(data) + 1
            stop = int(np.searchsorted(before, limit))
            even = (marks.counts[line:stop] - first) % 2 == 0
            if marks.plain is not None:
                even &= marks.plain[line:stop]
            found = np.flatnonzero(even) + line
            if len(found):
                pieces.append(found)
                count += len(found)
                line = int(found[-1]) + 1
                position = int(marks.after[line - 1])
            if at == len(wrong) and not (line < len(before) and (last or len(data) - position > self._max)):
                break
            end, why = self._odd(data, position, last) if at < len(wrong) else (-1, UNCLOSED.format(self._max))
            chosen = line if end < 0 else int(np.searchsorted(before, min(end, int(before[-1])) if last else end))
            if chosen == len(before):  # more bytes are needed to say
                if len(data) - position <= self._max or line == len(before):
                    break
                chosen, why = line, UNCLOSED.format(self._max)
            if why:
                broken[count] = why
            pieces.append(np.array([chosen]))
            count += 1
            line = chosen + 1
            position = int(marks.after[chosen])
        return (np.concatenate(pieces) if pieces else np.empty(0, np.int64)), broken, position

    def _odd(self, data: bytes, start: int, last: bool) -> tuple[int, str]:
        """Where a record with an odd quote ends, behind the bytes where they do not say; -1 and why where it is none."""
        found = self._record.match(data, start)
        if found is not None:
            return (found.end() if found.end() < len(data) or last else len(data) + 1), ""
        if self._open.fullmatch(data, start):
            return (-1, UNCLOSED.format(self._max)) if last else (len(data) + 1, "")
        return -1, MISPLACED


@dataclass
class _Marks:
    """Positions in a block.

    before, after: of each line end.  plain: which of them are not escaped, None for all.  quotes: of each quote, and `counts` how many
    stand before each line end.  wrong: indices of quotes that stand where none may, if the first quote (the second) opens.
    """

    before: Any
    after: Any
    plain: Any
    quotes: Any
    counts: Any
    wrong: tuple[Any, Any]


def _marks(data: bytes, delimiter: bytes, quote: bytes, escape: bytes, last: bool) -> _Marks:
    letters = np.frombuffer(data, np.uint8)
    before, after = _line_ends(data, letters, last)
    plain = None
    none = np.empty(0, np.int64)
    quotes = np.flatnonzero(letters == quote[0]) if quote and quote in data else none
    if escape and escape in data:
        escaped = np.array([found.end() - 1 for found in re.finditer(re.escape(escape) + b"(?s:.)", data)], np.int64)
        plain = ~np.isin(before, escaped)
        plain[-1:] |= last  # nothing follows
        quotes = quotes[~np.isin(quotes, escaped)]
    if not len(quotes):
        return _Marks(before, after, plain, quotes, np.zeros(len(before), np.int64), (none, none))
    ends = np.zeros(256, bool)
    ends[[delimiter[0], _LF, _CR]] = True
    opens = (quotes == 0) | ends[letters[quotes - 1]]
    closes = (quotes == len(data) - 1) | ends[letters[np.minimum(quotes + 1, len(data) - 1)]]
    twin = np.diff(quotes) == 1
    opens[1:] |= twin
    closes[:-1] |= twin
    ordinal = np.arange(len(quotes)) % 2
    wrong = tuple(np.flatnonzero(~np.where(ordinal == phase, opens, closes)) for phase in (0, 1))
    return _Marks(before, after, plain, quotes, np.searchsorted(quotes, before), wrong)  # type: ignore[arg-type]  # two of them


def _line_ends(data: bytes, letters: Any, last: bool) -> tuple[Any, Any]:
    """Where each line's text ends, and where the next line begins: behind LF, CR LF or CR."""
    feeds = np.flatnonzero(letters == _LF)
    before, after = feeds, feeds + 1
    if b"\r" in data:
        returns = np.flatnonzero(letters == _CR)
        following = np.append(letters, 0)[returns + 1]
        before = feeds - ((feeds > 0) & (letters[feeds - 1] == _CR))
        alone = returns[(following != _LF) & ((returns < len(data) - 1) | last)]
        before, after = np.sort(np.concatenate((before, alone))), np.sort(np.concatenate((after, alone + 1)))
    if last and len(data) and (not len(after) or after[-1] < len(data)):
        before, after = np.append(before, len(data)), np.append(after, len(data))
    return before, after


def _patterns(delimiter: bytes, quote: bytes, escape: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A whole record, without its line end; and one whose last value opens a quote that nothing closes, or ends in an escape."""
    d, q, e = (re.escape(letter) for letter in (delimiter, quote, escape))
    pair = rb"|" + e + rb"(?s:.)" if escape else b""
    blank = b" " if delimiter == b"\t" else rb"[ \t]"
    bare = rb"(?:[^" + q + d + e + rb"\r\n]" + pair + rb")(?:[^" + d + e + rb"\r\n]" + pair + rb")*+|"
    inside = q + rb"(?:[^" + q + e + rb"]++|" + q + q + pair + rb")*+"
    value = rb"(?:" + inside + q + blank + rb"*+(?=" + d + rb"|[\r\n]|\Z)|" + bare + rb")" if quote else rb"(?:" + bare + rb")"
    record = re.compile(value + rb"(?:" + d + value + rb")*+(?=[\r\n]|\Z)")
    cut = rb"(?:" + inside + e + rb"?|(?:" + bare + rb")" + e + rb")" if escape else inside
    opened = re.compile(rb"(?:" + value + d + rb")*+" + cut) if quote else re.compile(rb"(?!)")
    return record, opened
