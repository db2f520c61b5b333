"""TF-IDF of words, marks and their pairs under a logistic regression, stored as JSON and safetensors."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline import Model, report

from ..predict import Predictor

_ROUNDS = 2000  # at most; real texts take some hundred


def fit_tfidf_logistic(texts: Sequence[str], labels: Sequence[str], strength: float, size: int) -> Model:
    """Fit on texts and labels; the same rows give the same bytes.

    Where the solver has not settled after 2,000 rounds over the rows, the facts and the progress say so.
    """
    vectorizer = _vectorizer(min_df=2, max_features=size)
    features = vectorizer.fit_transform(texts)
    regression = LogisticRegression(C=strength, solver="saga", max_iter=_ROUNDS, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told below, in our own words
        regression.fit(features, labels)
    rounds = int(regression.n_iter_[0])
    if rounds >= _ROUNDS:
        report(rounds, _ROUNDS, f"note: the fit has not settled after {rounds:,} rounds; a strength below {strength:g} helps")
    coefficients = np.ascontiguousarray(regression.coef_, np.float32)  # safetensors writes memory as it lies
    if len(regression.classes_) == 2:  # scikit-learn keeps one row for two classes; two make every case alike
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
    intercept = np.atleast_1d(regression.intercept_).astype(np.float32)
    intercept = np.concatenate([-intercept / 2, intercept / 2]) if len(regression.classes_) == 2 else intercept
    terms = vectorizer.get_feature_names_out().tolist()
    arrays = {"coefficients": coefficients, "intercept": intercept, "idf": vectorizer.idf_.astype(np.float32)}
    return Model(
        facts={
            "family": "tfidf_logistic",
            "classes": [str(label) for label in regression.classes_],
            "parameters": int(coefficients.size + intercept.size),
            "iterations": rounds,
            "converged": rounds < _ROUNDS,
        },
        files={"terms.json": json.dumps(terms, ensure_ascii=False).encode(), "weights.safetensors": save(arrays)},
    )


def load_tfidf_logistic(model: Model) -> Predictor:
    """Rebuild the features from their terms and weights; no scikit-learn object was ever stored."""
    arrays = load(model.read("weights.safetensors"))
    vectorizer = _vectorizer(vocabulary=json.loads(model.read("terms.json")))
    vectorizer.idf_ = arrays["idf"]

    def predict(rows: pa.Table) -> np.ndarray[Any, Any]:
        scores = vectorizer.transform(rows["text"].to_pylist()) @ arrays["coefficients"].T + arrays["intercept"]
        return np.asarray(softmax(np.asarray(scores, np.float64), axis=1))

    return predict


def _vectorizer(**given: Any) -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32, token_pattern=r"\w+|[^\w\s]", **given)
