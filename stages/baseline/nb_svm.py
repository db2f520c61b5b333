"""NB-SVM: a linear SVM over the terms of a text, each scaled by its log-count ratio (Wang and Manning 2012).

For each class against the rest: r = log((p / |p|) / (q / |q|)), p and q being how many texts of the class, and of the rest, have
a term, plus the smoothing.  An L2-regularised SVM with squared hinge loss is fitted on r times the binary features, and its
weights are drawn towards their mean magnitude: w' = (1 - beta) mean|w| + beta w.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from safetensors.numpy import load, save
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from pipeline import Model, report

from ..predict import Predictor
from ..targets import Target
from ..texts import texts_of
from .linear import in_order
from .terms import PAIRS, PATTERN, counted, stored
from .truth import classes_of, numbers_of, target_facts

if TYPE_CHECKING:
    from .rungs import NbSvm

Array = np.ndarray[Any, Any]

_ROUNDS = 5000  # at most; real texts take some dozen


def fit_nb_svm(config: NbSvm, training: pa.Table, validation: pa.Table, target: Target) -> Model:
    """Fit on texts and labels; the same rows give the same bytes.

    Probabilities are the softmax of the margins times a temperature, which the validation rows calibrate (Guo et al. 2017).
    Without any, every tenth training row does, under a fit to the others.
    """
    vectorizer = _vectorizer(max_features=config.size)
    features = counted(vectorizer, texts_of(training, "text")).tocsr()  # [n, V]
    labels = np.asarray(training[target.column].to_pylist())
    classes = classes_of(target, training[target.column])
    seen = [name for name in classes if name in set(labels.tolist())]
    fitted = []
    for done, label in enumerate(seen[-1:] if len(seen) == 2 else seen):
        report(done, len(seen), f"{label} against the rest")
        fitted.append(_against_the_rest(config, features, labels == label))
    weights, intercepts = np.stack([w for w, _ in fitted]), np.asarray([b for _, b in fitted])  # [C, V], [C]
    if len(seen) == 2:  # the margin of one is that of the other, turned round
        weights, intercepts = np.vstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    weights, intercepts = in_order(weights, intercepts, seen, classes)
    arrays = {"weights": weights, "intercepts": intercepts}
    known = validation.filter(pc.is_in(validation[target.column], value_set=pa.array(seen)))
    if known.num_rows:
        temperature = _temperature(_margins(vectorizer, arrays, known), numbers_of(known[target.column], classes))
    else:
        temperature = _held_out_temperature(config, training, target)
    return Model(
        facts={
            "family": "nb_svm",
            "target": target_facts(target),
            "classes": classes,
            "parameters": int(weights.size + intercepts.size),
            "temperature": temperature,
        },
        files={"terms.json": stored(vectorizer), "weights.safetensors": save(arrays)},
    )


def load_nb_svm(model: Model) -> Predictor:
    """Rebuild the features from their terms; no scikit-learn object was ever stored."""
    arrays, temperature = load(model.read("weights.safetensors")), float(model.facts["temperature"])
    vectorizer = _vectorizer(vocabulary=json.loads(model.read("terms.json")))
    return lambda rows: np.asarray(softmax(_margins(vectorizer, arrays, rows) * temperature, axis=1))


def _against_the_rest(config: NbSvm, features: Any, mine: Array) -> tuple[Array, float]:
    """Weights of the terms, the ratio multiplied in, and the intercept."""
    counts = [config.smoothing + np.asarray(features[rows].sum(axis=0), np.float64).ravel() for rows in (mine, ~mine)]
    ratio = np.log(counts[0] / counts[0].sum()) - np.log(counts[1] / counts[1].sum())  # [V]
    machine = LinearSVC(C=config.strength, random_state=0, max_iter=_ROUNDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # where it stops then, the margins are as good
        machine.fit(features.multiply(ratio).tocsr(), mine)
    weights = machine.coef_[0]
    return ratio * ((1 - config.beta) * np.abs(weights).mean() + config.beta * weights), float(machine.intercept_[0])


def _margins(vectorizer: CountVectorizer, arrays: dict[str, Array], rows: pa.Table) -> Array:
    found = vectorizer.transform(texts_of(rows, "text")) @ arrays["weights"].T + arrays["intercepts"]
    return np.asarray(found, np.float64)  # [n, C]


def _held_out_temperature(config: NbSvm, training: pa.Table, target: Target) -> float:
    """The temperature of a fit to nine tenths of the rows; 1 where those have one label, or the others none of theirs."""
    tenth = np.arange(training.num_rows) % 10 == 9
    fitted, others = training.filter(pa.array(~tenth)), training.filter(pa.array(tenth))
    known = set(fitted[target.column].to_pylist())
    if len(known) < 2 or not known & set(others[target.column].to_pylist()):
        return 1.0
    return float(fit_nb_svm(config, fitted, others, target).facts["temperature"])


def _temperature(margins: Array, truth: Array) -> float:
    """The one under which the true classes are the likeliest, between 1/1000 and 1000."""

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(margins * np.exp(log_temperature), axis=1)[np.arange(len(truth)), truth].mean())

    found = minimize_scalar(loss, bounds=(np.log(1e-3), np.log(1e3)), method="bounded")
    return float(np.exp(found.x))


def _vectorizer(**given: Any) -> CountVectorizer:
    return CountVectorizer(ngram_range=PAIRS, binary=True, dtype=np.float32, token_pattern=PATTERN, **given)
