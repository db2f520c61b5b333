"""A number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .answers import Answers, Array

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class NumberAnswers(Answers):
    """truth: [n]; outputs: [n, 1], in the unit of the truth. As text a number has as many digits as give it back."""

    @staticmethod
    def told(column: pa.ChunkedArray) -> list[str]:
        """`2.5`, also of a column of whole numbers: `2.0`"""
        return [repr(float(value)) for value in column.to_pylist()]

    @staticmethod
    def named(told: Sequence[str]) -> set[str]:
        """None."""
        return set()

    @staticmethod
    def read(told: Sequence[str], classes: Sequence[str]) -> Array:
        """The numbers: [n]"""
        return np.array([float(text) for text in told], np.float64)

    def chosen_texts(self) -> list[str]:
        """The number said."""
        return [repr(float(value)) for value in self.outputs[:, 0]]

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """rmse and mae are in the unit of the truth; r2 is 0 for what the mean of these rows would score, 1 for no error.

        Where these rows are all alike, r2 is 1 without an error and 0 with one, as scikit-learn has it.
        """
        truth = self.truth[rows]
        errors = self.outputs[rows, 0] - truth
        squares, spread = float(np.square(errors).sum()), float(np.square(truth - truth.mean()).sum())
        return {
            "rmse": float(np.sqrt(squares / len(truth))),
            "mae": float(np.abs(errors).mean()),
            "r2": 1 - squares / spread if truth.min() < truth.max() else float(squares == 0),
        }
