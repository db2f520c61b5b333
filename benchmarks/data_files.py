"""Faults of records and files: each takes clean rows, a column and a draw, and gives the file."""

from __future__ import annotations

from random import Random

from data_table import COLUMNS, ROWS, SPLIT, Rows, clean_rows, written
from data_values import Injected, lines, of_rows

FILE = "(file)"  # stands for the column of a fault that is in no column
HUGE = 5 * 2**20  # characters; CsvFile turns away records beyond 4 MiB


def truncated(rows: Rows, column: str, draw: Random) -> Injected:
    """The last three tenths lost: in the middle of a value, or between two rows."""
    if column == FILE:  # between two records, so that nothing looks torn
        return of_rows(rows[: ROWS * 7 // 10], None)
    text = columns_last(rows[: ROWS * 7 // 10], column)
    width = len(rows[ROWS * 7 // 10 - 1][column])
    return Injected(text[: -1 - (width + 1) // 2].encode(), names=frozenset({column, None}))


def columns_last(rows: Rows, column: str) -> str:
    """The file with the column last."""
    order = [*(name for name in COLUMNS if name != column), *([] if column == FILE else [column])]
    return written(rows, order)


def mixed_newlines(rows: Rows, column: str, draw: Random) -> Injected:
    """Lines that end in one way or another; the column last, where its values meet the ends."""
    ended = columns_last(rows, column).splitlines()
    return Injected("".join(line + draw.choice(("\n", "\r\n", "\r")) for line in ended).encode())


def bom(rows: Rows, column: str, draw: Random) -> Injected:
    """A byte order mark; the column first, where its name meets it."""
    order = [*([] if column == FILE else [column]), *(name for name in COLUMNS if name != column)]
    return Injected(written(rows, order).encode("utf-8-sig"))


def huge(rows: Rows, column: str, draw: Random) -> Injected:
    """One value of 5 MiB."""
    at = draw.randrange(len(rows))
    bad = lines(rows, [at])
    rows[at][column] = "x" * HUGE
    return of_rows(rows, column, None, bad=bad)


def ragged(rows: Rows, column: str, draw: Random) -> Injected:
    """Thirty rows that lack a value."""
    chosen = set(draw.sample(range(len(rows)), 30))
    short = tuple(name for name in COLUMNS if name != column)
    whole, without = written(rows).splitlines(), written([{n: r[n] for n in short} for r in rows], short).splitlines()
    data = "\n".join(without[at] if at - 1 in chosen else line for at, line in enumerate(whole)) + "\n"
    return Injected(data.encode(), lines(rows, chosen), frozenset({column, None}))


def leaked(rows: Rows, column: str, draw: Random) -> Injected:
    """Copies of training rows among the test rows; in a column other than text, another value of that column."""
    copies = copies_of(rows, draw)
    for copy in copies:
        if column not in (FILE, "id"):
            copy[column] = draw.choice([row[column] for row in rows if row[column] != copy[column]])
    return of_rows(rows + copies, "text", None)


def nearly_repeated(rows: Rows, column: str, draw: Random) -> Injected:
    """Training texts among the test rows, with another first word."""
    copies = copies_of(rows, draw)
    for copy in copies:
        copy["text"] = " ".join(["xylem", *copy["text"].split()[1:]])
    return of_rows(rows + copies, column)


def copies_of(rows: Rows, draw: Random) -> Rows:
    """Five training rows with ids that belong to the test rows."""
    learnt = [row for row in rows if SPLIT.part(row["id"]) == "train" and len(row["text"]) > 150]
    copies = [dict(row) for row in draw.sample(learnt, 5)]
    for copy in copies:
        while SPLIT.part(copy["id"]) != "test":
            copy["id"] = f"r{draw.randrange(90_100_000, 10**8):08}"
    return copies


def reordered(rows: Rows, column: str, draw: Random) -> Injected:
    """Rows sorted by the column; ids, which were sorted, the other way round."""
    rows = rows[::-1] if column == "id" else sorted(rows, key=lambda row: row[column])
    return of_rows(rows, column, None)


def tenfold(rows: Rows, column: str, draw: Random) -> Injected:
    """Ten times the rows, each well-formed and new."""
    return of_rows(clean_rows(draw.randrange(10**6), 10 * ROWS), None)
