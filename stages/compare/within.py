"""The models of one run against the baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline import Evaluation, StageError, Table
from pipeline.errors import suggest

from ..evaluate.kinds import KINDS, target_of
from ..metrics.blocks import blocks, weights
from ..metrics.sample import sample
from .ladder import rung_to_keep
from .narrow import narrowed
from .paired import compact, paired
from .said import answers_of, of_model

if TYPE_CHECKING:
    from .stage import Compare


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
    answers = {model: answers_of(kind, of_model(table, model), classes, classes) for model in models}
    groups = answers[config.model].groups
    block = blocks(groups, config.seed)
    weighted = weights(int(block.max()) + 1, config.resamples, config.seed)
    given = [*answers.values()]
    said = [(one, one.columns()) for one in given] if config.metrics else narrowed(given)
    samples = {
        model: sample(one, block, weighted, columns=columns, own=config.metrics)
        for model, (one, columns) in zip(answers, said, strict=True)
    }
    measured = samples[config.model].values
    if config.metric not in measured:
        raise StageError(
            f"metric {config.metric!r} is none of this target, expected one of {', '.join(measured)}; set Compare(metric=...)"
        )
    comparisons = [
        one
        for model in answers
        for baseline in config.baselines
        if model not in config.baselines[config.baselines.index(baseline) :]
        for one in compact(paired(config, [samples[model]], [samples[baseline]]), model=model, against=baseline)
    ]

    def judged(model: str, other: str) -> dict[str, Any]:
        found = compact(paired(config, [samples[model]], [samples[other]], (config.metric,)))
        if not found:
            raise StageError(f"metric {config.metric!r} is not defined on these test rows, so that no model can be kept by it")
        return found[0]

    return {"comparisons": comparisons, "keep": rung_to_keep(list(answers), config.model, config.margin, judged)}
