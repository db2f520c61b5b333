"""Rules on which values a column has, and how often. Nulls and NaN are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from .base import Derived, Expectation, listed, said
from .measures import Limits

if TYPE_CHECKING:
    import pyarrow as pa


class ContainsAll(Expectation):
    """Every value of a set occurs."""

    kind = "expect_column_distinct_values_to_contain_set"
    column: str
    values: tuple[Any, ...] = Field(min_length=1)

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it value_set."""
        return {"column": self.column, "value_set": list(self.values)}

    def sentence(self) -> str:
        """Which set."""
        return f"each of {listed(self.values)} occurs"


class MostCommon(Expectation):
    """The most common value is one of a set; where several are as common, each must be, or one where ties_okay."""

    kind = "expect_column_most_common_value_to_be_in_set"
    column: str
    values: tuple[Any, ...] = Field(min_length=1)
    ties_okay: bool = False

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it value_set."""
        return {"column": self.column, "value_set": list(self.values), "ties_okay": self.ties_okay}

    def sentence(self) -> str:
        """Which set."""
        return f"the most common value is {'' if len(self.values) == 1 else 'one of '}{listed(self.values)}"


class Share(Derived, Limits):
    """The share of one value, of all that are not null, lies between two bounds."""

    kind = "expect_column_mean_to_be_between"
    value: Any

    def derive(self, rows: pa.Table) -> Any:
        """1 where the column has the value, else 0; their mean is the share."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = rows[self.column]
        return pc.equal(column, pa.scalar(self.value)).cast(pa.int64())

    def arguments(self) -> dict[str, Any]:
        """Of the mean."""
        given = super().arguments()
        del given["value"], given["column"]
        return given

    def sentence(self) -> str:
        """Which value and bounds."""
        return f"the share of {said(self.value)} is {self.limits()}"


class Shares(Expectation):
    """The shares of all values of a text column are near those given: their Kullback-Leibler divergence is at most `within`.

    shares: value -> share; they add up to 1.  within: in nats; 0.01 is about 7 points of 100 between two even halves.
    other: the share that all values together may have which are not listed; without it, one such value fails.
    """

    kind = "expect_column_kl_divergence_to_be_less_than"
    column: str
    shares: Mapping[str, float] = Field(min_length=1)
    within: float = Field(default=0.01, gt=0)
    other: float = Field(default=0.0, ge=0, lt=1)

    @field_validator("shares")
    @classmethod
    def _whole(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        if abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) < 0:
            raise ValueError(f"the shares add up to {sum(shares.values()):.6g}, expected 1, and none below 0")
        return shares

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls them a partition, and the rest a tail."""
        partition = {"values": list(self.shares), "weights": list(self.shares.values())}
        return {
            "column": self.column, "partition_object": partition, "threshold": self.within, "tail_weight_holdout": self.other,
        }  # fmt: skip

    def sentence(self) -> str:
        """Which shares."""
        shares = ", ".join(f"{share:.3g} of {said(value)}" for value, share in list(self.shares.items())[:8])
        return f"the shares are near {shares} (divergence at most {self.within:.6g})"
