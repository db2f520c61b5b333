"""Rules on a table as a whole: its columns, how many rows, how new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from pydantic import Field, model_validator

from .base import Bounded, Derived, Expectation, limits, named, said

_AHEAD = timedelta(hours=14)  # of UTC, are the clocks that are farthest ahead: a date or moment without a zone may be theirs


class ColumnsAre(Expectation):
    """The table has exactly these columns, in any order."""

    kind = "expect_table_columns_to_match_set"
    by_row = True
    columns: tuple[str, ...]

    def arguments(self) -> dict[str, Any]:
        """Exactly, hence exact_match."""
        return {"column_set": list(self.columns), "exact_match": True}

    def reads(self) -> None:
        """All of them."""
        return

    def sentence(self) -> str:
        """Which columns."""
        return f"the columns are {named(self.columns)}"


class RowCount(Bounded, Expectation):
    """The number of rows lies between two bounds, both included."""

    kind = "expect_table_row_count_to_be_between"
    min_value: int | None = None
    max_value: int | None = None

    def sentence(self) -> str:
        """Which bounds."""
        return f"the number of rows is {limits(self.min_value, self.max_value)}"


class RowCountNear(Expectation):
    """The number of rows is near another number: of last month, of another table. within: the share that it may be off."""

    kind = "expect_table_row_count_to_be_between"
    rows: int = Field(ge=1)
    within: float = Field(default=0.1, ge=0, le=1)

    def arguments(self) -> dict[str, Any]:
        """The number of rows between two bounds."""
        off = int(self.rows * Fraction(str(self.within)))  # 0.29 of 100 is 29, and 28 in floats
        return {"min_value": self.rows - off, "max_value": self.rows + off}

    def sentence(self) -> str:
        """Near what."""
        return f"the number of rows is within {self.within:.6g} of {said(self.rows)}"


class Fresh(Derived):
    """The newest value of a date or datetime column is at most so old, and at most 14 hours ahead of the clock in UTC, as clocks elsewhere are.

    Days alone count from the midnight that the day began with, in UTC; with hours, the age is exact to the moment of judging.
    A receipt holds for its day, or for its hour where hours are asked for: one of an earlier day or hour is not counted.
    """

    kind = "expect_column_max_to_be_between"
    column: str
    days: int = Field(default=0, ge=0)
    hours: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _some_age(self) -> Fresh:
        if not (self.days or self.hours):
            raise ValueError("Fresh needs days, hours or both, as in Fresh(column='day', days=2)")
        return self

    def derive(self, rows: Any) -> Any:
        """The column as moments: a date is its midnight, and a moment without a zone is in UTC."""
        import pyarrow as pa

        values = rows[self.column]
        if not (pa.types.is_date(values.type) or pa.types.is_timestamp(values.type)):
            raise TypeError(f"column {self.column!r} is {values.type}; only dates and moments can be fresh")
        return values.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))

    def arguments(self) -> dict[str, Any]:
        """The greatest value between two moments."""
        moment = clock()
        oldest = (moment if self.hours else self.now()) - timedelta(days=self.days, hours=self.hours)
        return {"min_value": oldest, "max_value": moment + _AHEAD}

    def now(self) -> datetime:
        """The day, or the hour, in UTC, that a receipt holds for."""
        moment = clock().replace(minute=0, second=0, microsecond=0)
        return moment if self.hours else moment.replace(hour=0)

    def sentence(self) -> str:
        """How old."""
        ages = [
            f"{number} {word}{'s' if number > 1 else ''}"
            for number, word in ((self.days, "day"), (self.hours, "hour"))
            if number
        ]
        return f"the newest value is at most {' and '.join(ages)} old, and at most 14 hours ahead of UTC"


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
