"""Tables for people: steps, metrics, comparisons, runs and checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table as Grid

from pipeline import LocalStore, Table
from pipeline.check import Receipt
from pipeline.errors import bounded
from pipeline.headline import interval
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.record import Outcome
from pipeline.stage import Port

from .hints import command

STYLE = {
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


def steps_table(steps: Sequence[Outcome]) -> Grid:
    """A row a step: what happened, why, how long, on how many rows."""
    grid = grid_of("step", "status", "why", ">seconds", ">rows in", ">rows out", ">quarantined")
    for step in steps:
        grid.add_row(
            step.name,
            _styled(step.status),
            escape(_first(step.why)),
            f"{step.seconds:,.1f}" if step.status in ("ran", "failed", "blocked") else "",
            *(f"{n:,}" if n is not None else "" for n in (step.rows_in, step.rows_out, step.rows_quarantined)),
        )
    return grid


def troubles(steps: Sequence[Outcome], store: LocalStore, run_id: str | None = None) -> Iterable[str]:
    """One line for each failure: the stage's, each rule of a check that blocked, or why no row is left.

    run_id: the run whose quarantine can be looked at.  What several steps say in the same words is said once.
    """
    saying: dict[str, list[str]] = {}
    for step in steps:
        if step.error:
            saying.setdefault(step.error.removeprefix(f"step {step.name!r}"), []).append(step.name)
    for step in steps:
        if step.error:
            said = step.error.removeprefix(f"step {step.name!r}")
            names = saying.pop(said, [])
            if names:
                yield step.error if len(names) == 1 or said == step.error else f"steps {', '.join(map(repr, names))}{said}"
        elif step.status == "blocked":
            emptied = step.rows_out == 0 and step.quarantine is not None
            if emptied:
                yield _emptied(step, store, run_id)
            for receipt in step.receipts:
                if not (emptied and receipt.artifact == step.outputs["rows"]):  # what fails for want of rows says nothing more
                    yield from (f"step {step.name!r} is blocked: {line}" for line in failures(receipt))


def _emptied(step: Outcome, store: LocalStore, run_id: str | None) -> str:
    away = load(store, str(step.quarantine), Port("quarantine", Table, Quarantined)).read(["column", "rule"]).to_pylist()
    (first, *others) = Counter(f"{row['column'] or 'the line'} {row['rule']}" for row in away).most_common()
    told = ", ".join(f"{reason} ({count:,})" for reason, count in [first, *others[:2]])
    more = f" and {len(others) - 2} more reasons" if len(others) > 2 else ""
    see = f"; {command(store, 'show', run_id, step.name)} shows them" if run_id else ""
    return f"step {step.name!r} is blocked: all {len(away):,} rows were turned away: {told}{more}{see}"


def let_pass(steps: Sequence[Outcome]) -> Iterable[str]:
    """One line for each check that failed and that a person let pass."""
    for step in steps:
        for check, reason in step.overridden.items():
            yield f"OVERRIDDEN: check {check.removeprefix(f'{step.name}.')!r} of step {step.name!r} failed and was let pass: {reason}"


def warned(steps: Sequence[Outcome]) -> Iterable[str]:
    """One line for each check that warns, with its first finding."""
    for step in steps:
        for receipt in step.receipts:
            found = [f for f in receipt.findings if not f.passed and f.severity == "warn"]
            if found:
                more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
                yield f"step {step.name!r} warns: check {receipt.check!r}: {bounded(str(found[0]), 160)}{more}"


def failures(receipt: Receipt) -> Iterable[str]:
    """The findings of a receipt that block, in words."""
    return (f"check {receipt.check!r}: {finding}" for finding in receipt.failures)


def metrics_table(metrics: Mapping[str, Mapping[str, Mapping[str, float]]], main: Sequence[str] = ()) -> Grid:
    """A row a model, each metric with its 95% interval. main: those to show; all without them."""
    names = list(main or dict.fromkeys(name for found in metrics.values() for name in found))
    grid = grid_of("model", *(f">{name} [95%]" for name in names))
    for model, found in metrics.items():
        grid.add_row(model, *(escape(interval(found[name])) if name in found else "" for name in names))
    return grid


def comparisons_table(comparisons: Sequence[Mapping[str, Any]], against: str = "", main: Sequence[str] = ()) -> Grid:
    """A row a pair of models, in each metric's column the paired difference with its 95% interval and the verdict.

    main: the metrics to show; all without them.
    """
    metrics = list(main) or sorted({one["metric"] for one in comparisons})
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for one in comparisons:
        interval_of = escape(f"{one['delta']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]")
        cells = pairs.setdefault((one["model"], one.get("against", against)), {})
        cells[one["metric"]] = f"{interval_of} {_styled(one['verdict'])}"
    grid = grid_of("difference", *metrics)
    for (model, other), cells in pairs.items():
        grid.add_row(f"{model} - {other}", *(cells.get(metric, "") for metric in metrics))
    return grid


def checks_table(steps: Iterable[Outcome], *, folded: bool = False) -> Grid:
    """A row a rule that was checked, with what was found; folded: one for all rules of a check that hold."""
    grid = grid_of("step", "check", "rule", ">evaluated", ">failed", "outcome")
    for step in steps:
        for receipt in step.receipts:
            hold = [finding for finding in receipt.findings if finding.passed] if folded else []
            if len(hold) > 1:
                most = max(finding.evaluated for finding in hold)
                rules = f"{len(hold)} {'other ' if len(hold) < len(receipt.findings) else ''}rules"
                grid.add_row(step.name, escape(receipt.check), rules, f"{most:,}", "0", "[green]passed[/]")
            for finding in receipt.findings if len(hold) < 2 else [one for one in receipt.findings if not one.passed]:
                rule = f"{finding.column}: {finding.rule}" if finding.column else finding.rule
                failed = "[bold yellow]OVERRIDDEN" if f"{step.name}.{receipt.check}" in step.overridden else "[red]FAILED"
                outcome = "[green]passed" if finding.passed else failed if finding.severity == "error" else "[yellow]warned"
                examples = f" {', '.join(finding.examples)}" if finding.examples and not finding.passed else ""
                examples = f" {finding.note}" if finding.passed and finding.note else examples
                grid.add_row(
                    step.name,
                    escape(receipt.check),
                    escape(bounded(rule, 70)),
                    f"{finding.evaluated:,}",
                    f"{finding.failed:,}",
                    f"{outcome}[/]{escape(bounded(examples, 60))}",
                )
    return grid


def grid_of(*columns: str) -> Grid:
    """An empty table; a column whose name starts with > is flush right."""
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        grid.add_column(
            column.removeprefix(">"), justify="right" if right else "left", no_wrap=right or column in ("step", "run")
        )
    return grid


def _styled(word: str) -> str:
    return f"[{STYLE[word]}]{word}[/]" if word in STYLE else escape(word)


def _first(why: str) -> str:
    """The first of several changes; `plan` and `show RUN STEP --key` tell them all."""
    first, *more = why.split("; ")
    return bounded(first, 60) + (f" and {len(more)} more" if more else "")
