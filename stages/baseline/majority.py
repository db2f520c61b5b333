"""The most frequent label, always: what accuracy costs nothing."""

from __future__ import annotations

from collections import Counter

import numpy as np

from pipeline import Model

from ..predict import Predictor


def fit_majority(labels: list[str]) -> Model:
    """Label frequencies of the training rows; the prediction is the greatest, its probabilities the frequencies."""
    counts = Counter(labels)
    classes = sorted(counts)
    shares = [counts[label] / len(labels) for label in classes]
    return Model(facts={"family": "majority", "classes": classes, "parameters": len(classes), "shares": shares})


def load_majority(model: Model) -> Predictor:
    """The same row of probabilities for every row."""
    shares = np.asarray(model.facts["shares"], np.float64)
    return lambda rows: np.tile(shares, (rows.num_rows, 1))
