"""What people see of a step's Report: how a training went, how fast models are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from pipeline import LocalStore
from pipeline.errors import bounded
from pipeline.latency import reports
from pipeline.record import Outcome

from .tables import grid_of

_ENOUGH = 20  # calls, to say what one in twenty takes


def report_views(store: LocalStore, step: Outcome) -> Iterator[RenderableType]:
    """Each Report of one step."""
    for facts in reports(store, [step], "training"):
        yield from _training_view(facts)
    for facts in reports(store, [step], "speed"):
        yield speed_table(facts)


def _training_view(facts: Mapping[str, Any]) -> Iterator[Text]:
    """The best epoch, and what was found on the way: what is wrong in full, the rest as a count."""
    best: Mapping[str, float] = next((one for one in facts["epochs"] if one["epoch"] == facts["best_epoch"]), {})
    measured = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in best.items() if name != "epoch")
    early = f"; stopped early, {facts['at_most']} were allowed" if len(facts["epochs"]) < facts["at_most"] else ""
    yield Text(f"\nbest epoch by {facts['metric']}: {facts['best_epoch']} of {len(facts['epochs'])} ({measured}){early}")
    bad = [one for one in facts["findings"] if not one["ok"]]
    fine = [one["check"] for one in facts["findings"] if one["ok"]]
    yield Text(f"training: {facts['steps']:,} steps; as expected: {', '.join(fine) or 'nothing'}")
    for one in bad:
        where = f"epoch {one['epoch']}: " if one["epoch"] else ""
        yield Text(
            f"look at: {where}{one['check']}: found {bounded(one['found'], 160)}, expected {one['expected']}", style="yellow"
        )


def speed_table(facts: Mapping[str, Any]) -> RenderableType:
    """A row a model: how large it is, how long it takes."""
    machine = facts["machine"]
    rows = f">rows/s at {facts['batch']}"
    grid = grid_of("model", ">parameters", ">bytes", ">ms at 1, p50", ">p95", rows, ">s to load")
    models: Mapping[str, Any] = facts["models"]
    for name in [*facts.get("order", ()), *(name for name in models if name not in facts.get("order", ()))]:
        one = models[name]
        parameters = f"{one['parameters']:,}" if one["parameters"] is not None else ""
        times = (
            f"{one['p50_ms']:,.2f}",
            f"{one['p95_ms']:,.2f}" if one["calls"] >= _ENOUGH else "",
            f"{one['rows_per_second']:,.0f}",
            f"{one['load_seconds']:.2f}",
        )
        grid.add_row(name, parameters, f"{one['bytes']:,}", *times)
    grid.caption = (
        f"{machine['processor']}, {machine['cores']} cores, {facts['threads']} thread{'s' if facts['threads'] > 1 else ''}"
    )
    grid.caption_justify = "left"
    return grid
