"""What a linear model of scikit-learn is stored as."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def two_rows(coefficients: Array, intercepts: Array) -> tuple[Array, Array]:
    """fp32 [C, V] and [C], rows as safetensors writes them.

    scikit-learn keeps one row for two classes; two of half its size, one turned round, make every case alike under a softmax.
    """
    weights = np.ascontiguousarray(coefficients, np.float32)  # safetensors writes memory as it lies
    biases = np.atleast_1d(intercepts).astype(np.float32)
    if len(weights) > 1:
        return weights, biases
    return np.vstack([-weights / 2, weights / 2]), np.concatenate([-biases / 2, biases / 2])
