"""Coding: values as numbers. The Arrow side of Categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.digest import Json


@dataclass(frozen=True)
class FittedCategories:
    """The values of each column, as texts, the most frequent first."""

    columns: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: pa.Table, columns: tuple[str, ...], size: int, min_count: int) -> FittedCategories:
        """Fitted on training rows."""
        return cls(columns, tuple(_frequent(_texts(rows, column), min_count)[:size] for column in columns))

    @property
    def size(self) -> int:
        """The padding, and the unknown and the values of each column."""
        return 1 + sum(1 + len(values) for values in self.values)

    @property
    def state(self) -> Json:
        """The values."""
        return [list(values) for values in self.values]

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of a number a column."""
        starts = accumulate((1 + len(values) for values in self.values), initial=1)  # each column's unknown
        numbers = [
            start + 1 + pc.fill_null(pc.index_in(_texts(rows, column), pa.array(values, pa.string())), -1).to_numpy()
            for column, values, start in zip(self.columns, self.values, starts, strict=False)
        ]
        flat = np.stack(numbers, axis=1).ravel().astype(np.int64)
        offsets = np.arange(0, len(flat) + 1, len(self.columns), dtype=np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))


def _texts(rows: pa.Table, column: str) -> pa.ChunkedArray:
    """A column as texts, so that a 3 is one value whatever its type."""
    try:
        return pc.cast(rows[column], pa.string())
    except pa.ArrowException:
        raise StageError(
            f"column {column!r} is {rows[column].type}, expected texts, whole numbers, days or true and false"
        ) from None


def _frequent(values: pa.ChunkedArray, least: int) -> tuple[str | None, ...]:
    """By how often they occur, then by their order."""
    counts = [(one["values"], one["counts"]) for one in pc.value_counts(values).to_pylist()]
    often = [(value, count) for value, count in counts if count >= least]
    return tuple(value for value, _ in sorted(often, key=lambda one: (-one[1], one[0] is not None, one[0] or "")))
