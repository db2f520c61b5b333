"""Rows of CSV records: pyarrow reads those that are whole, and each of the others is turned away with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from pipeline import StageError
from pipeline.errors import bounded

from .away import lines_away, placed
from .dialect import Dialect, detected, first_fields
from .encodings import shown, utf8_blocks
from .records import Records, records

if TYPE_CHECKING:
    from .archives import Part
    from .csvfile import CsvFile

_SAMPLE = 2**18  # bytes that a dialect is found from


def csv_rows(source: CsvFile, part: Part, tell: Callable[[str], None]) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
    """One file's rows as text, a block at a time, with where they stand, and what was turned away."""
    blocks = utf8_blocks(part.stream, source.encoding, tell)
    head = b""
    for block in blocks:
        head += block
        if len(head) >= _SAMPLE:
            break
    head, skipped = _without_lines(head, source.skip_lines)
    if skipped < source.skip_lines:
        raise StageError(
            f"source {part.name} has {skipped} lines in its first {_SAMPLE:,} bytes, skip_lines is {source.skip_lines}"
        )
    told = re.match(rb"(?i:sep)=([^\w\s]|\t)(\r\n?|\n)", head) if source.delimiter is None else None  # as spreadsheets write it
    if told is not None:
        head, skipped = head[told.end() :], skipped + 1
    sample = head[:_SAMPLE].decode("utf-8", "replace")
    dialect = detected(sample, told[1].decode() if told else source.delimiter, source.quote, source.escape)
    if source.delimiter is None and dialect.delimiter != ",":
        tell(f"values are separated by {dialect.delimiter!r}")
    if (source.quote is None and dialect.quote != '"') or (source.escape is None and dialect.escape):
        tell(
            f"values are quoted with {dialect.quote or 'nothing'}"
            + (f" and escaped with {dialect.escape}" if dialect.escape else "")
        )
    names = list(source.columns)
    rows = None
    for found in records(chain((head,), blocks), dialect, source.max_row):
        found.lines += skipped
        found.skipped = [(line + skipped, raw, why) for line, raw, why in found.skipped]
        first = 0
        if rows is None and (source.header or not names):
            first, names = _header(source, part.name, found, dialect, tell)
        if rows is None and names:
            rows = _Rows(source, part.name, dialect, names)
            yield rows.table(b"", np.empty(0, np.int64)), []
        if rows is not None:
            yield from rows.of(found, first)
    if rows is None:
        raise StageError(f"source {part.name} has no line that names its columns; declare columns=(...) where there is none")


def _without_lines(head: bytes, count: int) -> tuple[bytes, int]:
    """Bytes without their first lines, and how many those were."""
    for number in range(count):
        end = re.search(rb"\r\n?|\n", head)
        if end is None:
            return b"", number
        head = head[end.end() :]
    return head, count


def _header(source: CsvFile, name: str, found: Records, dialect: Dialect, tell: Callable[[str], None]) -> tuple[int, list[str]]:
    """(index of the first record after the header, names of the columns); the header is the first line that is not empty.

    A column without a name is called after its place.  Raises StageError for a header that is no record, names one twice or is not
    the one that the source was told.
    """
    for index, (start, end) in enumerate(zip(found.starts.tolist(), found.ends.tolist(), strict=True)):
        raw = found.data[start:end].rstrip(b"\r\n")
        if not raw and index not in found.broken:
            continue
        try:
            if index in found.broken:
                raise ValueError(found.broken[index])
            names = first_fields(raw.decode(), dialect)
        except (ValueError, csv.Error) as error:
            raise StageError(f"source {name}: its header {bounded(shown(raw))!r} cannot be read: {error}") from error
        if source.header:
            if tuple(names) != source.header:
                raise StageError(
                    f"source {name}: its header is {bounded(names)}, expected {bounded(list(source.header))}; "
                    f"see whether its columns were moved, then change header and columns"
                )
            return index + 1, list(source.columns)
        unnamed = [place for place, column in enumerate(names, 1) if not column.strip()]
        if unnamed:
            names = [column if column.strip() else f"column_{place}" for place, column in enumerate(names, 1)]
            tell(f"columns without a name are called column_{unnamed[0]}, ... after their place")
        if len(set(names)) < len(names):
            raise StageError(
                f"source {name}: the header names a column twice: {bounded(names)}; "
                f"declare columns=(...) of your own, and what it says as header=(...)"
            )
        return index + 1, names
    if found.skipped:
        raise StageError(f"source {name}: its header {found.skipped[0][2]}; raise max_row if that is what you expect")
    return 0, []


