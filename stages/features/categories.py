"""Categories: columns of which each holds one of some values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from .base import Feature, Fitted
from .numbers import Columns

if TYPE_CHECKING:
    import pyarrow as pa


class Categories(Feature):
    """A number a column, as a sequence of tokens of fixed length: every column has numbers of its own.

    0 is the padding, which no row has.  Each column has one number for the unknown, which also stands for what fewer than
    `min_count` training rows hold, and one for each of its `size` most frequent values; null is a value like any other.
    """

    kind = "tokens"

    columns: Columns = Field(min_length=1)
    size: int = Field(default=1000, ge=1, description="values of a column at most")
    min_count: int = Field(default=2, ge=1, description="training rows hold a value at least so often")

    def sources(self) -> Mapping[str, str | None]:
        """What can be told apart exactly."""
        return dict.fromkeys(self.columns, "string or int64 or bool or date32[day]")

    def fit(self, rows: pa.Table) -> Fitted:
        """Count the values."""
        from .coding import FittedCategories

        return FittedCategories.of(rows, self.columns, self.size, self.min_count)

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """From its state."""
        from .coding import FittedCategories

        return FittedCategories(self.columns, tuple(map(tuple, state)))
