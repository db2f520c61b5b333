"""What a benchmark says: a table for people on standard error, one JSON document on standard output, where it ran."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]


def tell(title: str, rows: Sequence[Sequence[str]], notes: Sequence[str]) -> None:
    """A table, its first row the heading, first column to the left and the others to the right; then notes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [title, ""]
    for name, *values in rows:
        shown = (f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=True))
        lines.append("  ".join([f"{name:<{widths[0]}}", *shown]))
    print("\n".join([*lines, "", *notes]), file=sys.stderr)


def document(benchmark: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The findings, with the code and the machine they hold for."""
    return {
        "benchmark": benchmark,
        **found,
        "commit": commit(),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()},
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest."""
    return {"median": round(median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4)}


def commit() -> str:
    """The commit of this checkout, with `+changes` when tracked files differ from it."""
    found = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+changes"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip() or "unknown"


def processor() -> str:
    """The CPU's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def print_document(found: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    print(json.dumps(found, indent=2))
