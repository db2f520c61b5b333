"""Data that has proved itself: how fast, which faults are caught in which column, and whether every row is accounted for.

    python benchmarks/data.py [--only speed|memory|faults|rows] [--runs N] [--seeds N] [--draws N] [--pipelines N] [--json]

speed: a million rows.  memory: 1 and 10 million rows; takes minutes, so it runs only when named.  faults: so many seeds, and so many draws of
clean rows for false alarms.  rows: so many random pipelines on dirty files.  Leaves with 1 when a fault is missed or a row is lost.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from data_rows import rows
from data_speed import memory, speed
from data_told import faults
from result import document, print_document

SLOW = ("memory",)


def main() -> None:
    """Measure what was asked for, or all that is quick."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("speed", "memory", "faults", "rows"), help="one part; memory takes minutes")
    parser.add_argument("--runs", type=int, default=3, help="of each program, in turn; medians are told")
    parser.add_argument("--seeds", type=int, default=3, help="of the faults")
    parser.add_argument("--draws", type=int, default=500, help="of clean rows, for false alarms")
    parser.add_argument("--pipelines", type=int, default=100, help="drawn at random, each run twice")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "speed": lambda: speed(options.runs),
        "memory": memory,
        "faults": lambda: faults(options.seeds, options.draws),
        "rows": lambda: rows(options.pipelines),
    }
    chosen = (options.only,) if options.only else tuple(name for name in parts if name not in SLOW)
    print(f"load at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", file=sys.stderr)
    found = {name: parts[name]() for name in chosen}
    print(f"load at the end: {os.getloadavg()[0]:.1f}", file=sys.stderr)
    if options.json:
        print_document(document("data", {**found, "load": os.getloadavg()}))
    missed = found.get("faults", {})
    if missed.get("missed") or missed.get("false_alarms", 0) > 0.01 * missed.get("draws", 0):
        sys.exit(1)


if __name__ == "__main__":
    main()
