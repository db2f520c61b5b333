"""The headline of a run, and what became of its gates, in words: the same wherever a run is told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .gate import GateOutcome
    from .record import Difference, RunRecord


def headline(record: RunRecord) -> str:
    """The run in one phrase, the worst first: what failed, what blocked, which gates are not met, then the verdict."""
    if record.status in ("failed", "blocked"):
        steps = [step.name for step in record.steps if step.status == record.status]
        return f"{record.status}: {', '.join(steps)}" if steps else record.status
    unmet = [gate for gate in record.gates if not gate.passed]
    said = verdict(record.diff)
    return f"{len(unmet)} of {len(record.gates)} gates not met; {said}" if unmet else said


def verdict(diff: Difference) -> str:
    """How a run stands against the earlier one."""
    note = f" ({diff.note})" if diff.note else ""
    if diff.against is None:
        return f"no earlier run to compare with{note}"
    return f"{diff.verdict or 'no verdict'} against {diff.against}{note}"


def gate_words(gate: GateOutcome) -> str:
    """`macro_f1 of net on kind=module: -0.012, required -0.005: failed`"""
    where = f" on {gate.slice}" if gate.slice else ""
    bound = "no bound" if gate.bound is None else f"{gate.bound:.4g}"
    reason = f" ({gate.reason})" if gate.reason else ""
    return f"{gate.metric} of {gate.model}{where}: {bound}, required {gate.required:.4g}: {gate.status}{reason}"


def interval(found: Mapping[str, float]) -> str:
    """`0.712 [0.703, 0.720]`"""
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
