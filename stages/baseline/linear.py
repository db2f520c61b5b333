"""What a linear model of scikit-learn is stored as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def two_rows(coefficients: Array, intercepts: Array) -> tuple[Array, Array]:
    """fp32 [C, V] and [C].

    scikit-learn keeps one row for two classes; two of half its size, one turned round, make every case alike under a softmax.
    """
    weights = np.asarray(coefficients, np.float32)
    biases = np.atleast_1d(intercepts).astype(np.float32)
    if len(weights) > 1:
        return weights, biases
    return np.vstack([-weights / 2, weights / 2]), np.concatenate([-biases / 2, biases / 2])


def in_order(weights: Array, biases: Array, seen: Sequence[str], classes: Sequence[str]) -> tuple[Array, Array]:
    """Rows of the classes that training saw as rows of all: [S, V], [S] -> [C, V], [C]. One never seen has no chance under a softmax."""
    places = [classes.index(name) for name in seen]
    all_weights = np.zeros((len(classes), weights.shape[1]), np.float32)  # row by row, as safetensors writes memory
    all_biases = np.full(len(classes), -np.inf, np.float32)
    all_weights[places], all_biases[places] = weights, biases
    return all_weights, all_biases
