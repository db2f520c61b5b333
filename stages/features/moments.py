"""Moments: the numpy side of Dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.digest import Json

from .scaling import Array, Scale, lists

_DAY = 86_400_000_000  # microseconds
_YEAR = 365.2425  # days
_THURSDAY = 3  # 1970-01-01, from Monday


@dataclass(frozen=True)
class FittedDates:
    """A scale of years a column, and whether it has an hour."""

    columns: tuple[str, ...]
    clip: float
    scales: tuple[Scale, ...]
    hours: tuple[bool, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: pa.Table, columns: tuple[str, ...], clip: float) -> FittedDates:
        """Fitted on training rows."""
        scales = tuple(Scale.of(_days(rows, column) / _YEAR) for column in columns)
        return cls(columns, clip, scales, tuple(pa.types.is_timestamp(rows[column].type) for column in columns))

    @classmethod
    def load(cls, state: Any, columns: tuple[str, ...], clip: float) -> FittedDates:
        """From `state`."""
        return cls(columns, clip, tuple(Scale(**one) for one in state["scales"]), tuple(state["hours"]))

    @property
    def size(self) -> int:
        """Years, two of the month, two of the day, two of the hour where there is one, and what is missing where there are gaps."""
        return sum(5 + 2 * hour + scale.gaps for scale, hour in zip(self.scales, self.hours, strict=True))

    @property
    def state(self) -> Json:
        """The scales, in the order of the columns, and which have an hour."""
        return {"scales": [asdict(scale) for scale in self.scales], "hours": list(self.hours)}

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of `size` numbers."""
        parts = []
        for column, scale, hour in zip(self.columns, self.scales, self.hours, strict=True):
            days = _days(rows, column)
            years, *missing = scale.apply(days / _YEAR, self.clip)
            parts += [years, *_turns(days, hour), *missing]
        return lists(parts)


def _days(rows: pa.Table, column: str) -> Array:
    """Days since 1970, with their fractions; NaN where there is none."""
    values = rows[column]
    if not (pa.types.is_date(values.type) or pa.types.is_timestamp(values.type) or pa.types.is_null(values.type)):
        raise StageError(f"column {column!r} is {values.type}, expected days or moments")
    moments = pc.cast(values, pa.timestamp("us", getattr(values.type, "tz", None)), safe=False).cast(pa.int64())
    return pc.cast(moments, pa.float64(), safe=False).combine_chunks().to_numpy(zero_copy_only=False) / _DAY  # type: ignore[no-any-return]


def _turns(days: Array, hour: bool) -> list[Array]:
    """Sine and cosine of each turn, 0 where there is no day."""
    missing = np.isnan(days)
    whole = np.floor(np.where(missing, 0, days))
    months = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    turns = [months % 12 / 12, (whole + _THURSDAY) % 7 / 7]
    if hour:
        turns.append(np.where(missing, 0, days) - whole)
    return [np.where(missing, 0, turn(2 * np.pi * share)) for share in turns for turn in (np.sin, np.cos)]
