"""Answers: what one model said of n rows, beside the truth; one kind a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Answers:
    """A kind of target says how its truth is read and written, and which metrics there are.

    truth: [n], or [n, classes] for several of them; outputs: what the model gives, [n, classes], or [n, 1] for a number;
    groups: [n] group numbers, rows of one group being alike; classes: the names of the columns, none for a number.
    """

    truth: Array
    outputs: Array
    groups: Array
    classes: tuple[str, ...] = ()

    @staticmethod
    def told(column: pa.ChunkedArray) -> list[str]:
        """The truth of each row as text, as it stands in predictions; of a column without nulls."""
        return [str(value) for value in column.to_pylist()]

    @staticmethod
    def named(told: Sequence[str]) -> set[str]:
        """The classes that the truth names."""
        return set(told)

    @staticmethod
    def read(told: Sequence[str], classes: Sequence[str]) -> Array:
        """The truth as numbers, from its text. Raises StageError for a text that none of the classes is."""
        raise NotImplementedError

    def chosen_texts(self) -> list[str]:
        """What the model chose of each row, as the truth is written."""
        raise NotImplementedError

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """Every metric, of some rows (repeats count)."""
        raise NotImplementedError

    def details(self) -> dict[str, Any]:
        """What more there is to say of all rows."""
        return {}

    def where(self, mask: Array) -> Self:
        """The rows where the mask is true."""
        return replace(self, truth=self.truth[mask], outputs=self.outputs[mask], groups=self.groups[mask])
