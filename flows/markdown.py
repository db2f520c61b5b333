"""Tables of a run in Markdown, for Prefect's artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.check import Finding, Receipt
from pipeline.errors import bounded
from pipeline.record import Outcome


def metrics_table(
    metrics: Mapping[str, Mapping[str, Mapping[str, float]]], keep: Sequence[str] = (), main: Sequence[str] = ()
) -> str:
    """A row a model, a column a metric, each value with its 95% interval; below it, which model to keep."""
    names = list(main or dict.fromkeys(name for found in metrics.values() for name in found))
    if not metrics or not names:
        return "Nothing was evaluated in this run."
    rows = [[model, *(interval(found[name]) if name in found else "" for name in names)] for model, found in metrics.items()]
    return "\n\n".join([_table(["model", *names], rows), *map(_cell, keep)])


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
    return _table(["step", "check", "outcome", "finding"], sorted(rows, key=lambda row: row[2] == "passed"))


def interval(found: Mapping[str, float]) -> str:
    """`0.712 [0.703, 0.720]`"""
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _state(outcome: Outcome, receipt: Receipt, finding: Finding) -> str:
    if finding.passed or finding.severity != "error":
        return "passed" if finding.passed else "warned"
    reason = outcome.overridden.get(f"{outcome.name}.{receipt.check}")
    return "FAILED" if reason is None else f"OVERRIDDEN: {reason}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    for character in ("\\", "|", "<", ">", "`", "*", "_", "[", "]"):
        text = text.replace(character, f"\\{character}") if character != "<" else text.replace("<", "&lt;")
    return bounded(text, 300)
