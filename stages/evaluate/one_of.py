"""One class of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from ..metrics.rank import Ranked, ranked
from .answers import Answers, Array, over, table_of

SMALLEST = 1e-12  # a probability of 0 for what happened would cost infinitely much
_OFF = 1e-3  # what rounding of thousands of 32-bit numbers stays well below
_TOP = (3, 5)
_MATRIX = 100  # classes, above which a confusion matrix is nothing that anybody reads
_CONFUSED = 50
_DRAWN = 50  # classes, of which each pair is drawn
_FEW, _FOUND = 20, 5  # rows of a class, and those of them that are found, below which drawing rows again says too little
_OTHER = ("log_loss", "brier", "top_3", "top_5")  # which are no functions of those counts


@dataclass(frozen=True)
class OneOfAnswers(Answers):
    """truth: [n] class numbers; outputs: [n, classes] probabilities, rows sum to 1."""

    main: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")
    shares: ClassVar[Mapping[str, int]] = {"accuracy": 5, "micro_f1": 5, "top_3": 3, "top_5": 4}

    @staticmethod
    def read(told: Sequence[str], classes: Sequence[str]) -> Array:
        """Their numbers: [n]"""
        numbers = {name: number for number, name in enumerate(classes)}
        return np.array([numbers[name] for name in told], np.int64)

    @staticmethod
    def impossible(outputs: Array) -> tuple[Array, str]:
        """What is below zero, or does not add up to one."""
        off = np.abs(outputs.sum(axis=1, dtype=np.float64) - 1) > _OFF
        return off | (outputs.min(axis=1) < 0), "probabilities of 0 or more that add up to 1"

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

    def right(self) -> Array:
        """Whether the class is right: [n]"""
        return np.asarray(self.chosen == self.truth)

    def row_losses(self) -> Array:
        """As `losses`."""
        return self.losses

    def columns(self) -> sparse.csr_array:
        """1, loss, Brier's distance, in the top three, five, right; then hits, choices and truths of each class: [n, 6 + 3 classes]"""
        n, classes = self.outputs.shape
        told = self.outputs[np.arange(n), self.truth]
        better = _before(self.outputs, told, self.truth) if classes > _TOP[0] else np.zeros(n)
        distance = np.square(self.outputs).sum(axis=1) - 2 * told + 1
        entries = [
            (0, 1), (1, self.losses), (2, distance), (3, better < _TOP[0]), (4, better < _TOP[1]),
            (5, self.right()), (6 + self.truth, self.right()), (6 + classes + self.chosen, 1), (6 + 2 * classes + self.truth, 1),
        ]  # fmt: skip
        return table_of(n, entries, 6 + 3 * classes)

    def of_sums(self, sums: Array) -> dict[str, Array]:
        """A class that no row holds is left out of the means. macro_f1 is scikit-learn's with `labels` set to those that are held."""
        n, (hits, chosen, support) = sums[..., 0], self.class_sums(sums)
        found = self.per_class(sums)
        held, right = support > 0, hits.sum(axis=-1)
        classes = held.sum(axis=-1)

        def mean(values: Array) -> Array:
            return over(np.where(held, values, 0).sum(axis=-1), classes)

        recall = mean(found["recall"])
        return {
            "accuracy": over(right, n),
            "macro_f1": mean(found["f1"]),
            "log_loss": over(sums[..., 1], n),
            "balanced_accuracy": recall,
            "micro_f1": over(right, n),
            "weighted_f1": over((found["f1"] * support).sum(axis=-1), n),
            "macro_precision": mean(found["precision"]),
            "macro_recall": recall,
            "mcc": np.where(classes > 1, _mcc(n, right, chosen, support), np.nan),
            **{f"top_{k}": over(sums[..., 3 + place], n) for place, k in enumerate(_TOP) if self.outputs.shape[1] > k},
            "brier": over(sums[..., 2], n),
        }

    def per_class(self, sums: Array) -> dict[str, Array]:
        """0 where there is nothing to count."""
        return class_measures(*self.class_sums(sums))

    def class_sums(self, sums: Any) -> tuple[Any, Any, Any]:
        """Hits, choices and truths of each class."""
        classes = self.outputs.shape[1]
        return sums[..., 6 : 6 + classes], sums[..., 6 + classes : 6 + 2 * classes], sums[..., 6 + 2 * classes :]

    def flipped(self, sums: Array) -> tuple[Array, Array]:
        """The wrong one is the class that is chosen most often beside the own."""
        hits, chosen, support = self.class_sums(sums)
        held = np.flatnonzero(support > 0)
        first, second = np.argsort(-chosen, kind="stable")[[0, 1]] if len(chosen) > 1 else (0, 0)
        other = np.where(held == first, second, first)
        way = np.where(hits[held] > 0, -1.0, 1.0)
        found, row = np.tile(sums, (len(held), 1)), np.arange(len(held))
        found[:, 3:6] += way[:, None]
        hit, choice, _ = self.class_sums(np.arange(len(sums)))
        found[row, hit[held]] += way
        found[row, choice[held]] += way
        found[row, choice[other]] -= way
        return found, support[held] / support.sum()

    def ranks(self) -> dict[str, Ranked]:
        """auroc and average_precision."""
        return ranked(self.truth, self.outputs, self.groups)

    def likely(self, samples: int, seed: int) -> dict[str, Array]:
        """Where a class has few rows, or is seldom found: counts of truth and choice drawn from their posterior.

        Jeffreys' prior says of each class whether its rows are found; those that are not, are taken for any other alike.  Of four rows of
        which none is found, none is in any rows drawn again either, and that would be an interval of one point (docs/evaluation.md;
        Goutte and Gaussier 2005 for F1).
        """
        classes = self.outputs.shape[1]
        if not 2 <= classes <= _DRAWN:
            return {}
        counts = np.bincount(self.truth * classes + self.chosen, minlength=classes**2).reshape(classes, classes)
        often = counts.sum(axis=1).min() >= _FEW and counts.diagonal().min() >= _FOUND
        if often or len(np.unique(self.groups)) < len(self.groups):
            return {}
        prior = np.where(np.eye(classes, dtype=bool), 0.5, 0.5 / (classes - 1))
        cells = np.random.default_rng((seed, samples)).gamma(counts + prior, size=(samples, classes, classes))
        hits = np.diagonal(cells, axis1=1, axis2=2)
        first = np.zeros((samples, 6))
        first[:, 0], first[:, 5] = cells.sum(axis=(1, 2)), hits.sum(axis=1)
        counted = self.of_sums(np.hstack([first, hits, cells.sum(axis=1), cells.sum(axis=2)]))
        return {name: values for name, values in counted.items() if name not in _OTHER}

    def details(self) -> dict[str, Any]:
        """Which class is taken for which: row the truth, column the choice; of many classes the most frequent mistakes alone."""
        n = len(self.classes)
        pairs, counts = np.unique(self.truth.astype(np.int64) * n + self.chosen, return_counts=True)
        wrong = pairs // n != pairs % n
        order = np.flatnonzero(wrong)[np.argsort(-counts[wrong], kind="stable")][:_CONFUSED]
        whole = np.zeros(n * n, np.int64) if n <= _MATRIX else None
        if whole is not None:
            whole[pairs] = counts
        return {
            "confusion": None if whole is None else whole.reshape(n, n).tolist(),
            "confused": [
                {"label": self.classes[pairs[i] // n], "prediction": self.classes[pairs[i] % n], "n": int(counts[i])}
                for i in order
            ],
        }


def _before(outputs: Array, told: Array, truth: Array) -> Array:
    """How many classes are likelier than the truth, or as likely and named before it, as a choice takes the first: [n]"""
    alike = (outputs == told[:, None]) & (np.arange(outputs.shape[1]) < truth[:, None])
    return np.asarray((outputs > told[:, None]).sum(axis=1) + alike.sum(axis=1))


def class_measures(hits: Array, chosen: Array, support: Array) -> dict[str, Array]:
    """Precision, recall, F1 and support of each class, from its counts; 0 where there is nothing to count."""
    return {
        "precision": hits / np.where(chosen > 0, chosen, 1),
        "recall": hits / np.where(support > 0, support, 1),
        "f1": 2 * hits / np.where(support + chosen > 0, support + chosen, 1),
        "support": support,
    }


def _mcc(n: Array, right: Array, chosen: Array, support: Array) -> Array:
    """0 where one class is always chosen."""
    covariance = n * right - (chosen * support).sum(axis=-1)
    spread = (n**2 - np.square(chosen).sum(axis=-1)) * (n**2 - np.square(support).sum(axis=-1))
    return np.asarray(np.where(spread > 0, covariance / np.sqrt(np.where(spread > 0, spread, 1)), 0.0))
