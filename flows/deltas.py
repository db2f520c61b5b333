"""What a diff says of calibration, size and latency: figures without an interval, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rich.markup import escape
from rich.table import Table as Grid

from pipeline.errors import bounded

from .tables import grid_of

_NAMES = {
    "calibration": {"ece": "ECE", "smooth_ece": "smooth ECE", "brier": "Brier score", "log_loss": "log loss"},
    "size": {"parameters": "parameters", "bytes": "bytes"},
    "latency": {"p50_ms": "ms for one row, median", "p95_ms": "ms for one row, 95th percentile", "rows_per_second": "rows a second in batches"},
}  # fmt: skip

_WHOLE = 1000  # from here on, what follows the point says nothing
NOTE = "times are of one measurement in each run, whatever else the machine did then"


class Moved(NamedTuple):
    """One figure of one model. reason: why it cannot be compared; the figures are None then."""

    model: str
    name: str
    before: float | None
    after: float | None
    delta: float | None
    reason: str = ""


def moved(models: Mapping[str, Mapping[str, Any]]) -> Iterator[Moved]:
    """Of the models of a diff's facts; what a run does not have is left out."""
    for model, found in models.items():
        for group, names in _NAMES.items():
            told = found.get(group) or {}
            if told.get("status", "ok") != "ok":
                yield Moved(model, group, None, None, None, str(told.get("reason") or told["status"]))
                continue
            for name, words in names.items():
                if name in told:
                    yield Moved(model, words, *(told[name][key] for key in ("before", "after", "delta")))


def figure(value: float | None, *, signed: bool = False) -> str:
    """`1,340,562`, `0.081`; signed: with its sign."""
    if value is None:
        return ""
    sign, whole = "+" if signed else "", isinstance(value, int) or abs(value) >= _WHOLE
    return f"{value:{sign},.0f}" if whole else f"{value:{sign},.3f}"


def deltas_table(models: Mapping[str, Mapping[str, Any]]) -> Grid | None:
    """A row a figure that is another one; None where none is."""
    grid = grid_of("model", "figure", ">before", ">after", ">change", "")
    for one in moved(models):
        if one.delta or one.reason:
            figures = figure(one.before), figure(one.after), figure(one.delta, signed=True)
            grid.add_row(escape(bounded(one.model, 40)), one.name, *figures, escape(bounded(one.reason, 100)))
    if any(found.get("latency") for found in models.values()):
        grid.caption, grid.caption_justify = NOTE, "left"
    return grid if grid.row_count else None
