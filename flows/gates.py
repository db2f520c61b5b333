"""What people see of gates: a table with the bound that decided, and a line for each that is not met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table as Grid

from pipeline import GateOutcome
from pipeline.errors import bounded

from .tables import grid_of

_STYLE = {"passed": "green", "failed": "bold red", "not evaluated": "bold yellow"}


def gates_table(outcomes: Sequence[GateOutcome]) -> Grid:
    """A row a gate and slice. The slices on which a gate passed are one row, with the one that came nearest to failing."""
    grid = grid_of("gate", "of", "on", ">rows", ">bound", "required", "outcome")
    for outcome in outcomes:
        if not outcome.slice or not outcome.passed:
            _row(grid, outcome, outcome.slice or "all rows")
        else:
            alike = [one for one in outcomes if one.slice and one.passed and _asked(one) == _asked(outcome)]
            nearest = min(alike, key=_slack)
            if outcome is alike[0]:
                _row(grid, nearest, f"{len(alike)} slices, nearest: {nearest.slice}" if len(alike) > 1 else nearest.slice)
    return grid


def unmet(outcomes: Iterable[GateOutcome]) -> Iterable[str]:
    """One line for each gate that failed or was not evaluated: which, on what, and the bound that decided."""
    return (str(one) for one in outcomes if not one.passed)


def _row(grid: Grid, one: GateOutcome, on: str) -> None:
    outcome = f"[{_STYLE[one.status]}]{one.status}[/]" + (f" {escape(bounded(one.reason, 70))}" if one.reason else "")
    bound = f"{one.bound:.4f}" if one.bound is not None else "none"
    grid.add_row(escape(one.gate), escape(one.model), escape(bounded(on, 60)), f"{one.n:,}", bound, one.asked, outcome)


def _asked(outcome: GateOutcome) -> tuple[str, str, float]:
    return outcome.gate, outcome.model, outcome.required


def _slack(outcome: GateOutcome) -> float:
    return abs(outcome.bound - outcome.required) if outcome.bound is not None else 0.0
