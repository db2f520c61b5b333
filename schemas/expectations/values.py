"""Rules on the values of one column, row by row."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from pipeline.errors import bounded

from .base import Bound, Bounded, RowExpectation, Rule, limits, listed, said

if TYPE_CHECKING:
    import pyarrow as pa


class NotNull(RowExpectation):
    """No value is null. NaN is no null: `Finite` turns it away."""

    kind = "expect_column_values_to_not_be_null"
    column: str

    def says(self) -> str:
        """No value is missing."""
        return "no value is null"


class InSet(RowExpectation):
    """Every value is one of a set."""

    kind = "expect_column_values_to_be_in_set"
    judges_nan = True
    column: str
    values: tuple[Any, ...] = Field(min_length=1)

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it value_set."""
        given = super().arguments()
        return {"value_set": list(given.pop("values")), **given}

    def says(self) -> str:
        """Which set."""
        return f"every value is one of {listed(self.values)}"


class NotInSet(InSet):
    """No value is one of a set."""

    kind = "expect_column_values_to_not_be_in_set"
    judges_nan = False

    def says(self) -> str:
        """Which set."""
        return f"no value is one of {listed(self.values)}"


class Between(Bounded, RowExpectation):
    """Every value lies between two bounds, included unless strict. NaN lies nowhere."""

    kind = "expect_column_values_to_be_between"
    judges_nan = True
    column: str
    min_value: Bound = None
    max_value: Bound = None
    strict_min: bool = False
    strict_max: bool = False

    @field_validator("min_value", "max_value")
    @classmethod
    def _bound(cls, bound: Bound) -> Bound:
        if isinstance(bound, int) and abs(bound) > sys.float_info.max:
            raise ValueError(f"{bounded(bound, 20)} is greater than any number of a column, expected a bound that one may have")
        return bound

    def says(self) -> str:
        """Which bounds."""
        return f"every value is {limits(self.min_value, self.max_value, self.strict_min, self.strict_max)}"


class Lengths(Bounded, RowExpectation):
    """Every text has between min_value and max_value characters; every list so many items, every bytes so many bytes."""

    kind = "expect_column_value_lengths_to_be_between"
    column: str
    min_value: int | None = None
    max_value: int | None = None

    def says(self) -> str:
        """Which lengths."""
        return f"every length is {limits(self.min_value, self.max_value)}"


class Matches(RowExpectation):
    """Every text contains a match of a regular expression, in the syntax of RE2, as row rules have it."""

    kind = "expect_column_values_to_match_regex"
    column: str
    pattern: str

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it regex."""
        given = super().arguments()
        return {"regex": given.pop("pattern"), **given}

    def says(self) -> str:
        """Which pattern."""
        return f"every text matches {said(self.pattern)}"


class NotMatches(Matches):
    """No text contains a match of a regular expression."""

    kind = "expect_column_values_to_not_match_regex"

    def says(self) -> str:
        """Which pattern."""
        return f"no text matches {said(self.pattern)}"


class Unique(RowExpectation):
    """No value occurs twice; nulls may."""

    kind = "expect_column_values_to_be_unique"
    by_row = False
    column: str

    def says(self) -> str:
        """All rows of a repeated value break it."""
        return "no value occurs twice"


class Finite(Rule):
    """Every number is finite: neither NaN nor infinite."""

    column: str

    def holds(self, rows: pa.Table) -> Any:
        """Of whole numbers and decimals, too, which always are."""
        import pyarrow.compute as pc

        return pc.is_finite(rows[self.column])

    def says(self) -> str:
        """Which numbers those are."""
        return "every number is finite"


class MultipleOf(Rule):
    """Every number is a multiple of another: of whole numbers and decimals; a float is a multiple of hardly anything."""

    column: str
    of: int | Decimal = Field(gt=0)

    def holds(self, rows: pa.Table) -> Any:
        """Decimals are compared as whole numbers of their last digit."""
        import pyarrow as pa
        import pyarrow.compute as pc

        values, of = rows[self.column], Decimal(self.of)
        if pa.types.is_decimal(values.type):
            unit = 10**values.type.scale
            values, of = pc.multiply(values.cast(pa.decimal256(38, values.type.scale)), Decimal(unit)), of * unit
        elif not pa.types.is_integer(values.type):
            raise TypeError(f"column {self.column!r} is {values.type}; only whole numbers and decimals have multiples")
        if of != int(of):
            raise ValueError(f"{self.of} has more digits than column {self.column!r} of {values.type}")
        values = values.cast(pa.int64())
        return pc.equal(pc.subtract(values, pc.multiply(pc.divide(values, int(of)), int(of))), 0)

    def says(self) -> str:
        """Of which number."""
        return f"every value is a multiple of {said(self.of)}"
