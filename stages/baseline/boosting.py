"""Gradient-boosted trees by LightGBM, from numbers, categories and a text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix, hstack
from scipy.special import softmax

from pipeline import Model

from ..predict import Predictor
from ..targets import Number, Target
from ..texts import texts_of
from .columns import category_codes, category_values, number_columns
from .grow import grow
from .tfidf import load_tfidf, save_tfidf, tfidf
from .trees import load_trees, save_trees, scores
from .truth import Array, classes_of, numbers_of, target_facts

if TYPE_CHECKING:
    from .rungs import Boosting

_ROWS = 4096  # predicted at once: of a text, only as many are dense


def fit_boosting(config: Boosting, training: pa.Table, validation: pa.Table, target: Target) -> Model:
    """Fit on the training rows; the loss on the validation rows says when to stop. The same rows give the same bytes.

    Without validation rows a tenth of `trees` are grown, and nothing stops them earlier.
    """
    truth = training[target.column]
    classes = classes_of(target, truth)
    if isinstance(target, Number):
        scale = {"mean": pc.mean(truth).as_py(), "deviation": pc.stddev(truth).as_py()}
        known = validation
    else:
        scale, known = {}, validation.filter(pc.is_in(validation[target.column], value_set=pa.array(classes)))
    terms = tfidf(texts_of(training, config.text), config.size) if config.text else None
    made = {
        "numbers": list(config.numbers),
        "categories": {name: category_values(training, name) for name in config.categories},
        "text": config.text,
    }
    learnt, *held_out = [
        (_features(made, terms, part), _truth(part[target.column], classes, scale))
        for part in (training, known)
        if part.num_rows
    ]
    dumped = grow(config, learnt, held_out[0] if held_out else None, len(classes))
    trees = save_trees(dumped)
    facts = {
        "reads": list(config.columns()),
        "family": "boosting",
        "target": target_facts(target, **scale),
        "classes": classes,
        "parameters": int(load_trees(trees)["values"].size),
        "trees": len(dumped["tree_info"]) // _outputs(classes),
    }
    files = {"trees.safetensors": trees, "columns.json": json.dumps(made).encode()}
    return Model(facts=facts, files=files | (save_tfidf(terms) if terms else {}))


def load_boosting(model: Model) -> Predictor:
    """Rebuild the features and the trees, without LightGBM. Raises StageError for trees that are none."""
    made, classes, target = (
        json.loads(model.read("columns.json")),
        model.facts["classes"],
        dict(model.facts.get("target") or {}),
    )
    terms = load_tfidf(model.read("terms.json"), model.read("terms.safetensors")) if made["text"] else None
    trees = load_trees(model.read("trees.safetensors"))
    used, columns = np.unique(trees["feature"], return_inverse=True)
    trees["feature"] = columns  # of those that are used

    def predict(rows: pa.Table) -> np.ndarray[Any, Any]:
        features = _features(made, terms, rows)
        found = []
        for start in range(0, rows.num_rows, _ROWS):
            some = features[start : start + _ROWS][:, used]
            found.append(scores(trees, some if terms is None else some.toarray(), _outputs(classes)))
        raw = np.concatenate(found)
        if not classes:
            return raw * float(target["deviation"]) + float(target["mean"])
        return np.asarray(softmax(np.hstack([np.zeros_like(raw), raw]) if len(classes) == 2 else raw, axis=1))

    return predict


def _features(made: Mapping[str, Any], terms: Any, rows: pa.Table) -> Any:
    """[n, numbers + categories + terms], sparse where there is a text; what is missing is NaN."""
    columns = [
        *number_columns(rows, made["numbers"]),
        *(category_codes(rows, name, values) for name, values in made["categories"].items()),
    ]
    dense = np.column_stack(columns) if columns else np.zeros((rows.num_rows, 0))
    if terms is None:
        return dense
    return hstack([csr_matrix(dense), terms.transform(texts_of(rows, made["text"]))], format="csr")


def _outputs(classes: Sequence[str]) -> int:
    """How many trees grow at a time: one for a number, and for two classes."""
    return len(classes) if len(classes) > 2 else 1


def _truth(column: pa.ChunkedArray, classes: list[str], scale: Mapping[str, float]) -> Array:
    """Class numbers, or standardised values, since LightGBM keeps fp32: [n]"""
    if classes:
        return numbers_of(column, classes)
    return np.asarray((column.to_numpy() - scale["mean"]) / scale["deviation"])
