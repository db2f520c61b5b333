"""Any number of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse

from .answers import Answers, Array, over
from .one_of import SMALLEST, class_measures

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class SeveralOfAnswers(Answers):
    """truth: [n, classes] of 0 and 1; outputs: [n, classes], a probability each. A row's classes as text: a JSON list, sorted."""

    main: ClassVar[tuple[str, ...]] = ("micro_f1", "macro_f1", "exact", "log_loss")
    shares: ClassVar[Mapping[str, int]] = {"exact": 1}

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

    @staticmethod
    def impossible(outputs: Array) -> tuple[Array, str]:
        """What lies outside of 0 and 1."""
        return np.any((outputs < 0) | (outputs > 1), axis=1), "a probability from 0 to 1 of each class"

    @cached_property
    def chosen(self) -> Array:
        """1 where the probability is at least a half: [n, classes]"""
        return np.asarray(self.outputs >= 0.5, np.int64)

    def chosen_texts(self) -> list[str]:
        """As the truth is written."""
        return [_text([self.classes[number] for number in np.flatnonzero(row)]) for row in self.chosen]

    def right(self) -> Array:
        """Whether all classes are right and no other is chosen: [n]"""
        return np.asarray((self.truth == self.chosen).all(axis=1))

    def row_losses(self) -> Array:
        """The mean over classes of -log of the probability of what was true: [n]"""
        told = np.where(self.truth == 1, self.outputs, 1 - self.outputs)
        return np.asarray(-np.log(np.maximum(told, SMALLEST)).mean(axis=1))

    def columns(self) -> sparse.csr_array:
        """1, whether all is right, loss; then hits, choices and truths of each class: [n, 3 + 3 classes]"""
        first = np.stack([np.ones(len(self.truth)), self.right(), self.row_losses()], axis=1)
        return sparse.csr_array(np.hstack([first, self.truth * self.chosen, self.chosen, self.truth]).astype(np.float64))

    def of_sums(self, sums: Array) -> dict[str, Array]:
        """micro_f1 is of all pairs of row and class; macro_f1 the mean over classes that these rows hold, 0 where they hold none.

        exact: the share of rows whose classes are all right and no other is chosen.  log_loss: the mean over classes.
        """
        hits, chosen, support = self.class_sums(sums)
        held = support > 0
        both = (support + chosen).sum(axis=-1)
        f1 = np.where(held, self.per_class(sums)["f1"], 0).sum(axis=-1)
        return {
            "micro_f1": 2 * hits.sum(axis=-1) / np.where(both > 0, both, 1),
            "macro_f1": f1 / np.maximum(held.sum(axis=-1), 1),
            "exact": over(sums[..., 1], sums[..., 0]),
            "log_loss": over(sums[..., 2], sums[..., 0]),
        }

    def flipped(self, sums: Array) -> tuple[Array, Array]:
        """A row has one class less, or one more."""
        hits, _, support = self.class_sums(sums)
        held = np.flatnonzero(support > 0)
        way = np.where(hits[held] > 0, -1.0, 1.0)
        found, row = np.tile(sums, (len(held), 1)), np.arange(len(held))
        found[:, 1] += way
        hit, choice, _ = self.class_sums(np.arange(len(sums)))
        found[row, hit[held]] += way
        found[row, choice[held]] += way
        return found, support[held] / max(1, support.sum())

    def per_class(self, sums: Array) -> dict[str, Array]:
        """As of one class of several."""
        return class_measures(*self.class_sums(sums))

    def class_sums(self, sums: Any) -> tuple[Any, Any, Any]:
        """Hits, choices and truths of each class."""
        classes = self.outputs.shape[1]
        return sums[..., 3 : 3 + classes], sums[..., 3 + classes : 3 + 2 * classes], sums[..., 3 + 2 * classes :]


def _text(names: Sequence[str]) -> str:
    return json.dumps(sorted(set(names)), ensure_ascii=False)
