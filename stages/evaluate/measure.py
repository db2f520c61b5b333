"""From models and test rows to the evaluation and its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Evaluation, Model, StageError, Table, report
from pipeline.errors import suggest
from schemas import Prediction

from ..metrics.blocks import blocks, weights
from ..metrics.interval import intervals
from ..metrics.sample import sample
from ..predict import Predictor, predictor
from .about import about, data_of, definitions
from .answers import Answers, Array
from .classes import class_intervals
from .kinds import KINDS, shared_target
from .looks import looks, suspected, validation
from .seeds import over_seeds
from .slices import Slice, sliced, slices_of, worst

if TYPE_CHECKING:
    from .stage import Evaluate, Evaluated

SCHEMA = "brickwise.evaluation/1"


def evaluate(config: Evaluate, rows: Table[Any], models: Mapping[str, Model]) -> Evaluated:
    """Measure every model on the same test rows."""
    from .stage import Evaluated

    everything = rows.read()
    table = everything.filter(pc.equal(everything["split"], "test"))
    if not table.num_rows:
        raise StageError("no row is for testing, so that there is nothing to measure; give Split a larger test share")
    target = shared_target(models)
    kind = KINDS[target["kind"]]
    told = kind.told(_truth(table, target["column"]))
    classes = target.get("levels") or sorted({name for m in models.values() for name in m.facts["classes"]} | kind.named(told))
    truth = kind.read(told, classes)
    groups = table["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    block = blocks(groups, config.seed)
    weighted = weights(int(block.max()) + 1, config.resamples, config.seed)
    slices = slices_of(config.slices, table)
    named = _names_of_slices(slices, table.num_rows)
    valid = everything.filter(pc.equal(everything["split"], "valid"))
    samples, metrics, details, predictions = {}, {}, {}, []
    for position, (name, model) in enumerate(models.items()):
        report(position, len(models), name)
        predict = predictor(model)
        answers = kind(truth, _outputs(name, model, predict, table, classes), groups, tuple(classes))
        columns = answers.columns()
        samples[name] = sample(answers, block, weighted, columns=columns, own=config.metrics)
        metrics[name] = intervals(samples[name], config.resamples, config.seed)
        details[name] = answers.details() | {"classes": class_intervals(samples[name])}
        cut = [sample(answers, block, weighted, one.mask, columns, config.metrics) for one in slices]
        details[name] |= {"slices": [sliced(one, found, config) for one, found in zip(slices, cut, strict=True)]}
        details[name] |= {"worst": worst(details[name]["slices"], answers.main[0])}
        details[name] |= looks(
            config, answers, _validated(answers, name, model, predict, valid, target), table, predict, target
        )
        predictions.append(_predictions(table, name, told, answers, named))
    facts = {
        "schema": SCHEMA,
        "models": list(models),
        "n": table.num_rows,
        "groups": len(np.unique(groups)),
        "target": target,
        "classes": classes,
        "main": [*kind.main, *(metric.name for metric in config.metrics)],
        "resamples": config.resamples,
        "seed": config.seed,
        "data": data_of(everything, table, told, kind),
        "definitions": definitions(metrics, config.metrics),
        "metrics": metrics,
        "seeds": {name: over_seeds([samples[one] for one in members], members) for name, members in config.seeds.items()},
        "details": details,
        "model": {name: about(model) for name, model in models.items()},
        "suspects": suspected(samples, table, config.resamples, config.seed),
    }
    return Evaluated(Evaluation(facts=facts), Table.of(Prediction, *predictions))


def _truth(table: pa.Table, column: str) -> pa.ChunkedArray:
    """The column of the target, each row's known. Raises StageError."""
    if column not in table.column_names:
        raise StageError(f"the rows have no column {column!r}, which the models learnt; {suggest(column, table.column_names)}")
    known = table[column].is_valid()
    if pa.types.is_floating(table[column].type):
        known = pc.and_kleene(known, pc.is_finite(table[column]))
    missing = table.num_rows - pc.sum(known).as_py()
    if missing:
        raise StageError(
            f"{missing:,} of {table.num_rows:,} test rows have no {column!r}, so that nothing can be right or wrong there; "
            f"leave such rows out before Split"
        )
    return table[column]


def _validated(
    answers: Answers, name: str, model: Model, predict: Predictor, valid: pa.Table, target: Mapping[str, Any]
) -> Answers | None:
    """Its answers to the validation rows whose truth is known, and one of the classes; None without any, or of a number."""
    if not answers.classes:
        return None
    told = answers.told(valid[target["column"]])
    known = [place for place, one in enumerate(told) if answers.named([one]) <= set(answers.classes)]
    valid = valid.take(pa.array(known, pa.int64()))
    if not valid.num_rows:
        return None
    groups = valid["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    outputs = _outputs(name, model, predict, valid, list(answers.classes))
    return validation(answers, [told[place] for place in known], outputs, groups)


def _outputs(name: str, model: Model, predict: Predictor, rows: pa.Table, classes: list[str]) -> Array:
    """[n, classes]: the model's own columns, zero for a class that it never saw; [n, 1] for a number. Raises StageError for NaN."""
    given = predict(rows)
    if not np.isfinite(given).all():
        row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
        raise StageError(
            f"model {name!r} says {given[row].tolist()} of row {rows['id'][row].as_py()!r}, expected finite numbers"
        )
    return spread(given, model.facts["classes"], classes)


def spread(given: Array, own: list[str], classes: list[str]) -> Array:
    """Outputs over `classes`, from those over `own`; as they are where there are no classes."""
    if not classes or own == classes:
        return given
    found = np.zeros((len(given), len(classes)))
    found[:, [classes.index(label) for label in own]] = given
    return found


def _names_of_slices(slices: list[Slice], n: int) -> pa.Array:
    """The names of the slices that each row is in: [n] lists"""
    member = np.stack([one.mask for one in slices], axis=1) if slices else np.zeros((n, 0), bool)
    names = pa.array([one.name for one in slices], pa.string())
    offsets = np.concatenate([[0], np.cumsum(member.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(np.nonzero(member)[1])))


def _predictions(table: pa.Table, name: str, told: list[str], answers: Answers, slices: pa.Array) -> pa.Table:
    n, width = answers.outputs.shape
    offsets = pa.array(np.arange(0, n * width + 1, width, dtype=np.int64))
    values = pa.LargeListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(answers.outputs, np.float64).ravel()))
    return pa.table(
        {
            "id": table["id"],
            "model": pa.array([name] * n, pa.string()),
            "label": pa.array(told, pa.string()),
            "prediction": pa.array(answers.chosen_texts(), pa.string()),
            "group": table["group"],
            "values": values.cast(pa.list_(pa.float64())),
            "loss": pa.array(answers.row_losses(), pa.float64()),
            "slices": slices,
        }
    )
