"""What a suite costs: nine expectations on a million rows, and the same rules written by hand with pyarrow.compute.

    python benchmarks/data_suite.py [--rows N] [--runs N] [--json]

Both read one table in memory, in turn, in this process; the import of Great Expectations comes before.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

sys.path.append(str(Path(__file__).parents[1]))
from result import document, print_document, spread, tell

from pipeline import Table
from schemas import Between, InSet, Lengths, Matches, NotNull, Record, RowCount, Suite, Unique

TARGET = 1.5
LABELS = ("ham", "spam", "other")
SUITE = Suite(
    name="suite",
    expectations=(
        RowCount(min_value=1),
        NotNull(column="id"),
        Unique(column="id"),
        Lengths(column="text", min_value=3, max_value=500),
        Matches(column="text", pattern="[a-z]"),
        InSet(column="label", values=LABELS),
        Between(column="count", min_value=0, max_value=99),
        Between(column="score", min_value=0, max_value=1),
        Between(column="day", min_value=date(2000, 1, 1)),
    ),
)


class Row(Record):
    """A message."""

    id: str
    text: str
    label: str
    count: int
    score: float
    day: date


def measure(rows: int = 1_000_000, runs: int = 5) -> dict[str, Any]:
    """Seconds of both, in turn, and the ratio of their medians."""
    table = Table(Row, (_rows(rows),), digest="0" * 64)
    ways: dict[str, Callable[[pa.Table], int]] = {"by hand": _by_hand, "suite": lambda _: _failed(table)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            if failed := way(table.fragments[0]):
                sys.exit(f"{name}: {failed} values failed, expected none")
            if run:  # the first imports Great Expectations and touches the memory
                seconds[name].append(time.perf_counter() - start)
    ratio = median(seconds["suite"]) / median(seconds["by hand"])
    return {
        "rows": rows,
        "expectations": len(SUITE.expectations),
        "seconds": {name: spread(times) for name, times in seconds.items()},
        "ratio": round(ratio, 3),
        "target": TARGET,
        "met": ratio <= TARGET,
    }


def _failed(table: Table[Row]) -> int:
    return sum(finding.failed for finding in SUITE.receipt(table).findings)


def _by_hand(rows: pa.Table) -> int:
    """How many values break one of the nine rules."""
    lengths = pc.utf8_length(rows["text"])
    held = [
        pc.and_(pc.greater_equal(lengths, 3), pc.less_equal(lengths, 500)),
        pc.match_substring_regex(rows["text"], "[a-z]"),
        pc.is_in(rows["label"], value_set=pa.array(LABELS)),
        pc.and_(pc.greater_equal(rows["count"], 0), pc.less_equal(rows["count"], 99)),
        pc.and_(pc.greater_equal(rows["score"], 0), pc.less_equal(rows["score"], 1)),
        pc.greater_equal(rows["day"], pa.scalar(date(2000, 1, 1))),
    ]
    broken = sum(rows.num_rows - pc.sum(holds).as_py() for holds in held)
    repeated = rows.num_rows - pc.count_distinct(rows["id"]).as_py()
    return int(broken + repeated + rows["id"].null_count + (rows.num_rows < 1))


def _rows(count: int) -> pa.Table:
    draw = random.Random(0)  # noqa: S311  # rows to look at, no secrets
    words = ["call", "me", "when", "you", "win", "a", "prize", "tonight", "ok", "later"]
    texts = [" ".join(draw.choices(words, k=12)) for _ in range(10_000)]
    return pa.table(
        {
            "id": [f"row-{number:09d}" for number in range(count)],
            "text": [f"{number} {draw.choice(texts)}" for number in range(count)],
            "label": draw.choices(LABELS, k=count),
            "count": pa.array([draw.randrange(100) for _ in range(count)], pa.int64()),
            "score": [draw.random() for _ in range(count)],
            "day": pa.array([draw.randrange(15_000, 20_000) for _ in range(count)], pa.int32()).cast(pa.date32()),
        }
    )


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each, in turn")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    found = measure(options.rows, options.runs)
    lines = [("", "median s", "min s", "max s")]
    lines += [(name, *(f"{times[word]:.3f}" for word in ("median", "min", "max"))) for name, times in found["seconds"].items()]
    verdict = f"suite / by hand: {found['ratio']:.2f}, expected at most {TARGET}: {'met' if found['met'] else 'not met'}"
    tell(f"{found['expectations']} expectations on {found['rows']:,} rows", lines, (verdict,))
    if options.json:
        print_document(document("data_suite", found))


if __name__ == "__main__":
    main()
