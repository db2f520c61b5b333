"""Answers: what one model said of n rows, beside the truth; one kind a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    import pyarrow as pa

    from ..metrics.rank import Ranked

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Answers:
    """A kind of target says how its truth is read and written, and which metrics there are.

    truth: [n], or [n, classes] for several of them; outputs: what the model gives, [n, classes], or [n, 1] for a number;
    groups: [n] group numbers, rows of one group being alike; classes: the names of the columns, none for a number.

    All metrics but those of ranks are functions of sums over rows: `columns` is what is summed, `of_sums` the functions.  So they are
    had of any rows, or of rows drawn many times over, from sums of a few blocks of rows.
    """

    main: ClassVar[tuple[str, ...]]  # the metrics that people look at first
    shares: ClassVar[Mapping[str, int]] = {}  # metrics that are the share of rows with a 1 in this one of the columns

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

    @staticmethod
    def impossible(outputs: Array) -> tuple[Array, str]:
        """Rows whose outputs, finite as they are, no model of this target says: [n]; and what is expected of them."""
        return np.zeros(len(outputs), bool), ""

    def chosen_texts(self) -> list[str]:
        """What the model chose of each row, as the truth is written."""
        raise NotImplementedError

    def right(self) -> Array:
        """Whether each row is answered right: [n]; of numbers, none is."""
        return np.zeros(len(self.truth), bool)

    def row_losses(self) -> Array:
        """What each row costs: [n]"""
        raise NotImplementedError

    def columns(self) -> sparse.csr_array:
        """What is summed over rows: [n, k]; column 0 is 1."""
        raise NotImplementedError

    def of_sums(self, sums: Array) -> dict[str, Array]:
        """Every metric but those of ranks, of sums over rows: [..., k] -> [...] each, NaN where it is not defined."""
        raise NotImplementedError

    def per_class(self, sums: Array) -> dict[str, Array]:
        """Precision, recall, f1 and support of each class: [..., k] -> [..., classes] each; none where there are no classes."""
        return {}

    def class_sums(self, sums: Any) -> tuple[Any, Any, Any]:
        """Hits, choices and truths of each class, out of sums: [..., k] -> [..., classes] each."""
        raise NotImplementedError

    def flipped(self, sums: Array) -> tuple[Array, Array]:
        """What sums over rows would be were one row of a class answered otherwise, and the share of its rows: [classes, k], [classes].

        One that is right becomes wrong, or the other way round where none is.  Of numbers, which are never quite right: none.
        """
        return sums[None][:0], np.zeros(0)

    def ranks(self) -> dict[str, Ranked]:
        """Metrics of ranks."""
        return {}

    def likely(self, samples: int, seed: int) -> dict[str, Array]:
        """Draws of metrics that say more of few rows than drawing the rows again, where rows are alone in their groups."""
        return {}

    def details(self) -> dict[str, Any]:
        """What more there is to say of all rows."""
        return {}

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """Every metric, of some rows (repeats count)."""
        part = self.take(rows)
        sums = np.asarray(part.columns().sum(axis=0))
        found = {name: float(value) for name, value in part.of_sums(sums).items()}
        return found | {name: one.value for name, one in part.ranks().items()}

    def take(self, rows: Array | slice) -> Self:
        """Some rows."""
        return replace(self, truth=self.truth[rows], outputs=self.outputs[rows], groups=self.groups[rows])

    def where(self, mask: Array) -> Self:
        """The rows where the mask is true."""
        return self.take(mask)


def table_of(n: int, entries: Sequence[tuple[Array | int, Array | int]], width: int) -> sparse.csr_array:
    """Rows of as many entries each: (column, value) pairs, of every row or one a row. [n, width]"""
    shape = (n, len(entries))
    columns, values = np.empty(shape, np.int32), np.empty(shape, np.float64)
    for place, (column, value) in enumerate(entries):
        columns[:, place], values[:, place] = column, value
    pointers = np.arange(0, n * len(entries) + 1, len(entries))
    return sparse.csr_array((values.ravel(), columns.ravel(), pointers), shape=(n, width))


def over(numbers: Array, divisor: Array) -> Array:
    """Their ratio, NaN where the divisor is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(divisor == 0, np.nan, numbers / np.where(divisor == 0, 1, divisor)))
