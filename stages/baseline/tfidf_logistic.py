"""TF-IDF of a text's terms under a logistic regression, stored as JSON and safetensors."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline import Model, report

from ..predict import Predictor
from ..targets import SeveralOf, Target
from ..texts import texts_of
from .linear import in_order, two_rows
from .tfidf import load_tfidf, save_tfidf, tfidf
from .truth import Array, classes_of, memberships_of, target_facts

if TYPE_CHECKING:
    from .rungs import TfidfLogistic

_ROUNDS = 2000  # at most; real texts take some hundred


def fit_tfidf_logistic(config: TfidfLogistic, training: pa.Table, target: Target) -> Model:
    """Fit on texts and their classes; the same rows give the same bytes.

    Where the solver has not settled after 2,000 rounds over the rows, the facts and the progress say so.
    """
    texts, truth = texts_of(training, "text"), training[target.column]
    classes = classes_of(target, truth)
    vectorizer = tfidf(texts, config.size, config.units)
    features = vectorizer.transform(texts)
    if isinstance(target, SeveralOf):
        coefficients, intercepts, rounds = _each_class(config, features, memberships_of(truth, classes))
    else:
        regression, rounds = _regression(config, features, np.asarray(truth.to_pylist()))
        found = two_rows(regression.coef_, regression.intercept_)
        coefficients, intercepts = in_order(*found, [str(label) for label in regression.classes_], classes)
    if rounds >= _ROUNDS:
        report(
            rounds,
            _ROUNDS,
            f"note: the fit has not settled after {rounds:,} rounds; a strength below {config.strength:g} helps",
        )
    return Model(
        facts={
            "family": "tfidf_logistic",
            "target": target_facts(target),
            "classes": classes,
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
    several = dict(model.facts.get("target") or {}).get("kind") == "several_of"

    def predict(rows: pa.Table) -> np.ndarray[Any, Any]:
        scores = vectorizer.transform(texts_of(rows, "text")) @ arrays["coefficients"].T + arrays["intercepts"]
        scores = np.asarray(scores, np.float64)
        return np.asarray(expit(scores) if several else softmax(scores, axis=1))

    return predict


def _regression(config: TfidfLogistic, features: Any, truth: Array) -> tuple[LogisticRegression, int]:
    """Fitted, and the rounds that it took."""
    regression = LogisticRegression(C=config.strength, solver="saga", max_iter=_ROUNDS, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told by the caller, in our own words
        regression.fit(features, truth)
    return regression, int(regression.n_iter_[0])


def _each_class(config: TfidfLogistic, features: Any, truth: Array) -> tuple[Array, Array, int]:
    """A regression a class, has it or not: fp32 [C, V] and [C], and the rounds of the longest. truth: [n, C]"""
    (n, classes), most = truth.shape, 0
    weights = np.zeros((classes, features.shape[1]), np.float32)
    biases = np.full(
        classes, np.log(2 * n + 1), np.float32
    )  # of a class that every row has, (n + 1/2) / (n + 1): nothing to learn
    for place in range(classes):
        report(place, classes, "classes")
        if not truth[:, place].all():
            fitted, rounds = _regression(config, features, truth[:, place])
            weights[place], biases[place], most = fitted.coef_[0], fitted.intercept_[0], max(most, rounds)
    return weights, biases, most
