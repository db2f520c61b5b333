"""Predict: a stored model as a function from rows to its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline import Model, StageError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# n rows with their source columns -> [n, classes], rows sum to 1 where the classes exclude each other; [n, 1] for a number
Predictor = Callable[["pa.Table"], "np.ndarray[Any, Any]"]

_FAMILIES = ("majority", "nb_svm", "tfidf_logistic", "boosting", "encoder_logistic", "net")


def predictor(model: Model) -> Predictor:
    """Read a model; its columns are `model.facts["classes"]`. Raises StageError for a family nobody knows."""
    import numpy as np

    predict = _of_family(model)
    return lambda rows: predict(rows) if rows.num_rows else np.zeros((0, len(model.facts["classes"]) or 1))


def _of_family(model: Model) -> Predictor:
    match model.facts.get("family"):
        case "majority":
            from .baseline.majority import load_majority

            return load_majority(model)
        case "tfidf_logistic":
            from .baseline.tfidf_logistic import load_tfidf_logistic

            return load_tfidf_logistic(model)
        case "nb_svm":
            from .baseline.nb_svm import load_nb_svm

            return load_nb_svm(model)
        case "boosting":
            from .baseline.boosting import load_boosting

            return load_boosting(model)
        case "encoder_logistic":
            from .baseline.encoder_logistic import load_encoder_logistic

            return load_encoder_logistic(model)
        case "net":
            from .train.model import load_net

            return load_net(model)
        case family:
            raise StageError(f"model family {family!r} is unknown, expected one of {', '.join(_FAMILIES)}")
