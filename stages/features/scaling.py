"""Scaling: numbers by the mean and standard deviation of training rows. The numpy side of Numbers and Dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.digest import Json

Array = np.ndarray[Any, Any]
_NOISE = 1e-12  # of the largest value: a spread below it comes from rounding


@dataclass(frozen=True)
class Scale:
    """How one column is put on the common scale. spread: 0 for a column that says one thing. gaps: training rows lack it."""

    mean: float
    spread: float
    gaps: bool

    @classmethod
    def of(cls, values: Array) -> Scale:
        """values: [n], NaN where there is none. Infinities say nothing of the mean."""
        known, gaps = values[np.isfinite(values)], bool(np.isnan(values).any())
        if not len(known):
            return cls(0.0, 0.0, gaps)
        greatest = float(np.abs(known).max())
        mean, spread = (float(known.mean()), float(known.std())) if greatest < 1e100 else _of_huge(known, greatest)
        return cls(mean, spread if spread > _NOISE * greatest else 0.0, gaps)

    def apply(self, values: Array, clip: float) -> list[Array]:
        """[n] -> the scaled values, and with gaps what is missing: each [n]."""
        missing = np.isnan(values)
        scaled = np.zeros(len(values))
        if self.spread:
            with np.errstate(over="ignore"):
                scaled = np.clip((np.where(missing, self.mean, values) - self.mean) / self.spread, -clip, clip)
        return [scaled, missing.astype(float)] if self.gaps else [scaled]


def _of_huge(known: Array, greatest: float) -> tuple[float, float]:
    """Mean and standard deviation of values whose sum or squares no double holds."""
    small = known / greatest
    return float(small.mean()) * greatest, float(small.std()) * greatest


@dataclass(frozen=True)
class FittedNumbers:
    """A scale a column."""

    columns: tuple[str, ...]
    clip: float
    scales: tuple[Scale, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: pa.Table, columns: tuple[str, ...], clip: float) -> FittedNumbers:
        """Fitted on training rows."""
        return cls(columns, clip, tuple(Scale.of(floats(rows, column)) for column in columns))

    @classmethod
    def load(cls, state: Any, columns: tuple[str, ...], clip: float) -> FittedNumbers:
        """From `state`."""
        return cls(columns, clip, tuple(Scale(**one) for one in state))

    @property
    def size(self) -> int:
        """A number a column, and one for each that has gaps."""
        return sum(1 + scale.gaps for scale in self.scales)

    @property
    def state(self) -> Json:
        """The scales, in the order of the columns."""
        return [asdict(scale) for scale in self.scales]

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of `size` numbers."""
        pairs = zip(self.columns, self.scales, strict=True)
        return lists([part for column, scale in pairs for part in scale.apply(floats(rows, column), self.clip)])


def floats(rows: pa.Table, column: str) -> Array:
    """A column as doubles, NaN where there is no number. Raises StageError for one that holds anything else."""
    values = rows[column]
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    if not any(holds(values.type) for holds in kinds):
        raise StageError(f"column {column!r} is {values.type}, expected numbers; Categories reads texts")
    return pc.cast(values, pa.float64(), safe=False).combine_chunks().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def lists(parts: Sequence[Array]) -> pa.Array:
    """W arrays [n] as n lists of W numbers."""
    flat = np.stack(parts, axis=1).ravel()
    offsets = np.arange(0, len(flat) + 1, len(parts), dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, pa.float64()))
