"""Metrics, and their 95% intervals by the bootstrap over groups of rows (Davison & Hinkley 1997, 3.8; percentile)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

HIGHER_IS_BETTER = {"accuracy": True, "macro_f1": True, "log_loss": False}
_SMALLEST = 1e-12  # a probability of 0 for what happened would cost infinitely much


@dataclass(frozen=True)
class Answers:
    """What one model said of n rows.

    truth: [n] class numbers; probabilities: [n, classes]; groups: [n] group numbers, rows of one group being alike.
    """

    truth: Array
    probabilities: Array
    groups: Array

    @cached_property
    def chosen(self) -> Array:
        """The likeliest class of each row: [n]"""
        return np.asarray(np.argmax(self.probabilities, axis=1))

    @cached_property
    def losses(self) -> Array:
        """-log of the probability given to what was true: [n]"""
        return -np.log(np.maximum(self.probabilities[np.arange(len(self.truth)), self.truth], _SMALLEST))

    def where(self, mask: Array) -> Answers:
        """The rows where the mask is true."""
        return Answers(self.truth[mask], self.probabilities[mask], self.groups[mask])

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """Every metric, of some rows (repeats count).

        macro_f1 is the mean F1 of the classes that these rows hold, as scikit-learn defines it with `labels` set to those.
        """
        truth, chosen, classes = self.truth[rows], self.chosen[rows], self.probabilities.shape[1]
        right = truth == chosen
        support = np.bincount(truth, minlength=classes)
        predicted = np.bincount(chosen, minlength=classes)
        hits = np.bincount(truth[right], minlength=classes)
        f1 = 2 * hits / np.maximum(support + predicted, 1)
        return {
            "accuracy": float(right.mean()),
            "macro_f1": float(f1[support > 0].mean()),
            "log_loss": float(self.losses[rows].mean()),
        }


def resamples(groups: Array, count: int, seed: int) -> Iterator[Array]:
    """Row numbers of each bootstrap sample: as many groups as there are, drawn with replacement, each with all its rows.

    Rows of one file resemble each other: drawn one by one, they would make the intervals too narrow.  Where all rows are
    of one group they are drawn one by one all the same.  The samples follow from the groups and the seed alone, so that two
    models are measured on the same ones and their difference is paired.
    """
    if len(groups) and (groups == groups[0]).all():
        groups = np.arange(len(groups))
    order = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    random = np.random.default_rng((seed, len(starts)))
    for _ in range(count):
        drawn = random.integers(len(starts), size=len(starts))
        lengths = sizes[drawn]
        inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield order[np.repeat(starts[drawn], lengths) + inside]


def intervals(answers: Answers, count: int, seed: int) -> dict[str, dict[str, float]]:
    """metric -> value, low and high, the last two the 2.5% and 97.5% points over resampled groups of rows."""
    samples = [answers.metrics(rows) for rows in resamples(answers.groups, count, seed)]
    found = {}
    for metric, value in answers.metrics().items():
        low, high = np.quantile([sample[metric] for sample in samples], [0.025, 0.975])
        found[metric] = {"value": value, "low": float(low), "high": float(high)}
    return found
