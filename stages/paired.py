"""Paired differences between two models' answers to the same rows, with their intervals and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Evaluation, StageError, Table, UsageError
from pipeline.errors import suggest

from .evaluate.answers import Answers
from .evaluate.kinds import KINDS, target_of, words
from .evaluate.measure import over
from .evaluate.metrics import HIGHER_IS_BETTER, resamples
from .ladder import rung_to_keep

if TYPE_CHECKING:
    from .compare import Compare

Verdict = Literal["better", "worse", "equivalent", "undecided"]
_FEWEST = 30  # rows in common below which two runs are not compared


def compare_models(config: Compare, evaluation: Evaluation, rows: Table[Any]) -> dict[str, Any]:
    """comparisons: every model against every baseline; of two baselines, the earlier in the config against the later.

    keep: the rung to keep.
    """
    table = rows.read()
    models = table["model"].unique().to_pylist()  # in the order in which they were evaluated
    for name in (config.model, *config.baselines):
        if name not in models:
            raise StageError(f"model {name!r} was not evaluated; {suggest(name, models)}")
    classes = evaluation.facts["classes"]
    kind = KINDS[target_of(evaluation.facts)["kind"]]
    answers = {m: answers_of(kind, table.filter(pc.equal(table["model"], m)), classes, classes) for m in models}
    measured = list(next(iter(answers.values())).metrics())
    if config.metric not in measured:
        raise StageError(
            f"metric {config.metric!r} is none of this target, expected one of {', '.join(measured)}; set Compare(metric=...)"
        )
    samples = {model: _samples(config, given) for model, given in answers.items()}

    def paired(model: str, other: str) -> list[dict[str, Any]]:
        return _differences(config, answers[model], answers[other], samples[model], samples[other])

    comparisons = [
        {"model": model, "against": baseline, **found}
        for model in answers
        for baseline in config.baselines
        if model not in config.baselines[config.baselines.index(baseline) :]
        for found in paired(model, baseline)
    ]

    def judged(model: str, other: str) -> dict[str, Any]:
        return next(one for one in paired(model, other) if one["metric"] == config.metric)

    return {"comparisons": comparisons, "keep": rung_to_keep(list(answers), config.model, config.margin, judged)}


def compare_runs(
    config: Compare, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Verdict | None, list[dict[str, Any]]]:
    """Models of the same name in two runs; the verdict is that of the config's model and metric, None without one.

    Raises UsageError for runs with two targets.
    """
    targets = [target_of(inputs["evaluation"].facts) for inputs in (before, after)]
    if targets[0] != targets[1]:
        raise UsageError(f"the earlier run says {words(targets[0])}, the later one {words(targets[1])}")
    kind = KINDS[targets[0]["kind"]]
    tables = [inputs["rows"].read() for inputs in (before, after)]
    own = [inputs["evaluation"].facts["classes"] for inputs in (before, after)]
    classes = own[0] if own[0] == own[1] else sorted({label for names in own for label in names})
    found: list[dict[str, Any]] = []
    for model in after["evaluation"].facts["metrics"]:
        if model not in before["evaluation"].facts["metrics"]:
            continue
        halves = [table.filter(pc.equal(table["model"], model)) for table in tables]
        common = _common(*halves)
        if common.num_rows < _FEWEST:
            continue
        old, new = (
            answers_of(kind, half.take(common[side]), own[i], classes)
            for i, (half, side) in enumerate(zip(halves, ("before", "after"), strict=True))
        )
        left_out = sum(half.num_rows - common.num_rows for half in halves)
        found += [{"model": model, "left_out": left_out, **one} for one in _paired(config, new, old)]
    headline = [one["verdict"] for one in found if (one["model"], one["metric"]) == (config.model, config.metric)]
    return (headline[0] if headline else None), found


def _common(before: pa.Table, after: pa.Table) -> pa.Table:
    """Positions of the rows that both have with the same id and label, in the order of their ids."""
    sides = [
        half.select(["id", "label"]).append_column(name, pa.array(range(half.num_rows), pa.int64()))
        for name, half in (("before", before), ("after", after))
    ]
    return sides[0].join(sides[1], ["id", "label"], join_type="inner").sort_by("id")


def answers_of(kind: type[Answers], table: pa.Table, own: list[str], classes: list[str]) -> Answers:
    """Answers over `classes`, from values over `own` classes."""
    values = over(np.vstack(table["values"].to_numpy()), own, classes)
    groups = table["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    return kind(kind.read(table["label"].to_pylist(), classes), values, groups, tuple(classes))


def _paired(config: Compare, mine: Answers, theirs: Answers) -> list[dict[str, Any]]:
    return _differences(config, mine, theirs, _samples(config, mine), _samples(config, theirs))


def _samples(config: Compare, answers: Answers) -> list[dict[str, float]]:
    """The metrics of each bootstrap sample; models of the same rows and groups are measured on the same ones."""
    return [answers.metrics(rows) for rows in resamples(answers.groups, config.resamples, config.seed)]


def _differences(
    config: Compare,
    mine: Answers,
    theirs: Answers,
    mine_sampled: list[dict[str, float]],
    theirs_sampled: list[dict[str, float]],
) -> list[dict[str, Any]]:
    """One document a metric. delta: mine - theirs, so below zero is better for a loss."""
    a, b = mine.metrics(), theirs.metrics()
    found = []
    for metric in a:
        drawn = [x[metric] - y[metric] for x, y in zip(mine_sampled, theirs_sampled, strict=True)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        found.append(
            {
                "metric": metric,
                "value": a[metric],
                "other": b[metric],
                "delta": a[metric] - b[metric],
                "low": float(low),
                "high": float(high),
                "n": len(mine.truth),
                "verdict": verdict(float(low), float(high), config.margin, higher=HIGHER_IS_BETTER[metric]),
            }
        )
    return found


def verdict(low: float, high: float, margin: float, *, higher: bool) -> Verdict:
    """What an interval of a difference says.

    Inside the margin it is equivalent, also where it leaves out zero: a difference too small to matter is none.  Else
    better or worse when it leaves out zero, and undecided when it does not.
    """
    if -margin <= low and high <= margin:
        return "equivalent"
    if low > 0 or high < 0:
        return "better" if (low > 0) == higher else "worse"
    return "undecided"
