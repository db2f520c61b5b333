"""From models and test rows to the evaluation and its predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from pipeline import Evaluation, Model, StageError, Table, report
from schemas import Prediction

from ..predict import predictor
from .metrics import Answers, intervals

if TYPE_CHECKING:
    from .stage import Evaluate, Evaluated


def evaluate(config: Evaluate, rows: Table[Any], models: Mapping[str, Model]) -> Evaluated:
    """Measure every model on the same test rows."""
    from .stage import Evaluated

    table = rows.read()
    table = table.filter(pc.equal(table["split"], "test"))
    if not table.num_rows:
        raise StageError("no row is for testing, so that there is nothing to measure; give Split a larger test share")
    known = {label for model in models.values() for label in model.facts["classes"]}
    classes = sorted(known | set(table["label"].to_pylist()))
    truth = pc.index_in(table["label"], value_set=pa.array(classes)).to_numpy()
    groups = table["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    slices = dict(_slices(config, table))
    metrics, details, predictions = {}, {}, []
    for position, (name, model) in enumerate(models.items()):
        report(position, len(models), name)
        answers = Answers(truth, _probabilities(model, table, classes), groups)
        metrics[name] = intervals(answers, config.resamples, config.seed)
        details[name] = {
            "classes": _per_class(answers, classes),
            "confusion": confusion_matrix(truth, answers.chosen, labels=range(len(classes))).tolist(),
            "slices": {
                f"{column}={value}": {"n": int(mask.sum())} | intervals(answers.where(mask), config.resamples, config.seed)
                for (column, value), mask in slices.items()
            },
        }
        predictions.append(_predictions(table, name, answers, classes))
    facts = {
        "models": list(models),
        "n": table.num_rows,
        "groups": len(np.unique(groups)),
        "classes": classes,
        "metrics": metrics,
        "details": details,
    }
    return Evaluated(Evaluation(facts=facts), Table.of(Prediction, *predictions))


def _probabilities(model: Model, rows: pa.Table, classes: list[str]) -> np.ndarray[Any, Any]:
    """[n, classes]: the model's own columns, zero for a class that it never saw."""
    found = np.zeros((rows.num_rows, len(classes)))
    found[:, [classes.index(label) for label in model.facts["classes"]]] = predictor(model)(rows)
    return found


def _slices(config: Evaluate, table: pa.Table) -> Iterator[tuple[tuple[str, str], np.ndarray[Any, Any]]]:
    for column in config.slices:
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


def _per_class(answers: Answers, classes: list[str]) -> dict[str, dict[str, float]]:
    found = precision_recall_fscore_support(answers.truth, answers.chosen, labels=range(len(classes)), zero_division=0.0)
    names = ("precision", "recall", "f1", "support")
    return {
        label: {name: float(values[i]) for name, values in zip(names, found, strict=True)} for i, label in enumerate(classes)
    }


def _predictions(table: pa.Table, name: str, answers: Answers, classes: list[str]) -> pa.Table:
    n = table.num_rows
    return pa.table(
        {
            "id": table["id"],
            "model": pa.array([name] * n),
            "label": table["label"],
            "prediction": pa.array(classes).take(pa.array(answers.chosen)),
            "group": table["group"],
            "probabilities": pa.array(list(answers.probabilities), pa.list_(pa.float64())),
        }
    )
