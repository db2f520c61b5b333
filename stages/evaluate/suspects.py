"""Suspected label errors: test rows whose label the models, which never learnt it, agree is another."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

_FEWEST = 30  # rows
_MANY = 300  # classes from which on the matrix of all pairs of them costs more than it tells


class Suspects(NamedTuple):
    """mask: [n], which labels are suspected.  score: [n], how well each label fits, from 0 to 1, the worst first to look at.

    suggested: [n] class numbers.  reason: why none was looked for; empty where they were.
    """

    mask: Array
    score: Array
    suggested: Array
    reason: str = ""


def suspects(truth: Array, outputs: Mapping[str, Array]) -> Suspects:
    """Confident learning (Northcutt et al. 2021, by cleanlab) on the mean of several models' probabilities.

    truth: [n] class numbers.  outputs: model -> [n, C] probabilities of rows that it did not learn from: out-of-fold ones, in cleanlab's words.
    Classes that no label names cannot be suspected of anything, and are left out where the rest is weighed.  From 300
    classes on, labels are suspected by the confident threshold of each class alone, not by how often each pair is confused.
    """
    n = len(truth)
    if not outputs:
        return Suspects(np.zeros(n, bool), np.ones(n), truth.copy(), "no model's probabilities to look at")
    mean = _mean(outputs)
    score, suggested = mean[np.arange(n), truth], mean.argmax(axis=1)
    classes, labels = np.unique(truth, return_inverse=True)
    reason = _too_little(n, len(classes))
    if reason:
        return Suspects(np.zeros(n, bool), score, suggested, reason)
    told = mean[:, classes]
    sums = told.sum(axis=1, keepdims=True)
    told = np.where(sums > 0, told / np.where(sums > 0, sums, 1), 1 / len(classes))
    mask = (_by_pair if len(classes) < _MANY else _by_class)(labels, told)
    return Suspects(mask & (suggested != truth), score, suggested)


def _mean(outputs: Mapping[str, Array]) -> Array:
    first, *others = outputs.values()
    total = np.array(first, np.float64)
    for other in others:
        total += other
    return total / (1 + len(others))


def _too_little(n: int, classes: int) -> str:
    if n < _FEWEST:
        return f"{n} rows, expected at least {_FEWEST}"
    return "all rows have one label" if classes < 2 else ""


def _by_pair(labels: Array, told: Array) -> Array:
    """Mask: as many of each class, and of each pair of classes, as the estimated noise says: the least fitting, by both counts."""
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "May not flag all label issues", UserWarning
        )  # of a class with one row, which is no news
        return np.asarray(find_label_issues(labels, told, filter_by="both", n_jobs=1), bool)


def _by_class(labels: Array, told: Array) -> Array:
    """Memory of one number a class, where `find_label_issues` takes one a pair."""
    from cleanlab.experimental.label_issues_batched import find_label_issues_batched

    return np.asarray(find_label_issues_batched(labels, told, n_jobs=1, verbose=False, return_mask=True), bool)
