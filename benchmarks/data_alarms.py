"""False alarms: clean rows drawn anew, judged by every check of the pipeline against the champion's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from data_table import CLEAN, DRIFT, KNOWN, LEAKAGE, ONE_LABEL, ROWS, SPLIT, Review, SplitReview, clean_rows

from pipeline import Check, Finding, Table

CHAMPION = 4_000_000  # seeds of draws start here, beyond those of the matrix


def resamples(count: int) -> Iterator[list[str]]:
    """Of each draw, what alarmed: rows turned away, and findings that did not pass, those that only warn included.

    A draw has 3,000 rows give or take 5%, by its seed.
    """
    before = ingested(CHAMPION)[0]
    for number in range(1, count + 1):
        seed = CHAMPION + number
        raw, away = ingested(seed, ROWS + seed * 7 % 301 - 150)
        cleaned = CLEAN.map(raw)
        split = SPLIT.map(cleaned)
        parts, refused = SplitReview.sift(split.read())
        alarms = [
            f"turned away: {rule}" for rows in (*away, *cleaned.turned_away, refused) for rule in rows["rule"].to_pylist()
        ]
        judged = (
            (Review.contract(), raw), (KNOWN, raw), (DRIFT, raw),
            (SplitReview.contract(), split), (LEAKAGE, split), (ONE_LABEL, Table.of(SplitReview, parts)),
        )  # fmt: skip
        for check, table in judged:
            alarms += [f"{check.name}: {finding}" for finding in failing(check, table, before)]
        if alarms:
            print(f"  draw {number}: {'; '.join(alarms)}", file=sys.stderr)
        yield alarms


def ingested(seed: int, count: int = ROWS) -> tuple[Table[Any], list[Any]]:
    """A draw as the first step gives it, and what its contract turns away."""
    import pyarrow as pa

    kept, away = Review.sift(pa.Table.from_pylist(clean_rows(seed, count)))
    return Table.of(Review, kept), [away]


def failing(check: Check, table: Table[Any], before: Table[Any]) -> list[Finding]:
    """What does not pass."""
    return [f for f in check.conclude("", check.judged(table, before)).findings if not f.passed]
