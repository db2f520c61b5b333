"""Faults of values: each takes clean rows, a column and a draw, and gives the file with the fault in that column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from types import MappingProxyType

from data_table import COLUMNS, Rows, today, words, written


@dataclass(frozen=True)
class Injected:
    """data: the file.  bad: line -> id of each row that is itself wrong.  names: the columns that may be named; None is the table.

    least: the share of the bad rows that must be turned away, all by default.
    """

    data: bytes
    bad: Mapping[int, str] = field(default_factory=dict)
    names: frozenset[str | None] = frozenset()
    least: float = 1.0


def some(change: Callable[[str, str, Random], str], share: float = 0.05) -> Callable[[Rows, str, Random], Injected]:
    """A fault of some rows: their values changed one by one, by (value, column, draw)."""

    def inject(rows: Rows, column: str, draw: Random) -> Injected:
        chosen = draw.sample(range(len(rows)), round(len(rows) * share))
        bad = lines(rows, chosen)
        for at in chosen:
            rows[at][column] = change(rows[at][column], column, draw)
        return of_rows(rows, column, bad=bad)

    return inject


def lines(rows: Rows, chosen: Iterable[int]) -> dict[int, str]:
    """Line -> id of rows by their positions: the header is line 1, and no value spans lines."""
    return {at + 2: rows[at]["id"] for at in chosen}


def of_rows(rows: Rows, *names: str | None, bad: Mapping[int, str] = MappingProxyType({})) -> Injected:
    """The rows as a file."""
    return Injected(written(rows).encode(), bad, frozenset(names))


def nulls(rows: Rows, column: str, draw: Random) -> Injected:
    """No value in some rows; an age may be missing, so that only more of them are a fault."""
    found = some(lambda *_: "", 0.25 if column == "age" else 0.05)(rows, column, draw)
    return replace(found, bad={}) if column == "age" else found


def wrong_type(value: str, column: str, draw: Random) -> str:
    """Digits where text is expected, letters elsewhere."""
    return str(draw.randrange(10**6)) if column in ("id", "text", "label", "city") else "abc"


def out_of_range(value: str, column: str, draw: Random) -> str:
    """Below or above what the contract allows."""
    return {"text": words(draw, 900, 1_000), "age": "340", "amount": "-5.00", "day": "1807-05-04"}[column]


def mojibake(value: str, column: str, draw: Random) -> str:
    """UTF-8 that was read as Latin-1."""
    return f"{value} café".encode().decode("latin-1") if column == "text" else "Zürich".encode().decode("latin-1")


def control(value: str, column: str, draw: Random) -> str:
    """A control character in the middle."""
    middle = len(value) // 2
    return value[:middle] + draw.choice(("\x1b", "\x08", "\x7f")) + value[middle:]


def duplicate_keys(rows: Rows, column: str, draw: Random) -> Injected:
    """Thirty ids that stand twice."""
    for at in range(0, 60, 2):
        rows[at]["id"] = rows[at + 1]["id"]
    return of_rows(rows, column)


def shifted(rows: Rows, column: str, draw: Random) -> Injected:
    """Values well within their range, but spread otherwise."""
    for row in rows:
        value = row[column]
        if column == "age":
            row[column] = value and str(min(int(value) + 6, 110))
        elif column == "amount":
            row[column] = f"{float(value) * 1.5:.2f}"
        elif column == "day":
            row[column] = str(today() - timedelta(days=1 + int((today() - date.fromisoformat(value)).days * 0.7)))
        elif draw.random() < 0.3:
            common = {"text": "xylem quartz jumps", "label": "bad", "city": "Kraków", "flag": "true"}[column]
            row[column] = f"{value} {common}" if column == "text" else common
    return of_rows(rows, column)


def swapped(rows: Rows, column: str, draw: Random) -> Injected:
    """Two columns that stand under each other's names."""
    other = COLUMNS[(COLUMNS.index(column) + 1) % len(COLUMNS)]
    bad = lines(rows, range(len(rows)))
    for row in rows:
        row[column], row[other] = row[other], row[column]
    return replace(of_rows(rows, column, other, bad=bad), least=0.9)


def flipped(rows: Rows, column: str, draw: Random) -> Injected:
    """Three tenths of one class under another's label."""
    for row in rows:
        if row["label"] == "good" and draw.random() < 0.3:
            row["label"] = "bad"
    return of_rows(rows, column)


def scaled(rows: Rows, column: str, draw: Random) -> Injected:
    """All values a thousand times as large: cents, or days."""
    bad = lines(rows, (at for at, row in enumerate(rows) if row[column]))
    for row in rows:
        row[column] = row[column] and (f"{float(row[column]) * 1000:.2f}" if column == "amount" else f"{row[column]}000")
    return replace(of_rows(rows, column, bad=bad), least=0.9)


def constant(rows: Rows, column: str, draw: Random) -> Injected:
    """One value in all rows."""
    value = next(row[column] for row in rows if row[column])
    for row in rows:
        row[column] = value
    return of_rows(rows, column)
