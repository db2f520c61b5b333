"""Check: what must hold of an artifact; receipt: the outcome, bound to the digest it was made on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from .artifact import Artifact
from .frozen import Frozen


class Finding(Frozen):
    """The outcome of one rule: how many values it looked at, how many failed, and up to five of them."""

    rule: str
    column: str | None = None
    evaluated: int
    failed: int
    passed: bool
    severity: Literal["error", "warn"] = "error"
    note: str = ""
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"column {self.column}: " if self.column else ""
        seen = f" ({', '.join(self.examples)})" if self.examples else ""
        note = f"; {self.note}" if self.note else ""
        return f"{where}{self.rule}: {self.failed:,} of {self.evaluated:,} failed{seen}{note}"


class Receipt(Frozen):
    """The outcome of one check on the artifact with exactly this digest."""

    check: str
    artifact: str
    passed: bool
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that block."""
        return tuple(f for f in self.findings if not f.passed and f.severity == "error")


class Check(Frozen):
    """What must hold of one output of a step. Fields are its config; `judge` looks at the artifact; `reaches` as of a Stage."""

    packages: ClassVar[tuple[str, ...]] = ()
    reaches: ClassVar[tuple[Any, ...]] = ()

    name: str
    on: str = "rows"  # the output port it looks at

    def judge(self, artifact: Any) -> Iterable[Finding]:
        """One finding a rule."""
        raise TypeError(f"check {type(self).__name__} must define judge(self, artifact)")

    def receipt(self, artifact: Any) -> Receipt:
        """Judge a stored artifact. A check that found nothing to evaluate fails (law 8)."""
        findings = tuple(_not_vacuous(finding) for finding in self.judge(artifact))
        passed = all(f.passed or f.severity == "warn" for f in findings)
        if passed and not any(f.evaluated for f in findings):
            nothing = Finding(rule="evaluates something", evaluated=0, failed=0, passed=False, note="nothing was evaluated")
            passed, findings = False, (*findings, nothing)
        return Receipt(check=self.name, artifact=artifact.digest, passed=passed, findings=findings)


def _not_vacuous(finding: Finding) -> Finding:
    if finding.passed and not finding.evaluated:
        return finding.model_copy(update={"passed": False, "note": finding.note or "nothing was evaluated"})
    return finding


class Complete(Check):
    """The check of every artifact that is no table: its files are not empty, and its numbers are finite."""

    name: str = "complete"

    def judge(self, artifact: Artifact) -> Iterable[Finding]:
        """Two rules: files, then numbers; an artifact may consist of facts alone."""
        empty = [name for name in artifact.files if not artifact.read(name)]
        if artifact.files:
            yield Finding(
                rule="files are not empty", evaluated=len(artifact.files), failed=len(empty),
                passed=not empty, examples=tuple(empty[:5]),
            )  # fmt: skip
        numbers = list(_numbers(artifact.facts, ""))
        broken = [path for path, value in numbers if not math.isfinite(value)]
        if numbers or not artifact.files:
            yield Finding(
                rule="numbers are finite", evaluated=len(numbers), failed=len(broken),
                passed=not broken, examples=tuple(broken[:5]),
            )  # fmt: skip


def _numbers(document: Any, path: str) -> Iterable[tuple[str, float]]:
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _numbers(value, f"{path}.{name}" if path else str(name))
    elif isinstance(document, list | tuple):
        for position, value in enumerate(document):
            yield from _numbers(value, f"{path}[{position}]")
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield path, float(document)
