"""The mean of models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from pipeline import Model, StageError
from pipeline.errors import suggest

from ..predict import Predictor
from .members import Array, asked, members_of, together


def average(models: Mapping[str, Model], weights: Mapping[str, float]) -> Model:
    """One model whose weights sum to 1."""
    for name in weights:
        if name not in models:
            raise StageError(f"there is a weight for {name!r}, which is none of the models; {suggest(name, models)}")
    missing = [name for name in models if weights and name not in weights]
    if missing:
        raise StageError(f"there is no weight for {missing[0]!r}; give one for each of {', '.join(models)}, or none")
    given = [float(weights.get(name, 1.0)) for name in models]
    if not sum(given):
        raise StageError("all weights are 0, expected one above it")
    shares = [weight / sum(given) for weight in given]
    return together("average", models, {"order": list(models), "weights": shares, "own_parameters": len(shares)}, {})


def load_average(model: Model) -> Predictor:
    """Ask each member, and take the weighted mean."""
    ask, shares = asked(members_of(model)), np.asarray(model.facts["weights"], np.float64)

    def predict(rows: pa.Table) -> Array:
        return np.asarray(np.einsum("nmc,m->nc", ask(rows), shares))

    return predict
