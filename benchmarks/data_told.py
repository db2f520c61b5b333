"""The faults in a table: who caught which in which column, what was missed, and how often clean rows alarm."""

from __future__ import annotations

import sys
from typing import Any

from data_alarms import resamples
from data_faults import FAULTS
from data_files import FILE
from data_matrix import Cell, matrix
from data_table import COLUMNS
from result import tell

ALLOWED = 0.01  # of clean draws may alarm
SHORT = {
    "quarantined and blocked": "rows, block",
    "quarantined": "rows",
    "blocked": "block",
    "warned": "warn",
    "refused": "refuse",
    "no harm": "no harm",
    "": "MISSED",
}


def faults(seeds: int, draws: int) -> dict[str, Any]:
    """Print the matrix and the false alarms; every cell is in the document, with the rule that caught it."""
    cells = []
    for cell in matrix(seeds):
        cells.append(cell)
        if not cell.how:
            print(f"  MISSED: {cell.fault} in {cell.column}, seed {cell.seed}", file=sys.stderr, flush=True)
    missed = [cell for cell in cells if not cell.how]
    columns = (FILE, *COLUMNS)
    tell(
        f"{len(FAULTS)} kinds of fault by column, {seeds} seeds: {len(cells)} files through a pipeline",
        [("", *columns), *((fault.name, *(_shown(cells, fault.name, column) for column in columns)) for fault in FAULTS)],
        [
            "rows: the very rows were turned away, column named; block, warn: a check that names the column did; refuse: the file was",
            "no harm: read as the same rows; -: has no such fault",
            f"{len(cells) - len(missed)} of {len(cells)} were caught; target: all; {'MISSED' if missed else 'met'}",
            "",
        ],
    )
    alarms = []
    for number, alarm in enumerate(resamples(draws), 1):
        alarms += [alarm] if alarm else []
        if number % 100 == 0:
            print(f"  {number} of {draws} clean draws: {len(alarms)} alarmed", file=sys.stderr, flush=True)
    share = len(alarms) / max(draws, 1)
    verdict = "met" if share <= ALLOWED else "MISSED"
    print(f"{len(alarms)} of {draws} clean draws alarmed; target: at most {ALLOWED:.0%}; {verdict}", file=sys.stderr)
    return {
        "cells": [vars(cell) for cell in cells],
        "none": {fault.name: dict(fault.none) for fault in FAULTS if fault.none},
        "missed": len(missed),
        "draws": draws,
        "false_alarms": len(alarms),
        "alarms": alarms[:20],
    }


def _shown(cells: list[Cell], fault: str, column: str) -> str:
    """How it was caught with each seed, where they differ all of it."""
    hows = dict.fromkeys(SHORT[cell.how] for cell in cells if (cell.fault, cell.column) == (fault, column))
    return "/".join(hows) or "-"
