"""Any number of classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .answers import Answers, Array
from .one_of import SMALLEST, per_class

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class SeveralOfAnswers(Answers):
    """truth: [n, classes] of 0 and 1; outputs: [n, classes], a probability each. A row's classes as text: a JSON list, sorted."""

    @staticmethod
    def told(column: pa.ChunkedArray) -> list[str]:
        """`["a", "b"]`; `[]` for none."""
        return [_text(names) for names in column.to_pylist()]

    @staticmethod
    def named(told: Sequence[str]) -> set[str]:
        """All that any row has."""
        return {name for text in set(told) for name in json.loads(text)}

    @staticmethod
    def read(told: Sequence[str], classes: Sequence[str]) -> Array:
        """1 where a row has a class: [n, classes]"""
        numbers = {name: number for number, name in enumerate(classes)}
        found = np.zeros((len(told), len(classes)), np.int64)
        for row, text in enumerate(told):
            found[row, [numbers[name] for name in json.loads(text)]] = 1
        return found

    @cached_property
    def chosen(self) -> Array:
        """1 where the probability is at least a half: [n, classes]"""
        return np.asarray(self.outputs >= 0.5, np.int64)

    @cached_property
    def _sums(self) -> Array:
        """What is added up over rows: hits, choices, truths of each class; exact; loss. [n, 3 classes + 2]"""
        right = np.where(self.truth == 1, self.outputs, 1 - self.outputs)
        losses = -np.log(np.maximum(right, SMALLEST)).mean(axis=1, keepdims=True)
        exact = (self.truth == self.chosen).all(axis=1, keepdims=True)
        return np.hstack([self.truth * self.chosen, self.chosen, self.truth, exact, losses]).astype(np.float64)

    def chosen_texts(self) -> list[str]:
        """As the truth is written."""
        return [_text([self.classes[number] for number in np.flatnonzero(row)]) for row in self.chosen]

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """micro_f1 is of all pairs of row and class; macro_f1 the mean over classes that these rows hold, 0 where they hold none.

        exact: the share of rows whose classes are all right and no other is chosen.  log_loss: the mean over classes.
        """
        n, classes = self.truth.shape
        times = np.bincount(np.arange(n)[rows], minlength=n)
        sums = times @ self._sums  # [3 classes + 2]
        hits, predicted, support = sums[: 3 * classes].reshape(3, classes)
        f1 = 2 * hits / np.maximum(support + predicted, 1)
        return {
            "micro_f1": float(2 * hits.sum() / max(support.sum() + predicted.sum(), 1)),
            "macro_f1": float(f1[support > 0].mean()) if support.any() else 0.0,
            "exact": float(sums[-2] / times.sum()),
            "log_loss": float(sums[-1] / times.sum()),
        }

    def details(self) -> dict[str, Any]:
        """Each class by itself."""
        hits, predicted, support = (found.sum(axis=0) for found in (self.truth * self.chosen, self.chosen, self.truth))
        return {"classes": per_class(hits, predicted, support, self.classes)}


def _text(names: Sequence[str]) -> str:
    return json.dumps(sorted(set(names)), ensure_ascii=False)
