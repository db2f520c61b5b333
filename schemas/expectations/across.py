"""Rules on several columns, row by row. A row with a null in one of them is not looked at."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from .base import Bound, RowExpectation, listed, named, require_exact, said


class _Pair(RowExpectation):
    judges_nan = True
    first: str
    second: str

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls them column_A and column_B."""
        given = super().arguments()
        columns = {"column_A": given.pop("first"), "column_B": given.pop("second")}
        return {**columns, **given, "ignore_row_if": "either_value_is_missing"}

    def reads(self) -> tuple[str, ...]:
        """The two."""
        return (self.first, self.second)


class Greater(_Pair):
    """The first column is greater than the second, or equal where or_equal."""

    kind = "expect_column_pair_values_a_to_be_greater_than_b"
    or_equal: bool = False

    def says(self) -> str:
        """Which is greater."""
        return f"{named([self.first])} is {'at least' if self.or_equal else 'greater than'} {named([self.second])}"


class Equal(_Pair):
    """Two columns are equal."""

    kind = "expect_column_pair_values_to_be_equal"

    def says(self) -> str:
        """Which are equal."""
        return f"{named([self.first])} equals {named([self.second])}"


class PairsInSet(_Pair):
    """The values of two columns are one of a set of pairs."""

    kind = "expect_column_pair_values_to_be_in_set"
    pairs: tuple[tuple[Any, Any], ...] = Field(min_length=1)

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it value_pairs_set."""
        given = super().arguments()
        return {"value_pairs_set": list(given.pop("pairs")), **given}

    def says(self) -> str:
        """Which pairs."""
        pairs = listed([tuple(pair) for pair in self.pairs])
        return f"{named([self.first])} and {named([self.second])} are one of {pairs}"


class _Several(RowExpectation):
    columns: tuple[str, ...] = Field(min_length=2)

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls them column_list."""
        given = super().arguments()
        return {"column_list": list(given.pop("columns")), **given, "ignore_row_if": "any_value_is_missing"}

    def reads(self) -> tuple[str, ...]:
        """Those it lists."""
        return self.columns


class SumIs(_Several):
    """The columns add up to a number, exactly."""

    kind = "expect_multicolumn_sum_to_equal"
    judges_nan = True
    total: int | float

    @field_validator("total")
    @classmethod
    def _exact(cls, total: Bound) -> Bound:
        require_exact(total, "total")
        return total

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it sum_total."""
        given = super().arguments()
        return {"sum_total": given.pop("total"), **given}

    def says(self) -> str:
        """Which columns, and which sum."""
        return f"{named(self.columns)} add up to {said(self.total)}"


class UniqueTogether(_Several):
    """No combination of values occurs twice; all rows of a repeated one break it."""

    kind = "expect_compound_columns_to_be_unique"
    by_row = False

    def says(self) -> str:
        """Of which columns."""
        return f"no combination of {named(self.columns)} occurs twice"
