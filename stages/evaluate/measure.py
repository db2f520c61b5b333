"""From models and test rows to the evaluation and its predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Evaluation, Model, StageError, Table, report
from pipeline.errors import suggest
from schemas import Prediction

from ..predict import predictor
from .answers import Answers, Array
from .kinds import KINDS, shared_target
from .metrics import intervals

if TYPE_CHECKING:
    from .stage import Evaluate, Evaluated


def evaluate(config: Evaluate, rows: Table[Any], models: Mapping[str, Model]) -> Evaluated:
    """Measure every model on the same test rows."""
    from .stage import Evaluated

    table = rows.read()
    table = table.filter(pc.equal(table["split"], "test"))
    if not table.num_rows:
        raise StageError("no row is for testing, so that there is nothing to measure; give Split a larger test share")
    target = shared_target(models)
    kind = KINDS[target["kind"]]
    told = kind.told(_truth(table, target["column"]))
    classes = target.get("levels") or sorted({name for m in models.values() for name in m.facts["classes"]} | kind.named(told))
    truth = kind.read(told, classes)
    groups = table["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    slices = dict(_slices(config, table))
    metrics, details, predictions = {}, {}, []
    for position, (name, model) in enumerate(models.items()):
        report(position, len(models), name)
        answers = kind(truth, _outputs(name, model, table, classes), groups, tuple(classes))
        metrics[name] = intervals(answers, config.resamples, config.seed)
        details[name] = answers.details() | {
            "slices": {
                f"{column}={value}": {"n": int(mask.sum())} | intervals(answers.where(mask), config.resamples, config.seed)
                for (column, value), mask in slices.items()
            },
        }
        predictions.append(_predictions(table, name, told, answers))
    facts = {
        "models": list(models),
        "n": table.num_rows,
        "groups": len(np.unique(groups)),
        "target": target,
        "classes": classes,
        "metrics": metrics,
        "details": details,
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


def _outputs(name: str, model: Model, rows: pa.Table, classes: list[str]) -> Array:
    """[n, classes]: the model's own columns, zero for a class that it never saw; [n, 1] for a number. Raises StageError for NaN."""
    given = predictor(model)(rows)
    if not np.isfinite(given).all():
        row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
        raise StageError(
            f"model {name!r} says {given[row].tolist()} of row {rows['id'][row].as_py()!r}, expected finite numbers"
        )
    return over(given, model.facts["classes"], classes)


def over(given: Array, own: list[str], classes: list[str]) -> Array:
    """Outputs over `classes`, from those over `own`; as they are where there are no classes."""
    if not classes or own == classes:
        return given
    found = np.zeros((len(given), len(classes)))
    found[:, [classes.index(label) for label in own]] = given
    return found


def _slices(config: Evaluate, table: pa.Table) -> Iterator[tuple[tuple[str, str], np.ndarray[Any, Any]]]:
    for column in config.slices:
        if column == "length" and "text" not in table.column_names:
            continue  # the default, where there is nothing that has one
        if column == "length":
            lengths = pc.utf8_length(table["text"]).to_numpy()
            edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75]).astype(int))
            bins = np.searchsorted(edges, lengths)
            bounds = [min(1, int(lengths.min())) - 1, *edges, int(lengths.max())]
            for position in np.unique(bins):
                yield (column, f"{bounds[position] + 1}-{bounds[position + 1]}"), bins == position
        else:
            values = table[column].cast(pa.string())
            for value in sorted(set(values.to_pylist()), key=str):
                same = values.is_null() if value is None else pc.fill_null(pc.equal(values, value), False)
                yield (column, str(value)), same.to_numpy()


def _predictions(table: pa.Table, name: str, told: list[str], answers: Answers) -> pa.Table:
    return pa.table(
        {
            "id": table["id"],
            "model": pa.array([name] * table.num_rows, pa.string()),
            "label": pa.array(told, pa.string()),
            "prediction": pa.array(answers.chosen_texts(), pa.string()),
            "group": table["group"],
            "values": pa.array(list(answers.outputs), pa.list_(pa.float64())),
        }
    )
