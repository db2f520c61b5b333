"""What people see: tables of plans, runs and comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from pipeline.check import Receipt
from pipeline.errors import bounded
from pipeline.record import Difference, Outcome, RunRecord

from .markdown import interval

_STYLE = {
    "ran": "green",
    "reused": "dim",
    "blocked": "bold red",
    "failed": "bold red",
    "skipped": "yellow",
    "done": "green",
    "up-to-date": "green",
    "better": "bold green",
    "worse": "bold red",
    "equivalent": "cyan",
    "undecided": "yellow",
}


def console(*, to_errors: bool) -> Console:
    """Where people read: standard output, or standard error when a document has the other."""
    found = Console(stderr=to_errors, highlight=False, soft_wrap=True)
    return (
        found if found.is_terminal else Console(stderr=to_errors, highlight=False, soft_wrap=True, width=max(found.width, 150))
    )


def run_view(record: RunRecord, champion: str | None) -> RenderableType:
    """A whole run: steps, what went wrong, metrics, verdict, and the next useful command."""
    parts: list[RenderableType] = [steps_table(record.steps)]
    parts += [Text(line, style="red") for line in troubles(record.steps)]
    if record.metrics:
        parts += [metrics_table(record.metrics)]
    if record.comparisons:
        parts += [comparisons_table(record.comparisons)]
    if record.diff.details:
        parts += [comparisons_table(record.diff.details, against="champion's")]
    parts += [verdict_line(record, champion), Text(f"next: {next_command(record, champion)}", style="dim")]
    return Group(*parts)


def steps_table(steps: Sequence[Outcome]) -> Grid:
    """A row a step: what happened, why, how long, on how many rows."""
    grid = _grid("step", "status", "why", ">seconds", ">rows in", ">rows out", ">quarantined")
    for step in steps:
        grid.add_row(
            step.name,
            _styled(step.status),
            escape(_first(step.why)),
            f"{step.seconds:,.1f}" if step.status in ("ran", "failed", "blocked") else "",
            *(f"{n:,}" if n is not None else "" for n in (step.rows_in, step.rows_out, step.rows_quarantined)),
        )
    return grid


def troubles(steps: Sequence[Outcome]) -> Iterable[str]:
    """One line for each failure: the stage's, or each rule of a check that blocked."""
    for step in steps:
        if step.error:
            yield step.error
        elif step.status == "blocked":
            yield from (f"step {step.name!r} is blocked: {line}" for receipt in step.receipts for line in failures(receipt))


def failures(receipt: Receipt) -> Iterable[str]:
    """The findings of a receipt that block, in words."""
    return (f"check {receipt.check!r}: {finding}" for finding in receipt.failures)


