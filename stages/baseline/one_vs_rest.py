"""Logistic regressions of each class against the rest, all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch.nn import functional as F

from ..threads import on_threads

Array = np.ndarray[Any, Any]

_ROUNDS = 1000  # at most; real vectors take some hundred


def fit_one_vs_rest(vectors: Array, truth: Array, classes: int, strength: float, threads: int) -> tuple[Array, Array, bool]:
    """Coefficients [C, H] and intercepts [C] as fp32, and whether the fit has settled.

    vectors: [n, H]; truth: [n] class numbers.  Minimises strength x the summed log loss + |w|^2 / 2 of every class (intercepts go
    free), by L-BFGS over all of them: they share no weight, so that the sum's minimum is each one's.
    """
    rows, width = vectors.shape
    inputs = torch.from_numpy(np.asarray(vectors, np.float64))  # [n, H]
    signs = (
        2.0 * F.one_hot(torch.from_numpy(np.asarray(truth, np.int64)), classes).double() - 1
    )  # [n, C]: 1 for its class, else -1

    def loss(flat: Array) -> tuple[float, Array]:
        weights = torch.from_numpy(flat).view(classes, width + 1)
        w, b = weights[:, :width], weights[:, width]
        agreement = signs * (inputs @ w.T + b)  # [n, C]
        value = strength * F.softplus(-agreement).sum() + w.square().sum() / 2
        pull = -strength * signs * torch.sigmoid(-agreement)  # [n, C]
        gradient = torch.cat([pull.T @ inputs + w, pull.sum(0)[:, None]], 1)
        return float(value) / rows, gradient.flatten().numpy() / rows

    with on_threads(threads):
        found = minimize(
            loss,
            np.zeros(classes * (width + 1)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ROUNDS, "ftol": 1e-8, "gtol": 1e-6},
        )
    weights = found.x.reshape(classes, width + 1).astype(np.float32)
    return np.ascontiguousarray(weights[:, :width]), np.ascontiguousarray(weights[:, width]), bool(found.success)
