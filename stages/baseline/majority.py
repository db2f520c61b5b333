"""The most frequent label or the mean, always: what accuracy costs nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Model

from ..predict import Predictor
from ..targets import Number, SeveralOf, Target
from .truth import Array, classes_of, memberships_of, numbers_of, target_facts


def fit_majority(target: Target, truth: pa.ChunkedArray) -> Model:
    """What the training rows say on average: the share of each class or level, a share each of several classes, or the mean."""
    classes = classes_of(target, truth)
    shares = [float(share) for share in _shares(target, truth, classes)]
    return Model(
        facts={
            "family": "majority",
            "target": target_facts(target),
            "classes": classes,
            "parameters": len(shares),
            "shares": shares,
        }
    )


def load_majority(model: Model) -> Predictor:
    """The same outputs for every row."""
    shares = np.asarray(model.facts["shares"], np.float64)
    return lambda rows: np.tile(shares, (rows.num_rows, 1))


def _shares(target: Target, truth: pa.ChunkedArray, classes: list[str]) -> Array:
    match target:
        case Number():
            return np.asarray([pc.mean(truth).as_py()])
        case SeveralOf():
            return np.asarray(memberships_of(truth, classes).mean(axis=0))
    return np.bincount(numbers_of(truth, classes), minlength=len(classes)) / len(truth)
