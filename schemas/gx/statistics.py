"""What is measured of a column, or of a table, as a whole. Nulls and NaN are passed over; of no value at all, nothing is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .compare import comparable, typed, without_nan
from .conditions import Values


def least(column: Any, values: Values) -> Any:
    """A value of the column."""
    return _plain(pc.min(_ordered(column)))


def greatest(column: Any, values: Values) -> Any:
    """A value of the column."""
    return _plain(pc.max(_ordered(column)))


def mean(column: Any, values: Values) -> Any:
    """As a float."""
    return pc.mean(_numbers(column)).as_py()


def median(column: Any, values: Values) -> Any:
    """Halfway between the two in the middle of an even number of values."""
    return pc.quantile(_numbers(column), q=0.5)[0].as_py()


def deviation(column: Any, values: Values) -> Any:
    """Of a sample: n - 1."""
    return pc.stddev(_numbers(column), ddof=1).as_py()


def total(column: Any, values: Values) -> Any:
    """Exact for whole numbers, also beyond 64 bits."""
    column = _known(column)
    if pa.types.is_integer(column.type):
        return int(pc.sum(column.cast(pa.decimal128(20, 0))).as_py() or 0) if len(column) else None
    return pc.sum(_numbers(column)).as_py()


def quantiles(column: Any, values: Values) -> list[Any]:
    """Between two values where a quantile falls there."""
    return list(pc.quantile(_numbers(column), q=list(values["quantiles"])).to_pylist())


def distinct(column: Any, values: Values) -> int:
    """How many different values there are."""
    return int(pc.count_distinct(_known(comparable(column))).as_py())


def distinct_share(column: Any, values: Values) -> float | None:
    """Of all values."""
    known = _known(comparable(column))
    return pc.count_distinct(known).as_py() / len(known) if len(known) else None


def not_null_share(column: Any, values: Values) -> float | None:
    """Of all rows."""
    return (len(column) - column.null_count) / len(column) if len(column) else None


def not_null_count(column: Any, values: Values) -> int:
    """NaN is passed over."""
    return len(_known(column))


def most_common(column: Any, values: Values) -> list[Any]:
    """All that are as common as the most common one."""
    counts = pc.value_counts(_known(comparable(column)))
    return list(counts.field(0).filter(pc.equal(counts.field(1), pc.max(counts.field(1)))).to_pylist())


def counts(column: Any, values: Values) -> Any:
    """How often each value occurs, as the pandas Series that Great Expectations computes a divergence from."""
    found = pc.value_counts(_known(comparable(column)))
    return pd.Series(found.field(1).to_pylist(), index=found.field(0).to_pylist(), name="count")


def missing(column: Any, values: Values) -> list[Any]:
    """Which values of the set do not occur."""
    column = comparable(column)
    expected = typed(values["value_set"], column.type)
    return list(expected.filter(pc.invert(pc.is_in(expected, value_set=column.unique()))).to_pylist())


def missing_count(column: Any, values: Values) -> int:
    """How many values of the set do not occur."""
    return len(missing(column, values))


STATISTICS: dict[str, Callable[[Any, Values], Any]] = {
    "column.min": least,
    "column.max": greatest,
    "column.mean": mean,
    "column.median": median,
    "column.standard_deviation": deviation,
    "column.sum": total,
    "column.quantile_values": quantiles,
    "column.distinct_values.count": distinct,
    "column.unique_proportion": distinct_share,
    "column.non_null_proportion": not_null_share,
    "column_values.nonnull.count": not_null_count,
    "column.most_common_value": most_common,
    "column.value_counts": counts,
    "column.distinct_values.missing_from_column": missing,
    "column.distinct_values.missing_from_column.count": missing_count,
}


def _known(column: Any) -> Any:
    return without_nan(column).drop_null()


def _numbers(column: Any) -> Any:
    """As floats: Arrow's sums of whole numbers run over, and its means of decimals are rounded to their scale."""
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        raise TypeError(f"a column of {column.type} has no such statistic; expected numbers")
    return pc.cast(_known(column), pa.float64(), safe=False)


def _ordered(column: Any) -> Any:
    kind = column.type
    if not (pa.types.is_primitive(kind) or pa.types.is_decimal(kind)) or pa.types.is_boolean(kind):
        raise TypeError(f"a column of {kind} has no least and no greatest value; expected numbers, dates or moments")
    return _known(column)


def _plain(value: Any) -> Any:
    """As bounds are: a decimal as a float."""
    return value.cast(pa.float64()).as_py() if pa.types.is_decimal(value.type) else value.as_py()
