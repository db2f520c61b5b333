"""What people see of a run."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from pipeline import LocalStore
from pipeline.latency import reports
from pipeline.record import RunRecord

from .accept import accepted, accepted_lines
from .gates import gates_table
from .hints import next_command
from .reports import speed_table
from .tables import STYLE, comparisons_table, let_pass, metrics_table, steps_table, troubles, warned


def console() -> Console:
    """Where people read; wide enough for a whole table where no terminal says how wide it is."""
    found = Console(highlight=False, soft_wrap=True)
    return found if found.is_terminal else Console(highlight=False, soft_wrap=True, width=max(found.width, 150))


def run_view(record: RunRecord, store: LocalStore) -> RenderableType:
    """A whole run: steps, what went wrong, metrics, verdict, and the next useful command."""
    champion = store.ref(record.pipeline, "champion")
    parts: list[RenderableType] = [steps_table(record.steps)]
    parts += [Text(line, style="red") for line in troubles(record.steps, store, record.run_id)]
    parts += [Text(line, style="bold yellow") for line in let_pass(record.steps)]
    parts += [Text(line, style="yellow") for line in warned(record.steps)]
    if record.metrics:
        parts += [metrics_table(record.metrics, record.main)]
    if record.comparisons:
        parts += [comparisons_table(record.comparisons, main=record.main)]
    parts += [Text(line, style="bold") for line in record.keep]
    parts += [speed_table(facts) for facts in reports(store, record.steps, "speed")]
    if record.diff.details:
        parts += [comparisons_table(record.diff.details, against="champion's", main=record.main)]
    if record.gates:
        parts += [gates_table(record.gates)]
    parts += [Text(line, style="bold yellow") for line in accepted_lines(accepted(store, record))]
    parts += [verdict_line(record, champion), Text(f"next: {next_command(record, store)}", style="dim")]
    return Group(*parts)


def verdict_line(record: RunRecord, champion: str | None) -> Text:
    """The run in one line: its id, its outcome, and how it stands against the champion."""
    line = Text.assemble((f"{record.pipeline} ", "bold"), (record.status, STYLE.get(record.status, "bold red")))
    line.append(f" in {record.seconds:,.1f} s · run {record.run_id}")
    if record.run_id == champion:
        line.append(" · the champion")
    elif record.diff.verdict:
        line.append(" · ").append(record.diff.verdict, STYLE[record.diff.verdict])
        line.append(f" against the champion {record.diff.against}")
    if record.diff.note:
        line.append(f" ({record.diff.note})")
    if record.unmet:
        line.append(f" · {len(record.unmet)} of {len(record.gates)} gates not met", "bold red")
    if record.overrides:
        line.append(f" · overridden: {', '.join(record.overrides)}", "bold yellow")
    return line
