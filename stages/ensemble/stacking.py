"""A linear model of what models say. n rows, M members, C classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from safetensors.numpy import load, save
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression, Ridge

from pipeline import Model, StageError, Table
from pipeline.errors import suggest

from ..predict import Predictor
from .members import Array, asked, members_of, require_agreement, target_of, together

_WEIGHTS = "weights.safetensors"
_LEAST = 1e-6  # a probability below it counts as it
_ROUNDS = 5000


def stack(rows: Table[Any], models: Mapping[str, Model], strength: float) -> Model:
    """Fit on the validation rows; the same rows give the same bytes."""
    require_agreement(models)
    first = next(iter(models.values()))
    target, classes = target_of(first), list(first.facts["classes"])
    table = rows.read()
    table = table.filter(pc.equal(table["split"], "valid"))
    column = str(target["column"])
    if column not in table.column_names:
        raise StageError(f"the rows have no column {column!r}, the target of the models; {suggest(column, table.column_names)}")
    table = table.filter(pc.is_valid(table[column]))
    if not table.num_rows:
        raise StageError("no row is for validation, on which a stack is fitted; give Split a larger valid share")
    said = asked(models)(table)  # [n, M, C]
    match target["kind"]:
        case "number":
            arrays = _number(said, table[column].cast(pa.float64()).to_numpy(), strength)
        case "several_of":
            arrays = _several(said, table[column].to_pylist(), classes, strength)
        case _:
            arrays = _one(said, table[column].to_pylist(), classes, strength)
    weights = {name: np.ascontiguousarray(array, np.float64) for name, array in arrays.items()}
    own = sum(array.size for array in weights.values() if array.dtype == np.float64)
    facts = {"order": list(models), "own_parameters": own, "fitted_on": {"split": "valid", "rows": table.num_rows}}
    return together("stack", models, facts, {_WEIGHTS: save(weights)})


def load_stack(model: Model) -> Predictor:
    """Ask each member, and apply the regression."""
    ask, arrays, kind = asked(members_of(model)), load(model.read(_WEIGHTS)), target_of(model)["kind"]
    coefficients, intercept = arrays["coefficients"], arrays["intercept"]

    def predict(rows: pa.Table) -> Array:
        said = ask(rows)  # [n, M, C]
        if kind == "number":
            return np.asarray(said[:, :, 0] @ coefficients[:, None] + intercept)
        if kind == "several_of":
            return np.asarray(expit(np.einsum("nmc,cm->nc", _logits(said), coefficients) + intercept))
        found, seen = np.asarray(said.mean(1)), arrays["seen"].astype(int)  # a class that validation never saw keeps the mean
        left = 1 - np.delete(found, seen, axis=1).sum(1, keepdims=True)
        found[:, seen] = left * softmax(_logs(said) @ coefficients.T + intercept, axis=1)
        return found

    return predict


def _one(said: Array, truth: list[str], classes: list[str], strength: float) -> dict[str, Array]:
    """coefficients [S, M x C] and intercept [S] for the S classes that were seen, whose places are in `seen`."""
    places = [classes.index(label) for label in truth if label in classes]
    known = np.array([label in classes for label in truth])
    seen = np.unique(places)
    if len(seen) < 2:
        raise StageError(
            f"the validation rows hold {len(seen)} of the classes, expected at least 2; give Split a larger valid share"
        )
    regression = LogisticRegression(C=strength, max_iter=_ROUNDS).fit(_logs(said[known]), places)
    coefficients, intercept = regression.coef_, regression.intercept_
    if len(seen) == 2:  # scikit-learn keeps one row for two classes; two make every case alike
        coefficients, intercept = (
            np.vstack([-coefficients / 2, coefficients / 2]),
            np.concatenate([-intercept / 2, intercept / 2]),
        )
    return {"coefficients": coefficients, "intercept": intercept, "seen": seen}


def _several(said: Array, truth: list[list[str] | None], classes: list[str], strength: float) -> dict[str, Array]:
    """coefficients [C, M] and intercept [C]; a class that all rows have, or none, keeps the mean of the members' logits."""
    n, members, _ = said.shape
    coefficients, intercept = np.full((len(classes), members), 1 / members), np.zeros(len(classes))
    given = _logits(said)
    for place, name in enumerate(classes):
        has = np.array([name in (row or ()) for row in truth])
        if 0 < has.sum() < n:
            fitted = LogisticRegression(C=strength, max_iter=_ROUNDS).fit(given[:, :, place], has)
            coefficients[place], intercept[place] = fitted.coef_[0], fitted.intercept_[0]
    return {"coefficients": coefficients, "intercept": intercept}


def _number(said: Array, truth: Array, strength: float) -> dict[str, Array]:
    """coefficients [M] and intercept [1]"""
    finite = np.isfinite(truth)
    fitted = Ridge(alpha=1 / strength).fit(said[finite, :, 0], truth[finite])
    return {"coefficients": fitted.coef_, "intercept": np.atleast_1d(fitted.intercept_)}


def _logs(said: Array) -> Array:
    """[n, M, C] -> [n, M x C]"""
    return np.asarray(np.log(np.maximum(said, _LEAST)).reshape(len(said), -1))


def _logits(said: Array) -> Array:
    """[n, M, C] -> the same"""
    return np.asarray(logit(np.clip(said, _LEAST, 1 - _LEAST)))
