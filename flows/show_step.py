"""One step of a run: its outcome, its key, its checks and its quarantine."""

from __future__ import annotations

import json
import sys

from rich.markup import escape

from pipeline import LocalStore, UsageError
from pipeline.accept import what_is_gone
from pipeline.errors import bounded, suggest
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.record import RunRecord
from pipeline.stage import Port
from pipeline.table import Table

from .reasons import reasons
from .reports import report_views
from .show import console
from .tables import checks_table, let_pass, steps_table, troubles

_EXAMPLES = 5


def show_step(store: LocalStore, record: RunRecord, name: str, *, whole_key: bool, as_json: bool) -> None:
    """Print one step. Raises UsageError for a step that the run did not have."""
    step = record.step(name)
    if step is None:
        raise UsageError(f"run {record.run_id} has no step {name!r}; {suggest(name, [s.name for s in record.steps])}")
    action = store.action(step.key) if step.key else None
    if whole_key and step.key and action is None:
        raise UsageError(
            f"the action of step {name!r} of run {record.run_id} was collected by gc, or lost; its key was {step.key}"
        )
    if whole_key or as_json:
        found = {"key": step.key, "parts": action["parts"] if action else None}
        document = found if whole_key else step.model_dump(mode="json") | found
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    shown = console()
    shown.print(steps_table([step]))
    shown.print(checks_table([step]))
    for line in troubles([step], store):
        shown.print(line, style="red", markup=False)
    for line in let_pass([step]):
        shown.print(line, style="bold yellow", markup=False)
    for port, digest in step.outputs.items():
        shown.print(f"output {port}: {digest}")
    for view in report_views(store, step):
        shown.print(view)
    for line in what_is_gone(store, record, name):
        shown.print(line, style="yellow", markup=False)
        return
    if step.quarantine:
        counts, first = reasons(load(store, step.quarantine, Port("quarantine", Table, Quarantined)), _EXAMPLES)
        shown.print(f"\nquarantine: {counts.total():,} rows")
        for (column, rule), count in counts.most_common():
            shown.print(f"  {count:>8,}  {escape(rule)}")
            for row in first[column, rule]:
                broken = f"{column} {row['value']!r} in " if column else ""
                shown.print(f"            {escape(broken + bounded(row['row'], 110))}", style="dim")
