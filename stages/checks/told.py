"""Checks of what an evaluation or a report tells: a baseline that ties, the worst class, a slice that broke, what trivial edits change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Evaluation, Finding, Report
from pipeline.errors import bounded

from ..compare.slices import slice_names


class Tie(Check):
    """No baseline is as good: the model to keep is none of those that the others are compared with."""

    name: str = "tie"
    on: str = "report"
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Report) -> Iterable[Finding]:
        """One finding, in the words of the report."""
        keep = artifact.facts.get("keep") or {}
        baselines = {one["against"] for one in artifact.facts.get("comparisons", ())}
        ties = keep.get("model") in baselines
        yield Finding(
            rule="no baseline ties with the model", evaluated=len(baselines), failed=int(ties), passed=not ties,
            severity=self.severity, note=bounded(keep.get("line", ""), 200),
        )  # fmt: skip


class WorstClass(Check):
    """No class lies below the floor.  It fails where even the upper end of a class's 95% interval does.

    A class whose interval holds the floor is told, and does not fail: its rows are too few to say.  floor: of `metric`.  model: whose
    classes; of all models where it is empty.  metric: recall, precision or f1.
    """

    name: str = "worst_class"
    on: str = "evaluation"
    floor: float = Field(default=0.5, ge=0, le=1)
    model: str = ""
    metric: Literal["recall", "precision", "f1"] = "recall"
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Evaluation) -> Iterable[Finding]:
        """One finding a model, the worst classes as its examples."""
        models = [(name, details) for name, details in _details(artifact, self.model) if details.get("classes")]
        if not models:
            note = "no model says classes"
            yield Finding(
                rule="no class is below the floor", evaluated=1, failed=0, passed=True, severity=self.severity, note=note
            )
        for name, details in models:
            known = [
                (label, one[self.metric]) for label, one in (details.get("classes") or {}).items() if _has(one, self.metric)
            ]
            below = sorted((one["high"], label, one) for label, one in known if one["high"] < self.floor)
            unsure = sorted(label for label, one in known if one["low"] < self.floor <= one["high"])
            note = f"of {len(unsure)} more, such as {bounded(unsure[0], 40)}, too few rows can tell" if unsure else ""
            yield Finding(
                rule=f"{name}: {self.metric} of no class is below {self.floor:g}", evaluated=len(known), failed=len(below),
                passed=not below, severity=self.severity, note=note,
                examples=tuple(f"{bounded(label, 40)}: {_said(one)}" for _, label, one in below[:5]),
            )  # fmt: skip


class BrokenSlice(Check):
    """No slice that was fine with the champion lies wholly below what it was: its 95% interval is all on the worse side of the champion's.

    One that the champion had rows of, and that no row is in any more, broke too.  That two intervals do not touch is a stricter test than a paired one of their difference, and needs no rows; gates ask that.
    model: whose slices; of all models where it is empty.  metric: "" for the first of the evaluation's main ones.
    """

    compares: ClassVar[bool] = True

    name: str = "broken_slice"
    on: str = "evaluation"
    model: str = ""
    metric: str = ""
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Evaluation, before: Evaluation | None = None) -> Iterable[Finding]:
        """One finding a model that both have, the broken slices as its examples."""
        if before is None or before.facts.get("schema") != artifact.facts.get("schema"):
            other = (
                "no champion has another evaluation" if before is None else "the champion's evaluation is of another version"
            )
            note = f"nothing to compare with: {other}"
            yield Finding(rule="no slice broke", evaluated=1, failed=0, passed=True, severity=self.severity, note=note)
            return
        then = dict(_details(before, self.model))
        shared = [(name, details) for name, details in _details(artifact, self.model) if name in then]
        if not shared:
            note = "the champion evaluated other models"
            yield Finding(rule="no slice broke", evaluated=1, failed=0, passed=True, severity=self.severity, note=note)
        metric = self.metric or (artifact.facts.get("main") or [""])[0]
        for name, details in shared:
            pairs = list(_pairs(then[name].get("slices") or (), details.get("slices") or (), metric))
            broken = [f"{bounded(label, 40)}: {_said(was)} -> {_said(now)}" for label, was, now in pairs if _worse(was, now)]
            held = {one["name"] for one in details.get("slices") or ()}
            lost = [one for one in slice_names(before.facts, artifact.facts, name) if one not in held]
            broken += [f"{bounded(one, 40)}: no row is in it any more" for one in lost]
            seen = len(pairs) + len(lost)
            yield Finding(
                rule=f"{name}: no slice broke", evaluated=seen or 1, failed=len(broken) if seen else 1,
                passed=bool(seen) and not broken, severity=self.severity, examples=tuple(broken[:5]),
                note="" if seen else "no slice was evaluated in both; give Evaluate slices, or leave this check out",
            )  # fmt: skip


class Sensitive(Check):
    """What a model says does not change with trivial edits: an Invariance fails in no more than `most` of the texts.

    It fails where the lower end of the failure rate's 95% interval lies above `most`.  model: of all where it is empty.
    """

    name: str = "sensitive"
    on: str = "evaluation"
    most: float = Field(default=0.05, ge=0, le=1)
    model: str = ""
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Evaluation) -> Iterable[Finding]:
        """One finding a model that was tested so; one that says that none was, where none was."""
        tested = False
        for name, details in _details(artifact, self.model):
            invariances = [
                one for one in details.get("behaviour") or () if one["kind"] == "invariance" and one["status"] == "ok"
            ]
            failed = [one for one in invariances if one["low"] > self.most]
            tested = tested or bool(invariances)
            if invariances:
                yield Finding(
                    rule=f"{name}: trivial edits change at most {self.most:.0%} of the answers", evaluated=len(invariances),
                    failed=len(failed), passed=not failed, severity=self.severity,
                    examples=tuple(f"{one['name']}, {bounded(one['edit'], 40)}: {one['rate']:.1%} change" for one in failed[:5]),
                )  # fmt: skip
        if not tested:
            note = "no invariance was tested; give Evaluate behaviours=(Invariance(name='edits'),)"
            yield Finding(
                rule="trivial edits were tried", evaluated=1, failed=1, passed=False, severity=self.severity, note=note
            )


def _details(artifact: Evaluation, model: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Model and details, in the order of the evaluation; of one model where it is named."""
    details = artifact.facts.get("details") or {}
    names = [name for name in artifact.facts.get("models") or details if name in details and model in ("", name)]
    return ((name, details[name]) for name in names)


def _pairs(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]], metric: str
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """name, the champion's metric and this one's, of each slice that both evaluated."""
    then = {one["name"]: one for one in before}
    for one in after:
        was = then.get(one["name"], {}).get("metrics") or {}
        now = one.get("metrics") or {}
        if _has(was, metric) and _has(now, metric):
            yield one["name"], was[metric], now[metric]


def _has(metrics: Mapping[str, Any], metric: str) -> bool:
    found = metrics.get(metric)
    return isinstance(found, Mapping) and found.get("low") is not None


def _worse(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return bool(now["high"] < was["low"] if now.get("higher", True) else now["low"] > was["high"])


def _said(found: Mapping[str, Any]) -> str:
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
