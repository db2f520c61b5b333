"""The command `diff`: two runs, what was changed between them, and what came of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from pipeline import Diff, LocalStore, UsageError
from pipeline.difference import difference
from pipeline.errors import bounded
from pipeline.record import Difference, RunRecord, load_run

from .accept import accepted, accepted_lines
from .deltas import deltas_table
from .gates import unmet
from .hints import command
from .load import load_pipeline
from .show import console
from .tables import STYLE, comparisons_table, grid_of, let_pass

_LINES = 5  # of what changed in one step: code that many stages reach changes hundreds of pieces at once


def two_runs(store: LocalStore, before: str | None, after: str | None) -> tuple[RunRecord, RunRecord]:
    """The earlier and the later one that are meant. Raises UsageError."""
    ids = store.run_ids()
    if not ids:
        raise UsageError(f"no runs in {store.root}; next: {command(store, 'run', 'docstrings')}")
    newer = load_run(store, after or before or ids[-1])
    earlier = before if after else store.ref(newer.pipeline, "champion")
    if earlier is None:
        raise UsageError(f"pipeline {newer.pipeline!r} has no champion yet; name two runs, or accept one")
    older = load_run(store, earlier)
    if older.pipeline != newer.pipeline:
        raise UsageError(
            f"run {older.run_id} is of {older.pipeline!r}, {newer.run_id} of {newer.pipeline!r}; expected the same"
        )
    return older, newer


def show_diff(store: LocalStore, before: str | None, after: str | None, to: Path | None, *, as_json: bool) -> None:
    """Print it, or the artifact as JSON; with a folder, write the artifact with its rows there."""
    older, newer = two_runs(store, before, after)
    found = difference(load_pipeline(newer.origin or newer.pipeline).set(newer.settings), store, older, newer)
    if to is not None:
        found.save(to)
    told = Difference(
        against=older.run_id, verdict=found.facts["verdict"], details=_details(found), note=_note(found, older, newer)
    )
    changed = found.facts["changed"]["steps"]
    if as_json:
        both = {"before": older, "after": newer}
        document = {
            **found.facts,
            "changes": changed,
            "overrides": {name: one.overrides for name, one in both.items()},
            "accepted": {name: [a.model_dump(mode="json") for a in accepted(store, one)] for name, one in both.items()},
            "details": told.details,
            "note": told.note,
        }
        json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    console().print(diff_view(told, changed, found.facts["models"], older, newer, store))
    if to is not None:
        print(f"the diff and its rows are in {to}")


def _details(found: Diff) -> tuple[dict[str, Any], ...]:
    """A line a model and metric, as records have them."""
    return tuple(
        {"model": name, "metric": metric, "value": measured["after"], "other": measured["before"], **measured}
        for name, model in found.facts["models"].items()
        for metric, measured in model["metrics"].items()
        if measured["status"] == "ok"
    )


def _note(found: Diff, before: RunRecord, after: RunRecord) -> str:
    if {one.name: one.outputs for one in before.steps} == {one.name: one.outputs for one in after.steps}:
        return "the same outputs, to the byte"
    comparable = found.facts["comparable"]
    told = "; ".join(comparable["reasons"])
    return f"not comparable: {told}" if comparable["status"] == "no" else told


def diff_view(
    found: Difference,
    changes: Mapping[str, str],
    models: Mapping[str, Mapping[str, Any]],
    older: RunRecord,
    newer: RunRecord,
    store: LocalStore,
) -> RenderableType:
    """Which of two runs is better; then what was let pass in either, by which acceptance, what changed, and by how much.

    models: of the diff's facts.
    """
    before, after = str(older.run_id), str(newer.run_id)
    if found.verdict:
        spoken = Text.assemble(f"{after} is ", (found.verdict, STYLE[found.verdict]), f" against {before}")
    else:
        spoken = Text.assemble(("no verdict", "yellow"), f" on {after} against {before}")
    if found.note:
        spoken.append(f" ({found.note})")
    parts: list[RenderableType] = [spoken]
    parts += [
        Text(f"run {run.run_id}: {line}", style="bold yellow")
        for run in (older, newer)
        for line in (*let_pass(run.steps), *unmet(run.gates), *accepted_lines(accepted(store, run)))
    ]
    grid = grid_of("step", "what changed")
    for step, line in changes.items():
        grid.add_row(step, escape("\n".join(some_of(line))))
    parts += [grid if changes else Text("no step changed")]
    if found.details:
        parts += [comparisons_table(found.details, against="before", main=newer.main)]
    figures = deltas_table(models)
    parts += [figures] if figures else []
    return Group(*parts)


def some_of(line: str) -> list[str]:
    """The changes of one step, one a line: all, or the first of them and how many more there are."""
    every = line.split("; ")
    shown = every if len(every) <= _LINES else every[: _LINES - 1]
    left = len(every) - len(shown)
    return [bounded(change, 110) for change in shown] + ([f"… and {left:,} more"] if left else [])
