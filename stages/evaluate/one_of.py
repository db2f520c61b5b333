"""One class of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .answers import Answers, Array

SMALLEST = 1e-12  # a probability of 0 for what happened would cost infinitely much


@dataclass(frozen=True)
class OneOfAnswers(Answers):
    """truth: [n] class numbers; outputs: [n, classes] probabilities, rows sum to 1."""

    @staticmethod
    def read(told: Sequence[str], classes: Sequence[str]) -> Array:
        """Their numbers: [n]"""
        numbers = {name: number for number, name in enumerate(classes)}
        return np.array([numbers[name] for name in told], np.int64)

    @cached_property
    def chosen(self) -> Array:
        """The likeliest class of each row: [n]"""
        return np.asarray(np.argmax(self.outputs, axis=1))

    @cached_property
    def losses(self) -> Array:
        """-log of the probability given to what was true: [n]"""
        return -np.log(np.maximum(self.outputs[np.arange(len(self.truth)), self.truth], SMALLEST))

    def chosen_texts(self) -> list[str]:
        """The name of the class."""
        return [self.classes[number] for number in self.chosen]

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """macro_f1 is the mean F1 of the classes that these rows hold, as scikit-learn defines it with `labels` set to those."""
        truth, chosen, classes = self.truth[rows], self.chosen[rows], self.outputs.shape[1]
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

    def details(self) -> dict[str, Any]:
        """Each class by itself, and which is taken for which: row the truth, column the choice."""
        n = len(self.classes)
        confusion = np.bincount(self.truth * n + self.chosen, minlength=n * n).reshape(n, n)
        return {
            "classes": per_class(np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1), self.classes),
            "confusion": confusion.tolist(),
        }


def per_class(hits: Array, predicted: Array, support: Array, classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of each class, from its counts; 0 where there is nothing to count."""
    precision, recall = hits / np.maximum(predicted, 1), hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + predicted, 1)
    names = ("precision", "recall", "f1", "support")
    found = np.stack([precision, recall, f1, support], axis=1).tolist()
    return {label: dict(zip(names, values, strict=True)) for label, values in zip(classes, found, strict=True)}
