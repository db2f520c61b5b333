"""Tables of a run in Markdown, for Prefect's artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.check import Finding, Receipt
from pipeline.errors import bounded
from pipeline.headline import interval
from pipeline.record import Outcome


def metrics_table(
    metrics: Mapping[str, Mapping[str, Mapping[str, float]]], keep: Sequence[str] = (), main: Sequence[str] = ()
) -> str:
    """A row a model, a column a metric, each value with its 95% interval; below it, which model to keep."""
    names = list(main or dict.fromkeys(name for found in metrics.values() for name in found))
    if not metrics or not names:
        return "Nothing was evaluated in this run."
    rows = [[model, *(interval(found[name]) if name in found else "" for name in names)] for model, found in metrics.items()]
    return "\n\n".join([table(["model", *names], rows), *map(cell, keep)])


def checks_table(outcomes: Sequence[Outcome]) -> str:
    """A row a rule, those that failed first."""
    rows = [
        [outcome.name, receipt.check, _state(outcome, receipt, finding), str(finding)]
        for outcome in outcomes
        for receipt in outcome.receipts
        for finding in receipt.findings
    ]
    if not rows:
        return "No check was needed in this run."
    return table(["step", "check", "outcome", "finding"], sorted(rows, key=lambda row: row[2] == "passed"))


def _state(outcome: Outcome, receipt: Receipt, finding: Finding) -> str:
    if finding.passed or finding.severity != "error":
        return "passed" if finding.passed else "warned"
    reason = outcome.overridden.get(f"{outcome.name}.{receipt.check}")
    return "FAILED" if reason is None else f"OVERRIDDEN: {reason}"


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown, every cell escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines)


def cell(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line, bounded."""
    for character in ("\\", "|", "<", ">", "`", "*", "_", "[", "]"):
        text = text.replace(character, f"\\{character}") if character != "<" else text.replace("<", "&lt;")
    return bounded(text, 300)
