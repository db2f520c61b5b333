"""A number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import sparse

from .answers import Answers, Array, over, table_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class NumberAnswers(Answers):
    """truth: [n]; outputs: [n, 1], in the unit of the truth. As text a number has as many digits as give it back."""

    main: ClassVar[tuple[str, ...]] = ("rmse", "mae", "r2")

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

    def row_losses(self) -> Array:
        """Squared errors: [n]"""
        return np.asarray(np.square(self.outputs[:, 0] - self.truth))

    def columns(self) -> sparse.csr_array:
        """1, squared and absolute error, truth and its square, both from the mean of all rows: [n, 5]"""
        errors = self.outputs[:, 0] - self.truth
        centred = self.truth - (self.truth.mean() if len(self.truth) else 0)
        entries = [(0, 1), (1, np.square(errors)), (2, np.abs(errors)), (3, centred), (4, np.square(centred))]
        return table_of(len(errors), entries, 5)

    def of_sums(self, sums: Array) -> dict[str, Array]:
        """rmse and mae are in the unit of the truth; r2 is 0 for what the mean of these rows would score, 1 for no error.

        Where these rows are all alike, r2 is 1 without an error and 0 with one, as scikit-learn has it.
        """
        n, squares = sums[..., 0], sums[..., 1]
        spread = sums[..., 4] - over(np.square(sums[..., 3]), n)
        alike = spread <= 1e-12 * np.maximum(sums[..., 4], 1e-300)
        return {
            "rmse": np.sqrt(over(squares, n)),
            "mae": over(sums[..., 2], n),
            "r2": np.where(alike, squares == 0, 1 - squares / np.where(alike, 1, spread)).astype(np.float64),
        }
