"""A run as Markdown, for a pull request: the verdict first, then what it rests on, and the command that repeats it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline import LocalStore
from pipeline.errors import bounded
from pipeline.gate import GateOutcome
from pipeline.headline import headline
from pipeline.record import Outcome, RunRecord

from .hints import rerun
from .markdown import cell, checks_table, metrics_table, table
from .told import with_receipts

_ROWS = 40  # of a table: a comment on GitHub holds 65,536 characters


def summary(record: RunRecord, store: LocalStore) -> str:
    """The whole text. No cell can break out of it, whatever classes and slices are called."""
    text = "\n\n".join(_parts(with_receipts(record, store), store)) + "\n"
    return text.encode(errors="backslashreplace").decode()  # half a pair of UTF-16 has no place in a file


def headline_markdown(record: RunRecord) -> str:
    """The verdict, the metrics and the gates."""
    return "\n\n".join(_head(record))


def _head(record: RunRecord) -> Iterator[str]:
    yield f"## {cell(record.pipeline)}: {cell(headline(record))}"
    yield f"{cell(record.status)} in {record.seconds:,.1f} s, run {cell(str(record.run_id))}"
    if record.metrics:
        yield metrics_table(record.metrics, record.keep, record.main)
    if record.gates:
        unmet = sum(not gate.passed for gate in record.gates)
        yield f"### Gates: {f'{unmet} of {len(record.gates)} not met' if unmet else 'all passed'}"
        yield _few(["gate", "model", "slice", "n", "bound", "required", "outcome"], map(_gate, _worst_first(record.gates)))


def _parts(record: RunRecord, store: LocalStore) -> Iterator[str]:
    yield from _head(record)
    if record.diff.details:
        yield f"### Against {cell(str(record.diff.against))}"
        main = [one for one in record.diff.details if not record.main or one.get("metric") in record.main]
        yield _few(["model", "metric", "difference [95%]", "verdict"], map(_difference, main))
    errors = [[step.name, step.status, step.error] for step in record.steps if step.error]
    if errors:
        yield "### Steps that failed"
        yield _few(["step", "status", "error"], errors)
    broken = [_broken(step) for step in record.steps]
    if any(step.receipts for step in broken):
        yield "### Checks that did not hold"
        yield checks_table(broken)
    elif any(step.receipts for step in record.steps):
        yield f"All {sum(len(receipt.findings) for step in record.steps for receipt in step.receipts):,} rules of the checks hold."
    if record.changed:
        yield "### What changed"
        yield _few(["step", "what changed"], ([step, line] for step, line in record.changed.items()))
    yield "To repeat it:"
    yield _code(rerun(store, record.origin or record.pipeline, record.settings))


def _broken(step: Outcome) -> Outcome:
    """A step with those of its findings that did not hold."""
    receipts = (
        receipt.model_copy(update={"findings": tuple(finding for finding in receipt.findings if not finding.passed)[:_ROWS]})
        for receipt in step.receipts
    )
    return step.model_copy(update={"receipts": tuple(receipt for receipt in receipts if receipt.findings)})


def _worst_first(gates: Sequence[GateOutcome]) -> list[GateOutcome]:
    return sorted(gates, key=lambda gate: gate.passed)


def _gate(gate: GateOutcome) -> list[str]:
    bound = "" if gate.bound is None else f"{gate.bound:.4f}"
    said = gate.status if gate.passed else gate.status.upper()
    reason = f": {gate.reason}" if gate.reason else ""
    return [gate.gate, gate.model, gate.slice, f"{gate.n:,}", bound, f"{gate.required:.4f}", f"{said}{reason}"]


def _difference(one: Mapping[str, Any]) -> list[str]:
    told = [one.get(name) for name in ("delta", "low", "high")]
    known = all(isinstance(value, int | float) for value in told)
    spoken = f"{told[0]:+.3f} [{told[1]:+.3f}, {told[2]:+.3f}]" if known else f"{one.get('status') or 'not evaluated'}"
    return [str(one.get("model", "")), str(one.get("metric", "")), spoken, str(one.get("verdict") or one.get("reason") or "")]


def _few(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table of the first rows, and how many more there are."""
    shown = list(rows)
    more = f"\n\n... and {len(shown) - _ROWS:,} more" if len(shown) > _ROWS else ""
    return table(head, shown[:_ROWS]) + more


def _code(line: str) -> str:
    """A block of code that no run of backticks in it can end."""
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{bounded(line, 4000)}\n{fence}"
