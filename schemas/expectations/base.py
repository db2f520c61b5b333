"""Expectation: one rule of a table, declared without importing Great Expectations."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.errors import bounded
from pipeline.frozen import Frozen

if TYPE_CHECKING:
    import pyarrow as pa

Bound = int | float | Decimal | date | datetime | None


class Expectation(Frozen):
    """One rule of a table, by its Great Expectations name in `kind`; its fields are that expectation's arguments.

    severity: "error" blocks, "warn" is only told.
    by_row: it holds of a table when it holds of each of its fragments.
    judges_nan: NaN counts as a value that it judges; elsewhere NaN is passed over, and a column of nothing else fails.
    """

    kind: ClassVar[str]
    by_row: ClassVar[bool] = False
    judges_nan: ClassVar[bool] = False
    severity: Literal["error", "warn"] = "error"

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the expectation; None is left out."""
        return {k: v for k, v in self.model_dump(exclude={"severity"}).items() if v is not None}

    def reads(self) -> tuple[str, ...] | None:
        """The columns that it looks at; None for all of them."""
        column = getattr(self, "column", None)
        return (column,) if column else ()

    def sentence(self) -> str:
        """What it says, for people. The name of its one column is left out: a finding gives it beside."""
        raise TypeError(f"expectation {type(self).__name__} must define sentence(self)")


class Bounded(Frozen):
    """Something with min_value and max_value, at least one of them given: with neither, every table would pass."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if (getattr(self, "min_value", None), getattr(self, "max_value", None)) == (None, None):
            raise ValueError(f"{type(self).__name__} needs min_value, max_value or both; with neither it holds of everything")
        return self


class RowExpectation(Expectation):
    """A rule that each row keeps or breaks, so that the rows that broke it can be shown.

    mostly: the least share of rows that keep it, of those it looks at (all but the nulls).
    """

    by_row = True
    mostly: float = Field(default=1.0, gt=0, le=1)

    def arguments(self) -> dict[str, Any]:
        """`mostly` is left out where it is all rows."""
        given = super().arguments()
        if self.mostly == 1.0:
            del given["mostly"]
        return given

    def says(self) -> str:
        """The sentence for every row; `sentence` adds the share."""
        raise TypeError(f"expectation {type(self).__name__} must define says(self)")

    def sentence(self) -> str:
        """With the share of rows where not all must keep it."""
        return self.says() if self.mostly == 1.0 else f"{self.says()}, in at least {self.mostly:.6g} of the rows"


class Derived(Expectation):
    """A rule on a column that is made for it; Great Expectations judges that column."""

    def derive(self, rows: pa.Table) -> Any:
        """The column, a value a row, in order."""
        raise TypeError(f"expectation {type(self).__name__} must define derive(self, rows)")


class Rule(Derived, RowExpectation):
    """A rule of your own: a subclass with one method, on an Arrow table. The first line of its docstring is what it says.

        class EndsAfterStart(Rule):
            "`end` is after `start`"

            def holds(self, rows):
                return pc.greater(rows["end"], rows["start"])

    `reads` may name the columns it needs, which saves reading the others. `by_row = False` in the class where a row cannot be judged
    without the others. Its code is part of the receipt's key.
    """

    kind = "expect_column_values_to_be_in_set"
    judges_nan = True

    def holds(self, rows: pa.Table) -> Any:
        """A boolean a row: true keeps the rule, false breaks it, null is not looked at."""
        raise TypeError(f"rule {type(self).__name__} must define holds(self, rows)")

    def derive(self, rows: pa.Table) -> Any:
        """What `holds` gives."""
        return self.holds(rows)

    def arguments(self) -> dict[str, Any]:
        """Every value of the column is true."""
        return {"value_set": [True], **({} if self.mostly == 1.0 else {"mostly": self.mostly})}

    def reads(self) -> tuple[str, ...] | None:
        """All columns, unless it has one `column`."""
        return super().reads() or None

    def says(self) -> str:
        """The first line of the docstring."""
        return (type(self).__doc__ or type(self).__name__).strip().partition("\n")[0].rstrip(".")


def limits(low: Bound, high: Bound, strict_min: bool = False, strict_max: bool = False) -> str:
    """`between 0 and 1`, `at least 0`, `more than 0 and at most 1`."""
    if low is not None and high is not None and not (strict_min or strict_max):
        return f"exactly {said(low)}" if low == high else f"between {said(low)} and {said(high)}"
    words = []
    if low is not None:
        words.append(f"{'more than' if strict_min else 'at least'} {said(low)}")
    if high is not None:
        words.append(f"{'less than' if strict_max else 'at most'} {said(high)}")
    return " and ".join(words)


def said(value: Any) -> str:
    """A value as people write it, bounded in length; text in quotes."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, Decimal):
        return bounded(str(value))
    if isinstance(value, int | float):
        return bounded(f"{int(value):,}" if value % 1 == 0 and abs(value) < 2**53 else value)
    if isinstance(value, date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return repr(bounded(value)) if isinstance(value, str) else bounded(value)


def listed(values: Sequence[Any]) -> str:
    """The first few values, and how many more there are."""
    shown = ", ".join(said(value) for value in values[:8])
    return shown + (f" and {len(values) - 8:,} more" if len(values) > 8 else "")


def named(columns: Sequence[str]) -> str:
    """Columns as a sentence has them."""
    shown = ", ".join(f"`{bounded(column, 40)}`" for column in columns[:8])
    return shown + (f" and {len(columns) - 8:,} more" if len(columns) > 8 else "")


def require_exact(bound: Bound, what: str) -> None:
    """Refuse a whole number that Great Expectations, which keeps bounds as floats, would change."""
    if isinstance(bound, int) and (abs(bound) > sys.float_info.max or int(float(bound)) != bound):
        raise ValueError(f"{what} is {bounded(bound)}, which no float holds exactly; expected one within 2**53")
