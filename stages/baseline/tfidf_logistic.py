"""TF-IDF of a text's terms under a logistic regression, stored as JSON and safetensors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline import Model, report

from ..predict import Predictor
from .linear import two_rows
from .tfidf import load_tfidf, save_tfidf, tfidf

if TYPE_CHECKING:
    from .rungs import TfidfLogistic

_ROUNDS = 2000  # at most; real texts take some hundred


def fit_tfidf_logistic(config: TfidfLogistic, texts: Sequence[str], labels: Sequence[str]) -> Model:
    """Fit on texts and labels; the same rows give the same bytes.

    Where the solver has not settled after 2,000 rounds over the rows, the facts and the progress say so.
    """
    vectorizer = tfidf(texts, config.size, config.units)
    regression = LogisticRegression(C=config.strength, solver="saga", max_iter=_ROUNDS, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told below, in our own words
        regression.fit(vectorizer.transform(texts), labels)
    rounds = int(regression.n_iter_[0])
    if rounds >= _ROUNDS:
        report(
            rounds,
            _ROUNDS,
            f"note: the fit has not settled after {rounds:,} rounds; a strength below {config.strength:g} helps",
        )
    coefficients, intercepts = two_rows(regression.coef_, regression.intercept_)
    return Model(
        facts={
            "family": "tfidf_logistic",
            "classes": [str(label) for label in regression.classes_],
            "parameters": int(coefficients.size + intercepts.size),
            "units": config.units,
            "iterations": rounds,
            "converged": rounds < _ROUNDS,
        },
        files={
            **save_tfidf(vectorizer),
            "weights.safetensors": save({"coefficients": coefficients, "intercepts": intercepts}),
        },
    )


def load_tfidf_logistic(model: Model) -> Predictor:
    """Rebuild the features from their terms and weights."""
    arrays = load(model.read("weights.safetensors"))
    vectorizer = load_tfidf(model.read("terms.json"), model.read("terms.safetensors"), model.facts["units"])

    def predict(rows: pa.Table) -> np.ndarray[Any, Any]:
        scores = vectorizer.transform(rows["text"].to_pylist()) @ arrays["coefficients"].T + arrays["intercepts"]
        return np.asarray(softmax(np.asarray(scores, np.float64), axis=1))

    return predict
