"""Rules on what is measured of a column as a whole. Nulls and NaN are passed over."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from .base import Bound, Bounded, Expectation, limits, require_exact


class Limits(Bounded, Expectation):
    """What is measured of the column lies between two bounds, included unless strict.

    what: it, in words.
    """

    what: ClassVar[str]
    column: str
    min_value: Bound = None
    max_value: Bound = None
    strict_min: bool = False
    strict_max: bool = False

    @model_validator(mode="after")
    def _bounds(self) -> Limits:
        for name, bound in (("min_value", self.min_value), ("max_value", self.max_value)):
            require_exact(bound, name)
        return self

    def limits(self) -> str:
        """The bounds in words."""
        return limits(self.min_value, self.max_value, self.strict_min, self.strict_max)

    def sentence(self) -> str:
        """What is measured, and which bounds."""
        return f"{self.what} is {self.limits()}"


class Least(Limits):
    """The least value lies between two bounds."""

    kind = "expect_column_min_to_be_between"
    what = "the least value"


class Greatest(Limits):
    """The greatest value lies between two bounds."""

    kind = "expect_column_max_to_be_between"
    what = "the greatest value"


class Mean(Limits):
    """The mean lies between two bounds."""

    kind = "expect_column_mean_to_be_between"
    what = "the mean"


class Median(Limits):
    """The median lies between two bounds; of an even number of values it is halfway between the two in the middle."""

    kind = "expect_column_median_to_be_between"
    what = "the median"


class Stdev(Limits):
    """The standard deviation of a sample (n - 1) lies between two bounds."""

    kind = "expect_column_stdev_to_be_between"
    what = "the standard deviation"


class Sum(Limits):
    """The sum lies between two bounds."""

    kind = "expect_column_sum_to_be_between"
    what = "the sum"


class Quantile(Bounded, Expectation):
    """A quantile, between two values where it falls there, lies between two bounds, both included."""

    kind = "expect_column_quantile_values_to_be_between"
    column: str
    quantile: float = Field(ge=0, le=1)
    min_value: float | None = None
    max_value: float | None = None

    def arguments(self) -> dict[str, Any]:
        """Great Expectations takes several at once."""
        ranges = {"quantiles": [self.quantile], "value_ranges": [[self.min_value, self.max_value]]}
        return {"column": self.column, "quantile_ranges": ranges, "allow_relative_error": "linear"}

    def sentence(self) -> str:
        """Which quantile and bounds."""
        return f"the {self.quantile:.6g} quantile is {limits(self.min_value, self.max_value)}"


class DistinctCount(Bounded, Expectation):
    """The number of different values lies between two bounds, both included."""

    kind = "expect_column_unique_value_count_to_be_between"
    column: str
    min_value: int | None = None
    max_value: int | None = None

    def sentence(self) -> str:
        """Which bounds."""
        return f"the number of different values is {limits(self.min_value, self.max_value)}"


class UniqueShare(Limits):
    """The number of different values, as a share of all values, lies between two bounds."""

    kind = "expect_column_proportion_of_unique_values_to_be_between"
    what = "the share of different values"


class NotNullShare(Limits):
    """The share of values that are not null lies between two bounds; `NotNull(mostly=...)` is the lower one, and shows the rows."""

    kind = "expect_column_proportion_of_non_null_values_to_be_between"
    what = "the share of values that are not null"
