"""TF-IDF of words, marks and their pairs under a logistic regression, stored as JSON and safetensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from safetensors.numpy import load, save
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline import Model

from ..predict import Predictor


def fit_tfidf_logistic(texts: Sequence[str], labels: Sequence[str], strength: float, size: int) -> Model:
    """Fit on texts and labels; the same rows give the same bytes."""
    vectorizer = _vectorizer(min_df=2, max_features=size)
    features = vectorizer.fit_transform(texts)
    regression = LogisticRegression(C=strength, solver="saga", max_iter=400, random_state=0).fit(features, labels)
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
            "iterations": int(regression.n_iter_[0]),
        },
        files={"terms.json": json.dumps(terms, ensure_ascii=False).encode(), "weights.safetensors": save(arrays)},
    )


def load_tfidf_logistic(model: Model) -> Predictor:
    """Rebuild the features from their terms and weights; no scikit-learn object was ever stored."""
    arrays = load(model.read("weights.safetensors"))
    vectorizer = _vectorizer(vocabulary=json.loads(model.read("terms.json")))
    vectorizer.idf_ = arrays["idf"]

    def predict(texts: Sequence[str]) -> np.ndarray[Any, Any]:
        scores = vectorizer.transform(texts) @ arrays["coefficients"].T + arrays["intercept"]
        return np.asarray(softmax(np.asarray(scores, np.float64), axis=1))

    return predict


def _vectorizer(**given: Any) -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32, token_pattern=r"\w+|[^\w\s]", **given)
