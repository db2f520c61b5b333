"""What is done to a file of `data_table.py`: each takes clean rows, a column and a draw, and gives the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from types import MappingProxyType

from data_table import COLUMNS, ROWS, SPLIT, Rows, clean_rows, today, words, written

FILE = "(file)"  # stands for the column of a fault that is in no column
HUGE = 5 * 2**20  # characters; CsvFile turns away records beyond 4 MiB


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
    return str(draw.randrange(10**6)) if column in ("id", "text", "label", "city") else "abc"


def out_of_range(value: str, column: str, draw: Random) -> str:
    return {"text": words(draw, 900, 1_000), "age": "340", "amount": "-5.00", "day": "1807-05-04"}[column]


def mojibake(value: str, column: str, draw: Random) -> str:
    return f"{value} café".encode().decode("latin-1") if column == "text" else "Zürich".encode().decode("latin-1")


def control(value: str, column: str, draw: Random) -> str:
    middle = len(value) // 2
    return value[:middle] + draw.choice(("\x1b", "\x08", "\x7f")) + value[middle:]


def duplicate_keys(rows: Rows, column: str, draw: Random) -> Injected:
    for at in range(0, 60, 2):
        rows[at]["id"] = rows[at + 1]["id"]
    return of_rows(rows, column)


def shifted(rows: Rows, column: str, draw: Random) -> Injected:
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
    other = COLUMNS[(COLUMNS.index(column) + 1) % len(COLUMNS)]
    bad = lines(rows, range(len(rows)))
    for row in rows:
        row[column], row[other] = row[other], row[column]
    return replace(of_rows(rows, column, other, bad=bad), least=0.9)


def truncated(rows: Rows, column: str, draw: Random) -> Injected:
    if column == FILE:  # between two records, so that nothing looks torn
        return of_rows(rows[: ROWS * 7 // 10], None)
    text = columns_last(rows[: ROWS * 7 // 10], column)
    width = len(rows[ROWS * 7 // 10 - 1][column])
    return Injected(text[: -1 - (width + 1) // 2].encode(), names=frozenset({column, None}))


def mixed_newlines(rows: Rows, column: str, draw: Random) -> Injected:
    lines = columns_last(rows, column).splitlines()
    return Injected("".join(line + draw.choice(("\n", "\r\n")) for line in lines).encode())


def huge(rows: Rows, column: str, draw: Random) -> Injected:
    at = draw.randrange(len(rows))
    bad = lines(rows, [at])
    rows[at][column] = "x" * HUGE
    return of_rows(rows, column, None, bad=bad)


def ragged(rows: Rows, column: str, draw: Random) -> Injected:
    chosen = set(draw.sample(range(len(rows)), 30))
    short = tuple(name for name in COLUMNS if name != column)
    whole, without = written(rows).splitlines(), written([{n: r[n] for n in short} for r in rows], short).splitlines()
    data = "\n".join(without[at] if at - 1 in chosen else line for at, line in enumerate(whole)) + "\n"
    return Injected(data.encode(), lines(rows, chosen), frozenset({column, None}))


def flipped(rows: Rows, column: str, draw: Random) -> Injected:
    for row in rows:
        if row["label"] == "good" and draw.random() < 0.3:
            row["label"] = "bad"
    return of_rows(rows, column)


def leaked(rows: Rows, column: str, draw: Random) -> Injected:
    """Copies of training rows among the test rows; in a column other than text, another value of that column."""
    copies = copies_of(rows, draw)
    for copy in copies:
        if column not in (FILE, "id"):
            copy[column] = draw.choice([row[column] for row in rows if row[column] != copy[column]])
    return of_rows(rows + copies, "text", None)


def nearly_repeated(rows: Rows, column: str, draw: Random) -> Injected:
    copies = copies_of(rows, draw)
    for copy in copies:
        copy["text"] = " ".join(["xylem", *copy["text"].split()[1:]])
    return of_rows(rows + copies, column)


def copies_of(rows: Rows, draw: Random) -> Rows:
    learnt = [row for row in rows if SPLIT.part(row["id"]) == "train" and len(row["text"]) > 150]
    copies = [dict(row) for row in draw.sample(learnt, 5)]
    for copy in copies:
        while SPLIT.part(copy["id"]) != "test":
            copy["id"] = f"r{draw.randrange(90_100_000, 10**8):08}"
    return copies


def scaled(rows: Rows, column: str, draw: Random) -> Injected:
    bad = lines(rows, (at for at, row in enumerate(rows) if row[column]))
    for row in rows:
        row[column] = row[column] and (f"{float(row[column]) * 1000:.2f}" if column == "amount" else f"{row[column]}000")
    return replace(of_rows(rows, column, bad=bad), least=0.9)


def constant(rows: Rows, column: str, draw: Random) -> Injected:
    value = next(row[column] for row in rows if row[column])
    for row in rows:
        row[column] = value
    return of_rows(rows, column)


def reordered(rows: Rows, column: str, draw: Random) -> Injected:
    rows = rows[::-1] if column == "id" else sorted(rows, key=lambda row: row[column])
    return of_rows(rows, column, None)


def columns_last(rows: Rows, column: str) -> str:
    order = [*(name for name in COLUMNS if name != column), *([] if column == FILE else [column])]
    return written(rows, order)


def bom(rows: Rows, column: str, draw: Random) -> Injected:
    order = [*([] if column == FILE else [column]), *(name for name in COLUMNS if name != column)]
    return Injected(written(rows, order).encode("utf-8-sig"))


def tenfold(rows: Rows, column: str, draw: Random) -> Injected:
    """Ten times the rows, each well-formed and new."""
    return of_rows(clean_rows(draw.randrange(10**6), 10 * ROWS), None)
