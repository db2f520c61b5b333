"""From models and test rows to the evaluation and its predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Evaluation, Model, StageError, Table, report
from schemas import Prediction

from ..metrics.blocks import blocks, weights
from ..metrics.interval import intervals
from ..metrics.sample import sample
from ..predict import predictor
from .about import about, data_of, definitions
from .classes import class_intervals
from .kinds import KINDS, shared_target
from .looks import looks, suspected
from .outputs import Said, distinct, groups_of, outputs, truth, validated
from .predictions import names_of_slices, predictions
from .seeds import over_seeds
from .slices import sliced, slices_of, worst

if TYPE_CHECKING:
    from .stage import Evaluate, Evaluated

SCHEMA = "brickwise.evaluation/1"


def evaluate(config: Evaluate, rows: Table[Any], models: Mapping[str, Model]) -> Evaluated:
    """Measure every model on the same test rows."""

    def said() -> Iterator[tuple[str, Said]]:
        for position, (name, model) in enumerate(models.items()):  # one at a time is in memory
            report(position, len(models), name)
            yield name, Said(predictor(model), model.facts["classes"], about(model))

    known = {name for model in models.values() for name in model.facts["classes"]}
    return measure(config, rows.read(), shared_target(models), known, said())


def measure(
    config: Evaluate, everything: pa.Table, target: Mapping[str, Any], known: set[str], said: Iterator[tuple[str, Said]]
) -> Evaluated:
    """The evaluation of what models say, each by its name. known: the classes that any of them knows."""
    from .stage import Evaluated

    table = everything.filter(pc.equal(everything["split"], "test"))
    if not table.num_rows:
        raise StageError("no row is for testing, so that there is nothing to measure; give Split a larger test share")
    distinct(table)
    kind = KINDS[target["kind"]]
    told = kind.told(truth(table, target["column"]))
    classes: Sequence[str] = target.get("levels") or sorted(known | kind.named(told))
    true, groups = kind.read(told, classes), groups_of(table)
    block = blocks(groups, config.seed)
    weighted = weights(int(block.max()) + 1, config.resamples, config.seed)
    slices = slices_of(config.slices, table)
    named = names_of_slices(slices, table.num_rows)
    valid = everything.filter(pc.equal(everything["split"], "valid"))
    samples, metrics, details, models, rows = {}, {}, {}, {}, []
    for name, one in said:
        answers = kind(true, outputs(name, one, table, list(classes), kind), groups, tuple(classes))
        columns = answers.columns()
        samples[name] = sample(answers, block, weighted, columns=columns, own=config.metrics)
        metrics[name] = intervals(samples[name], config.resamples, config.seed)
        cut = [sliced(each, sample(answers, block, weighted, each.mask, columns, config.metrics), config) for each in slices]
        details[name] = answers.details() | {
            "classes": class_intervals(samples[name]),
            "slices": cut,
            "worst": worst(cut, answers.main[0]),
            **looks(config, answers, validated(answers, name, one, valid, target["column"]), table, one.predict, target),
        }
        models[name] = one.about
        rows.append(predictions(table, name, told, answers, named))
    facts = {
        "schema": SCHEMA,
        "models": list(models),
        "n": table.num_rows,
        "groups": len(np.unique(groups)),
        "target": target,
        "classes": list(classes),
        "main": [*kind.main, *(metric.name for metric in config.metrics)],
        "resamples": config.resamples,
        "seed": config.seed,
        "data": data_of(everything, table, told, kind),
        "definitions": definitions(metrics, config.metrics),
        "metrics": metrics,
        "seeds": {name: over_seeds([samples[one] for one in members], members) for name, members in config.seeds.items()},
        "details": details,
        "model": models,
        "suspects": suspected(samples, table, config.resamples, config.seed),
    }
    return Evaluated(Evaluation(facts=facts), Table.of(Prediction, *rows))
