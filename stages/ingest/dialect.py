"""Dialects: how a CSV file separates and quotes its values, told or found."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

_DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class Dialect:
    """One ASCII character each; quote and escape may be empty."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""


def detected(sample: str, delimiter: str | None, quote: str | None, escape: str | None) -> Dialect:
    """The dialect of a sample, with what is told left as it is.

    The delimiter is the one (of `,`, tab, `;`, `|`) by which most rows have as many fields as the first; a single quote is one where fields
    stand in it and none in double ones; a backslash escapes where one stands before a quote inside a quoted field.
    """
    quotes = (quote,) if quote is not None else ('"', "'")
    delimiters = (delimiter,) if delimiter is not None else _DELIMITERS
    best, most = Dialect(delimiter or ",", quotes[0]), (0.0, 0)
    for mark in quotes:
        if mark == "'" and not _quoted_by(sample, "'"):
            continue
        for letter in delimiters:
            score = _score(sample, letter, mark)
            if score > most:
                best, most = Dialect(letter, mark), score
    if escape is None:
        return Dialect(best.delimiter, best.quote, "\\" if best.quote and _escapes(sample, best) else "")
    return Dialect(best.delimiter, best.quote, escape)


def first_fields(line: str, dialect: Dialect) -> list[str]:
    """The fields of one record. Raises csv.Error."""
    return next(iter(_reader(line, dialect.delimiter, dialect.quote, dialect.escape)), [])


def _reader(text: str, delimiter: str, quote: str, escape: str = "") -> csv.Reader:  # type: ignore[name-defined]  # typeshed has it as _reader
    style = {"quotechar": quote, "quoting": csv.QUOTE_MINIMAL} if quote else {"quoting": csv.QUOTE_NONE}
    csv.field_size_limit(2**31 - 1)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, escapechar=escape or None, **style)


def _score(sample: str, delimiter: str, quote: str) -> tuple[float, int]:
    """(share of the rows that have as many fields as the first, rounded; how many that is)."""
    rows = [len(row) for row in _reader(sample, delimiter, quote) if row][:500]
    rows = rows[:-1] if len(rows) > 2 else rows  # the last may be cut
    if not rows or rows[0] < 2:
        return 0.0, 0
    return round(Counter(rows)[rows[0]] / len(rows), 1), min(rows[0], 2)


def _quoted_by(sample: str, quote: str) -> bool:
    """Whether values stand in this quote and none in double ones."""
    edge = r"[,\t;|\r\n]"
    single = len(re.findall(rf"(?:^|(?<={edge})){quote}[^{quote}\r\n]*{quote}(?={edge}|$)", sample))
    return single >= 2 and not re.search(rf'(?:^|{edge})"', sample)


def _escapes(sample: str, dialect: Dialect) -> bool:
    quote, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
    return bool(re.search(rf"[^\\{quote}]\\{quote}(?!\s*(?:{delimiter}|[\r\n]|$))", sample)) and not re.search(
        rf"[^{delimiter}\r\n\\]{quote}{quote}", sample
    )
