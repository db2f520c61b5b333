"""Header: whether the first line of a CSV file names its columns, each by another name."""

from __future__ import annotations

import csv
import io
import re

from pipeline.errors import bounded
from stages import CsvFile
from stages.ingest.dialect import Dialect, detected
from stages.ingest.encodings import utf8_blocks

from .look import Wanted
from .source import first_part

_SAMPLE = 2**18  # bytes that are looked at
_ROWS = 500
_PLACE = re.compile(r"(?:column_)?([1-9][0-9]{0,4})")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def with_names(source: CsvFile, wanted: Wanted) -> tuple[CsvFile, Wanted, str]:
    """The source, told its columns' names where the file does not; the wanted columns, told by them; and what was decided, in words.

    A column may be wanted by its place, `2` or `column_2`; where the first line then looks like any other row, it is one.
    """
    rows = _first(source)
    if not rows:
        return source, wanted, ""
    first = rows[0]
    places = {name: place for name in _named(wanted) if name not in first and (place := _place(name, len(first)))}
    if places and (_place(wanted.label, len(first)) is not None) and _is_row(rows, _place(wanted.label, len(first)) or 1):
        columns = tuple(f"column_{place}" for place in range(1, len(first) + 1))
        told = source.model_copy(update={"columns": columns})
        return told, _renamed(wanted, {name: f"column_{place}" for name, place in places.items()}), "the file has no header"
    names = unlike([name if name.strip() else f"column_{place}" for place, name in enumerate(first, 1)])
    wanted = _renamed(wanted, {name: names[place - 1] for name, place in places.items()})
    if len(set(filter(str.strip, first))) == len([name for name in first if name.strip()]):
        return source, wanted, ""
    twice = next(name for name in first if name.strip() and first.count(name) > 1)
    told = source.model_copy(update={"columns": tuple(names), "header": tuple(first)})
    return told, wanted, f"the header names {bounded(twice, 40)} twice, so that the flow names the columns"


def unlike(names: list[str]) -> list[str]:
    """The same names, a number added to those that came before: text, text_2."""
    found: dict[str, None] = {}
    given = set(names)
    for name in names:
        other, number = name, 2
        while other in found or (other != name and other in given):
            other, number = f"{name}_{number}", number + 1
        found[other] = None
    return list(found)


def _first(source: CsvFile) -> list[list[str]]:
    """The first rows of a file, split."""
    name = next(iter(source.state()))
    data = b""
    with first_part(source, name) as part:
        for block in utf8_blocks(part.stream, source.encoding, lambda _: None):
            data += block
            if len(data) >= _SAMPLE:
                break
    text = data[:_SAMPLE].decode("utf-8", "replace").replace("\0", "")
    found = detected(text, source.delimiter, source.quote, source.escape)
    reader = _reader(text, found)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row and len(rows) < _ROWS:
                rows.append(row)
    except csv.Error:
        pass  # what was read until then is enough, and the source says what is wrong
    if len(data) >= _SAMPLE:
        rows = rows[:-1]  # it may be cut off
    return rows


def _reader(text: str, dialect: Dialect) -> csv.Reader:  # type: ignore[name-defined]  # typeshed has it as _reader
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
    )


def _is_row(rows: list[list[str]], label: int) -> bool:
    """Whether the first row looks like those below: a number in it, or a label that comes again."""
    first, *others = rows
    numbers = any(_NUMBER.fullmatch(value) for value in first)
    again = len(first) >= label and any(len(row) >= label and row[label - 1] == first[label - 1] for row in others)
    return numbers or again


def _place(name: str, width: int) -> int | None:
    found = _PLACE.fullmatch(name)
    return int(found[1]) if found and int(found[1]) <= width else None


def _named(wanted: Wanted) -> list[str]:
    return [name for name in (wanted.text, wanted.label, wanted.group) if name is not None]


def _renamed(wanted: Wanted, names: dict[str, str]) -> Wanted:
    text, label = (names.get(name, name) for name in (wanted.text, wanted.label))
    return Wanted(text, label, None if wanted.group is None else names.get(wanted.group, wanted.group))
