"""The verdict: one run against another in plain words, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.record import Difference

from .axis import Axis, balanced
from .estimates import LOWER_IS_BETTER, SHARES, Estimate, named, number, points, written

VERDICTS = {"better": "Better", "worse": "Worse", "equivalent": "As good as before", "undecided": "Undecided"}


@dataclass(frozen=True)
class Delta:
    """One metric of one model in two runs. delta: after minus before."""

    model: str
    metric: str
    before: float | None
    after: float | None
    delta: float | None
    low: float | None = None
    high: float | None = None
    higher: bool = True
    verdict: str = ""
    p: float | None = None
    p_holm: float | None = None
    test: str = ""
    smallest: float | None = None
    margin: float | None = None
    reason: str = ""
    n: int = 0


@dataclass(frozen=True)
class Verdict:
    """word: as the page's headline has it.  said: the sentences below it.  tone: better, worse, equivalent, undecided or none."""

    word: str
    tone: str
    said: tuple[str, ...]
    drawn: Delta | None = None
    axis: Axis | None = None
    without_suspects: str = ""


def deltas(facts: Mapping[str, Any], difference: Difference) -> list[Delta]:
    """Of a diff's facts, or of what the record of a run kept of one."""
    models = facts.get("models") or {}
    if models:
        return [
            _delta(model, metric, {"n": found.get("n"), **one})
            for model, found in models.items()
            for metric, one in (found.get("metrics") or {}).items()
        ]
    return [
        _delta(str(one.get("model", "")), str(one["metric"]), {**one, "before": one.get("other"), "after": one.get("value")})
        for one in difference.details
        if "metric" in one
    ]


def _delta(model: str, metric: str, one: Mapping[str, Any]) -> Delta:
    values = {name: number(one.get(name)) for name in ("before", "after", "delta", "low", "high", "p", "p_holm", "margin")}
    return Delta(
        model, metric, **values,
        higher=bool(one.get("higher", metric not in LOWER_IS_BETTER)),
        verdict=str(one.get("verdict") or ""),
        test=str(one.get("test") or ""),
        smallest=number(one.get("smallest_effect")),
        reason=str(one.get("reason") or ("" if one.get("status", "ok") == "ok" else one["status"])),
        n=int(number(one.get("n")) or 0),
    )  # fmt: skip


def verdict(
    found: Sequence[Delta],
    difference: Difference,
    facts: Mapping[str, Any],
    model: str,
    metric: str,
    margin: float | None,
    own: Estimate | None,
) -> Verdict:
    """On `model` by `metric`. own: what the later run measures, told where there is nothing to compare it with."""
    head = next((one for one in found if one.model == model and one.metric == metric and one.delta is not None), None)
    word = facts.get("verdict", difference.verdict) if facts else difference.verdict
    word = word or (head.verdict if head else None)
    if head is None or not word:
        return _alone(difference, model, metric, own, word)
    margin = head.margin if head.margin is not None else margin
    drawn = balanced((head.delta, head.low, head.high), margin=margin or 0.0, factor=100 if metric in SHARES else 1)
    said = [_moved(head), _shown(head, word, margin)]
    if difference.note:
        said.append(f"{difference.note[0].upper()}{difference.note[1:]}.")
    rest = (((facts.get("models") or {}).get(model) or {}).get("without_suspects")) or {}
    without = ""
    if rest.get("verdict"):
        same = "the same" if rest["verdict"] == word else f"another one: {rest['verdict']}"
        without = f"Without the rows whose label is suspected, the verdict is {same}"
        delta = number(rest.get("delta"))
        without += f" ({points(str(rest.get('metric', metric)), delta, signed=True)})." if delta is not None else "."
    return Verdict(VERDICTS.get(word, word), word if word in VERDICTS else "none", tuple(said), head, drawn, without)


def _moved(one: Delta) -> str:
    text = f"The {named(one.metric)} of {one.model} went from {written(one.before)} to {written(one.after)}"
    if not one.delta:
        return f"The {named(one.metric)} of {one.model} is {written(one.after)}, as it was."
    return f"{text}, a change of {points(one.metric, one.delta, signed=True)}."


def _shown(one: Delta, word: str, margin: float | None) -> str:
    if one.low is None or one.high is None:
        return "There is no interval for this change."
    if one.low == one.high == 0:
        return "Every answer that counts is what it was."
    span = f"from {points(one.metric, one.low, signed=True)} to {points(one.metric, one.high, signed=True)}"
    rows = f" on {one.n:,} rows" if one.n else ""
    if word in ("better", "worse"):
        return f"The 95% interval reaches {span}{rows}: all of it lies on the {word} side of zero."
    if word == "equivalent" and margin is not None:
        return f"The 95% interval reaches {span}{rows}: inside the margin of {points(one.metric, margin)} that this pipeline calls a difference."
    if word == "undecided":
        seen = (
            f" A change smaller than {points(one.metric, one.smallest)} would mostly go unseen on so many rows."
            if one.smallest
            else ""
        )
        return f"The 95% interval reaches {span}{rows}: too wide to say better, worse or equivalent.{seen}"
    return f"The 95% interval reaches {span}{rows}."


def _alone(difference: Difference, model: str, metric: str, own: Estimate | None, word: str | None) -> Verdict:
    said = []
    if own is not None and own.ok:
        span = (
            f", 95% interval {written(own.low)} to {written(own.high)}" if own.low is not None and own.high is not None else ""
        )
        said.append(f"The {named(metric)} of {model} is {written(own.value)}{span}.")
    if word:
        return Verdict(VERDICTS.get(word, word), word, tuple([_sentence(difference.note), *said] if difference.note else said))
    if difference.against is None:
        return Verdict("Nothing to compare with", "none", ("This run was not compared with an earlier one.", *said))
    return Verdict("No verdict", "none", (_sentence(difference.note or "the runs were not compared"), *said))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
