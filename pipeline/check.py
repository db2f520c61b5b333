"""Check: what must hold of an artifact; receipt: the outcome, bound to the digest it was made on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from .artifact import Artifact
from .digest import Json
from .frozen import Frozen


class Finding(Frozen):
    """The outcome of one rule: how many values it looked at, how many failed, and up to five of them.

    mostly: the share of values that must pass.  observed: what was measured, of a rule on a whole.
    """

    rule: str
    column: str | None = None
    evaluated: int
    failed: int
    passed: bool
    severity: Literal["error", "warn"] = "error"
    mostly: float = 1.0
    observed: str = ""
    note: str = ""
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"column {self.column}: " if self.column else ""
        seen = f" ({', '.join(self.examples)})" if self.examples else ""
        note = f"; {self.note}" if self.note else ""
        return f"{where}{self.rule}: {self.failed:,} of {self.evaluated:,} failed{seen}{note}"


class Receipt(Frozen):
    """The outcome of one check on the artifact with exactly this digest.

    failing: the digest of a table of all rows that broke its rules, in the quarantine's form, where there are any.
    """

    check: str
    artifact: str
    passed: bool
    findings: tuple[Finding, ...]
    failing: str | None = None

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that block."""
        return tuple(f for f in self.findings if not f.passed and f.severity == "error")


class Check(Frozen):
    """What must hold of one output of a step. Fields are its config; `judge` looks at the artifact; `reaches` as of a Stage.

    compares: `judge(artifact, before)` is given the champion's artifact of the same step and port; None where there is none or it is
    this one.  remembers: the path of a fact, such as `data.rows`: `judge(artifact, earlier)` is given it of each different artifact that earlier runs
    of the pipeline made at the same step and port, the oldest first, None where it is gone.  A check that does both has `judge(artifact, before, earlier)`.
    """

    packages: ClassVar[tuple[str, ...]] = ()
    reaches: ClassVar[tuple[Any, ...]] = ()
    compares: ClassVar[bool] = False
    remembers: ClassVar[str] = ""

    name: str
    on: str = "rows"  # the output port it looks at

    def outside(self) -> Mapping[str, Json]:
        """What the verdict depends on beside the artifact and the config, such as today's date: a receipt holds only for this."""
        return {}

    def judge(self, artifact: Any) -> Iterable[Finding]:
        """One finding a rule. A check that `compares` has another parameter, `before`, and one that `remembers` has `earlier`."""
        raise TypeError(f"check {type(self).__name__} must define judge(self, artifact)")

    def by_row(self) -> Check | None:
        """The part of it that holds of a table when it holds of each of its fragments: it is asked of new fragments only."""
        return None

    def whole(self) -> Check | None:
        """What is left when `by_row` is taken out: asked of the whole table each time."""
        return self

    def judge_each(self, tables: Sequence[Any]) -> list[list[Finding]]:
        """The findings on each of several tables; a check that is quicker on all of them together says how."""
        return [list(self.judge(table)) for table in tables]

    def failing(self, artifact: Any, findings: Sequence[Finding], before: Any = None) -> Iterator[Any]:
        """All rows that broke a rule, as `turned_away` gives them, some at a time.

        findings: those with anything that failed.  before: the champion's artifact, of a check that compares.
        """
        return iter(())

    def receipt(self, artifact: Any, before: Any = None, earlier: Sequence[Json] = ()) -> Receipt:
        """Judge a whole artifact."""
        return self.conclude(artifact.digest, self.judged(artifact, before, earlier))

    def judged(self, artifact: Any, before: Any = None, earlier: Sequence[Json] = ()) -> Iterable[Finding]:
        """The findings on a whole artifact, with what the champion has where the check compares, and earlier runs where it remembers."""
        judge: Any = self.judge
        given = [artifact, *([before] if self.compares else []), *([earlier] if self.remembers else [])]
        return judge(*given)  # type: ignore[no-any-return]

    def conclude(self, artifact: str, findings: Iterable[Finding]) -> Receipt:
        """What the findings on an artifact come to. A check that found nothing to evaluate fails (law 8)."""
        judged = tuple(_not_vacuous(finding) for finding in findings)
        passed = all(f.passed or f.severity == "warn" for f in judged)
        if passed and not any(f.evaluated for f in judged):
            nothing = Finding(rule="evaluates something", evaluated=0, failed=0, passed=False, note="nothing was evaluated")
            passed, judged = False, (*judged, nothing)
        return Receipt(check=self.name, artifact=artifact, passed=passed, findings=judged)


def merged(findings: Sequence[Finding]) -> Finding:
    """The findings of one rule on several fragments, as one on all of them. `mostly` holds of all their values together."""
    seen = (example for finding in findings for example in finding.examples)
    evaluated = sum(finding.evaluated for finding in findings)
    failed = sum(finding.failed for finding in findings)
    first, passed = findings[0], all(finding.passed for finding in findings)
    if first.mostly < 1 and evaluated and all(finding.passed or finding.evaluated for finding in findings):
        passed = (evaluated - failed) / evaluated >= first.mostly
    return first.model_copy(
        update={
            "evaluated": evaluated,
            "failed": failed,
            "passed": passed,
            "note": "" if passed else next((finding.note for finding in findings if finding.note), ""),
            "examples": tuple(dict.fromkeys(seen))[:5],
        }
    )


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
