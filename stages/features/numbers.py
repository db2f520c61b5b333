"""Numbers: columns of numbers on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from .base import Feature, Fitted

if TYPE_CHECKING:
    import pyarrow as pa


def _different(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Each column once."""
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise ValueError(f"column {twice[0]!r} is named {columns.count(twice[0])} times, expected each once")
    return columns


Columns = Annotated[tuple[str, ...], AfterValidator(_different)]


class Numbers(Feature):
    """Columns of numbers, each in standard deviations from its mean over the training rows.

    The value of a column is followed by a second number where training rows lack it: 1 for a row that lacks it (null or NaN), else 0;
    its value is then 0, the mean.  A column that says one thing in training says 0 ever after.  Infinities, and what lies
    further than `clip` from the mean, are taken as that far.
    """

    kind = "numbers"

    columns: Columns = Field(min_length=1)
    clip: float = Field(default=10.0, gt=0, description="standard deviations")

    def sources(self) -> Mapping[str, str | None]:
        """Numbers of any type, and what is true or false."""
        return dict.fromkeys(self.columns, "double or int64 or bool or decimal")

    def fit(self, rows: pa.Table) -> Fitted:
        """Means and standard deviations."""
        from .scaling import FittedNumbers

        return FittedNumbers.of(rows, self.columns, self.clip)

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """From its state."""
        from .scaling import FittedNumbers

        return FittedNumbers.load(state, self.columns, self.clip)
