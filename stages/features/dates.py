"""Dates: days and moments as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from .base import Feature, Fitted
from .numbers import Columns

if TYPE_CHECKING:
    import pyarrow as pa


class Dates(Feature):
    """Columns of days or moments: how long ago, and where in the year, the week and, of a moment, the day (in UTC).

    A column makes the years since the mean of the training rows, in standard deviations and clipped like Numbers; sine and cosine
    of the month, of the day of the week and, of a moment, of the hour; and, where training rows lack it, a 1 for a row that
    does, whose other numbers are then 0.
    """

    kind = "numbers"

    columns: Columns = Field(min_length=1)
    clip: float = Field(default=10.0, gt=0, description="standard deviations")

    def sources(self) -> Mapping[str, str | None]:
        """Days or moments."""
        return dict.fromkeys(self.columns, "date32[day] or timestamp")

    def fit(self, rows: pa.Table) -> Fitted:
        """Means and standard deviations."""
        from .moments import FittedDates

        return FittedDates.of(rows, self.columns, self.clip)

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """From its state."""
        from .moments import FittedDates

        return FittedDates.load(state, self.columns, self.clip)
