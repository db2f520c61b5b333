"""Gradient-boosted trees by LightGBM, from numbers, categories and a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix, hstack
from scipy.special import softmax

from pipeline import Model

from ..predict import Predictor
from .columns import category_codes, category_values, number_columns
from .grow import grow
from .tfidf import load_tfidf, save_tfidf, tfidf
from .trees import load_trees, save_trees, scores

if TYPE_CHECKING:
    from .rungs import Boosting

_ROWS = 4096  # predicted at once: of a text, only as many are dense


def fit_boosting(config: Boosting, training: pa.Table, validation: pa.Table) -> Model:
    """Fit on the training rows; the loss on the validation rows says when to stop. The same rows give the same bytes.

    Without validation rows a tenth of `trees` are grown, and nothing stops them earlier.
    """
    classes = sorted(set(training["label"].to_pylist()))
    known = validation.filter(pc.is_in(validation["label"], value_set=pa.array(classes)))
    terms = tfidf(training[config.text].to_pylist(), config.size) if config.text else None
    made = {
        "numbers": list(config.numbers),
        "categories": {name: category_values(training, name) for name in config.categories},
        "text": config.text,
    }
    learnt, *held_out = [(_features(made, terms, part), _numbers(part, classes)) for part in (training, known) if part.num_rows]
    dumped = grow(config, learnt, held_out[0] if held_out else None, len(classes))
    trees = save_trees(dumped)
    facts = {
        "reads": list(config.columns()),
        "family": "boosting",
        "classes": classes,
        "parameters": int(load_trees(trees)["values"].size),
        "trees": len(dumped["tree_info"]) // (1 if len(classes) == 2 else len(classes)),
    }
    files = {"trees.safetensors": trees, "columns.json": json.dumps(made).encode()}
    return Model(facts=facts, files=files | (save_tfidf(terms) if terms else {}))


def load_boosting(model: Model) -> Predictor:
    """Rebuild the features and the trees, without LightGBM. Raises StageError for trees that are none."""
    made, classes = json.loads(model.read("columns.json")), len(model.facts["classes"])
    terms = load_tfidf(model.read("terms.json"), model.read("terms.safetensors")) if made["text"] else None
    trees = load_trees(model.read("trees.safetensors"))
    used, columns = np.unique(trees["feature"], return_inverse=True)
    trees["feature"] = columns  # of those that are used

    def predict(rows: pa.Table) -> np.ndarray[Any, Any]:
        features = _features(made, terms, rows)
        found = []
        for start in range(0, rows.num_rows, _ROWS):
            some = features[start : start + _ROWS][:, used]
            found.append(scores(trees, some if terms is None else some.toarray(), 1 if classes == 2 else classes))
        raw = np.concatenate(found)
        return np.asarray(softmax(np.hstack([np.zeros_like(raw), raw]) if classes == 2 else raw, axis=1))

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
    return hstack([csr_matrix(dense), terms.transform(rows[made["text"]].to_pylist())], format="csr")


def _numbers(rows: pa.Table, classes: list[str]) -> np.ndarray[Any, Any]:
    """The class of each row: [n]"""
    return np.asarray(pc.index_in(rows["label"], value_set=pa.array(classes)).to_numpy())