def metrics_table(metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Grid:
    """A row a model, each metric with its 95% interval."""
    names = list(dict.fromkeys(name for found in metrics.values() for name in found))
    grid = _grid("model", *(f">{name} [95%]" for name in names))
    for model, found in metrics.items():
        grid.add_row(model, *(escape(interval(found[name])) if name in found else "" for name in names))
    return grid


def comparisons_table(comparisons: Sequence[Mapping[str, Any]], against: str = "") -> Grid:
    """A row a pair of models, in each metric's column the paired difference with its 95% interval and the verdict."""
    metrics = sorted({one["metric"] for one in comparisons})
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for one in comparisons:
        interval_of = escape(f"{one['delta']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]")
        cells = pairs.setdefault((one["model"], one.get("against", against)), {})
        cells[one["metric"]] = f"{interval_of} {_styled(one['verdict'])}"
    grid = _grid("difference", *metrics)
    for (model, other), cells in pairs.items():
        grid.add_row(f"{model} - {other}", *(cells.get(metric, "") for metric in metrics))
    return grid


def verdict_line(record: RunRecord, champion: str | None) -> Text:
    """The run in one line: its id, its outcome, and how it stands against the champion."""
    line = Text.assemble((f"{record.pipeline} ", "bold"), (record.status, _STYLE.get(record.status, "bold red")))
    line.append(f" in {record.seconds:,.1f} s · run {record.run_id}")
    if record.run_id == champion:
        line.append(" · the champion")
    elif record.diff.verdict:
        line.append(" · ").append(record.diff.verdict, _STYLE[record.diff.verdict])
        line.append(f" against the champion {record.diff.against}")
    if record.diff.note:
        line.append(f" ({record.diff.note})")
    return line


def next_command(record: RunRecord, champion: str | None) -> str:
    """The command that a person would most likely want now."""
    target = record.origin or record.pipeline
    for step in record.steps:
        if step.status == "blocked":
            return f"brickwise show {record.run_id} {step.name}"
        if step.status == "failed":
            return f"brickwise run {target}    (goes on from {step.name}; what is above it is kept)"
    if record.run_id == champion:
        return f"brickwise run {target} --set step.field=value    (a change, compared with this run)"
    if record.diff.verdict == "better":
        return f"brickwise accept {record.run_id}"
    return f"brickwise diff {champion or ''} {record.run_id}".replace("  ", " ")


def runs_table(records: Iterable[RunRecord], champions: Mapping[str, str | None]) -> Grid:
    """A row a run, newest first, the champion of each pipeline marked."""
    grid = _grid("run", "pipeline", "when (UTC)", ">seconds", "status", "against its champion", "settings", "")
    for record in records:
        when = datetime.fromisoformat(record.started).strftime("%Y-%m-%d %H:%M")
        grid.add_row(
            str(record.run_id),
            record.pipeline,
            when,
            f"{record.seconds:,.1f}",
            _styled(record.status),
            _styled(record.diff.verdict or ""),
            escape(bounded(" ".join(record.settings), 40)),
            "champion" if champions[record.pipeline] == record.run_id else "",
        )
    return grid


def checks_table(steps: Iterable[Outcome]) -> Grid:
    """A row a rule that was checked, with what was found."""
    grid = _grid("step", "check", "rule", ">evaluated", ">failed", "outcome")
    for step in steps:
        for receipt in step.receipts:
            for finding in receipt.findings:
                rule = f"{finding.column}: {finding.rule}" if finding.column else finding.rule
                outcome = (
                    "[green]passed" if finding.passed else "[red]FAILED" if finding.severity == "error" else "[yellow]warned"
                )
                examples = f" {', '.join(finding.examples)}" if finding.examples else ""
                grid.add_row(
                    step.name,
                    escape(receipt.check),
                    escape(bounded(rule, 70)),
                    f"{finding.evaluated:,}",
                    f"{finding.failed:,}",
                    f"{outcome}[/]{escape(bounded(examples, 60))}",
                )
    return grid


def diff_view(found: Difference, changes: Mapping[str, str], before: str, after: str) -> RenderableType:
    """What changed between two runs, and which is better."""
    grid = _grid("step", "what changed")
    for step, line in changes.items():
        grid.add_row(step, escape(bounded(line, 110)))
    parts: list[RenderableType] = [grid if changes else Text("no step changed")]
    if found.details:
        parts += [comparisons_table(found.details, against="before")]
    verdict = found.verdict or "no verdict"
    spoken = Text.assemble(f"{after} is ", (verdict, _STYLE.get(verdict, "yellow")), f" against {before}")
    if found.note:
        spoken.append(f" ({found.note})")
    return Group(*parts, spoken)


def _grid(*columns: str) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        grid.add_column(
            column.removeprefix(">"), justify="right" if right else "left", no_wrap=right or column in ("step", "run")
        )
    return grid


def _first(why: str) -> str:
    """The first of several changes; `plan` and `show RUN STEP --key` tell them all."""
    first, *more = why.split("; ")
    return bounded(first, 60) + (f" and {len(more)} more" if more else "")


def _styled(word: str) -> str:
    return f"[{_STYLE[word]}]{word}[/]" if word in _STYLE else escape(word)