class _Rows:
    """Reads records of one file into tables."""

    def __init__(self, source: CsvFile, name: str, dialect: Dialect, names: list[str]) -> None:
        self._name, self._names, self._source = name, names, source
        self._parse = {
            "delimiter": dialect.delimiter,
            "quote_char": dialect.quote or False,
            "escape_char": dialect.escape or False,
            "newlines_in_values": True,
        }
        self._convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))

    def of(self, found: Records, first: int) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """The table of some records from an index on, and what was turned away of them."""
        broken = {index: why for index, why in found.broken.items() if index >= first} | _unreadable(found, first)
        whole = found.ends - found.starts > 2
        for index in np.flatnonzero(~whole).tolist():
            whole[index] = bool(found.data[found.starts[index] : found.ends[index]].strip(b"\r\n"))
        whole[:first] = False
        whole[list(broken)] = False
        ragged: list[tuple[int, str]] = []

        def keep(row: Any) -> str:
            ragged.append((row.number - 1, f"has {row.actual_columns} fields, expected {row.expected_columns}"))
            return "skip"

        try:
            rows = self._read(_joined(found, whole), keep)
        except pa.ArrowInvalid as error:
            undecoded = _undecodable(found, whole)
            if not undecoded:
                raise StageError(
                    f"source {self._name} cannot be read as CSV from line {found.lines[0]:,} on: {error}"
                ) from error
            broken |= undecoded
            whole[list(undecoded)] = False
            ragged.clear()
            rows = self._read(_joined(found, whole), keep)
        indices = np.flatnonzero(whole)
        if ragged:
            places = [place for place, _ in ragged]
            broken |= {int(indices[place]): why for place, why in ragged}
            indices = np.delete(indices, places)
        if len(indices) != rows.num_rows:
            raise StageError(
                f"source {self._name} has {len(indices):,} records from line {found.lines[0]:,} on, read were {rows.num_rows:,}"
            )
        table = self._placed(rows, found.lines[indices])
        if table.num_rows or broken or found.skipped:
            lines = [(int(found.lines[i]), found.data[found.starts[i] : found.ends[i]], why) for i, why in broken.items()]
            yield table, lines_away(self._name, [*lines, *found.skipped])

    def table(self, data: bytes, lines: Any) -> pa.Table:
        """A table of whole records."""
        return self._placed(self._read(data, lambda _: "error"), lines)

    def _read(self, data: bytes, keep: Callable[[Any], str]) -> pa.Table:
        if not data:
            return pa.schema([(name, pa.string()) for name in self._names]).empty_table()
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=self._names, block_size=len(data) + 1),
            parse_options=arrow_csv.ParseOptions(invalid_row_handler=keep, **self._parse),
            convert_options=self._convert,
        )

    def _placed(self, rows: pa.Table, lines: Any) -> pa.Table:
        if self._source.strip or self._source.nulls:
            rows = pa.table([self._value(column) for column in rows.columns], names=rows.column_names)
        return placed(rows, self._name, lines)

    def _value(self, column: Any) -> Any:
        bare = pc.utf8_trim_whitespace(column)
        kept = bare if self._source.strip else column
        if not self._source.nulls:
            return kept
        return pc.if_else(pc.is_in(bare, value_set=pa.array(self._source.nulls)), pa.scalar(None, pa.string()), kept)


def _joined(found: Records, whole: Any) -> bytes:
    """The bytes of the records that are whole, run by run."""
    if whole.all():
        return found.data
    edges = np.flatnonzero(np.diff(np.concatenate(([False], whole, [False])).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return b"".join(found.data[found.starts[first] : found.ends[after - 1]] for first, after in runs)


def _unreadable(found: Records, first: int) -> dict[int, str]:
    """Records that hold a NUL byte, which no text has."""
    if b"\0" not in found.data:
        return {}
    places = np.flatnonzero(np.frombuffer(found.data, np.uint8) == 0)
    indices = np.unique(np.searchsorted(found.starts, places, "right") - 1).tolist()
    return {index: "holds a NUL byte, which no text has" for index in indices if index >= first and index not in found.broken}


def _undecodable(found: Records, whole: Any) -> dict[int, str]:
    """Records whose bytes are no text in the file's encoding."""
    broken, position = {}, 0
    view = memoryview(found.data)  # of which a slice is no copy
    while position < len(view):
        try:
            str(view[position:], "utf-8")
            break
        except UnicodeDecodeError as error:
            index = int(np.searchsorted(found.starts, position + error.start, "right")) - 1
            position = int(found.ends[index])
            if whole[index]:
                broken[index] = "holds bytes that are no text in the file's encoding"
    return broken
