"""What each row rule says of each row of an Arrow table: true keeps it, false breaks it, null is not looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .compare import alike, comparable, compared, decoded, typed, without_nan

Values = Mapping[str, Any]  # the arguments of a rule, by Great Expectations' names


def is_not_null(columns: Sequence[Any], values: Values) -> Any:
    """Nulls break it; NaN does not."""
    return columns[0].is_valid()


def is_in_set(columns: Sequence[Any], values: Values) -> Any:
    """Of the column's own type; a value that no such column can have is an error. Raises TypeError, ValueError."""
    column = comparable(columns[0])
    known = typed(values["value_set"], column.type)
    return pc.if_else(column.is_valid(), pc.is_in(column, value_set=known), pa.scalar(None, pa.bool_()))


def is_not_in_set(columns: Sequence[Any], values: Values) -> Any:
    """The contrary."""
    return pc.invert(is_in_set(columns, values))


def is_between(columns: Sequence[Any], values: Values) -> Any:
    """Bounds are compared as they are, not as the column's type would round them. Raises TypeError for other than numbers and moments."""
    low, high = values.get("min_value"), values.get("max_value")
    if low is not None and high is not None and low > high:
        raise ValueError(f"min_value {low} is greater than max_value {high}")
    column, bounds = columns[0], []
    if low is not None:
        bounds.append(compared(column, low, pc.greater if values.get("strict_min") else pc.greater_equal))
    if high is not None:
        bounds.append(compared(column, high, pc.less if values.get("strict_max") else pc.less_equal))
    if not bounds:
        raise ValueError("min_value and max_value cannot both be None")
    return reduce(pc.and_, bounds)


def has_length_between(columns: Sequence[Any], values: Values) -> Any:
    """Characters of text, items of lists, bytes of bytes."""
    column = decoded(columns[0])
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        lengths = pc.utf8_length(column)
    elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        lengths = pc.list_value_length(column)
    elif pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        lengths = pc.binary_length(column)
    else:
        raise TypeError(f"values of {column.type} have no length; expected text, lists or bytes")
    return is_between([lengths.cast(pa.int64())], values)


def matches(columns: Sequence[Any], values: Values) -> Any:
    """Anywhere in the text."""
    return pc.match_substring_regex(decoded(columns[0]), values["regex"])


def does_not_match(columns: Sequence[Any], values: Values) -> Any:
    """The contrary."""
    return pc.invert(matches(columns, values))


def is_unique(columns: Sequence[Any], values: Values) -> Any:
    """NaN is passed over, as null is."""
    column = without_nan(comparable(columns[0]))
    if pc.count_distinct(column).as_py() == len(column) - column.null_count:
        return pc.if_else(column.is_valid(), pa.scalar(True), pa.scalar(None, pa.bool_()))
    counts = pc.value_counts(column)
    repeated = counts.field(0).filter(pc.greater(counts.field(1), 1)).drop_null()
    return pc.if_else(column.is_valid(), pc.invert(pc.is_in(column, value_set=repeated)), pa.scalar(None, pa.bool_()))


def is_unique_together(columns: Sequence[Any], values: Values) -> Any:
    """Rows with a null in one of the columns are passed over."""
    valid = reduce(pc.and_, [column.is_valid() for column in columns])
    names = [str(position) for position in range(len(columns))]
    rows = pa.table([without_nan(comparable(column)) for column in columns], names)
    rows = rows.append_column("row", pa.arange(0, rows.num_rows)).filter(valid)
    groups = rows.group_by(names, use_threads=False).aggregate([("row", "count"), ("row", "list")])
    repeated = pc.list_flatten(groups.filter(pc.greater(groups["row_count"], 1))["row_list"])
    keeps = pc.invert(pc.is_in(pa.arange(0, len(columns[0])), value_set=repeated))
    return pc.if_else(valid, keeps, pa.scalar(None, pa.bool_()))


def is_greater(columns: Sequence[Any], values: Values) -> Any:
    """Or equal, where or_equal."""
    first, second = alike(*columns)
    return (pc.greater_equal if values.get("or_equal") else pc.greater)(first, second)


def is_equal(columns: Sequence[Any], values: Values) -> Any:
    """NaN equals nothing."""
    return pc.equal(*alike(*columns))


def is_pair_in_set(columns: Sequence[Any], values: Values) -> Any:
    """Each value as its place among those that occur in the set; the two places as one number."""
    places, known = [], []
    for position, column in enumerate(map(comparable, columns)):
        side = typed([pair[position] for pair in values["value_pairs_set"]], column.type)
        different = side.unique()
        places.append(pc.index_in(column, value_set=different).cast(pa.int64()))
        known.append(pc.index_in(side, value_set=different).cast(pa.int64()))
    base = len(values["value_pairs_set"]) + 1
    one, expected = (pc.add(pc.multiply(first, base), second) for first, second in (places, known))
    valid = pc.and_(columns[0].is_valid(), columns[1].is_valid())
    return pc.if_else(valid, pc.is_in(one, value_set=expected.drop_null()).fill_null(False), pa.scalar(None, pa.bool_()))


def adds_up(columns: Sequence[Any], values: Values) -> Any:
    """Exactly. Raises ArrowInvalid where whole numbers run over."""
    return compared(reduce(pc.add_checked, columns), values["sum_total"], pc.equal)


CONDITIONS: dict[str, Callable[[Sequence[Any], Values], Any]] = {
    "column_values.nonnull": is_not_null,
    "column_values.in_set": is_in_set,
    "column_values.not_in_set": is_not_in_set,
    "column_values.between": is_between,
    "column_values.value_length.between": has_length_between,
    "column_values.match_regex": matches,
    "column_values.not_match_regex": does_not_match,
    "column_values.unique": is_unique,
    "compound_columns.unique": is_unique_together,
    "column_pair_values.a_greater_than_b": is_greater,
    "column_pair_values.equal": is_equal,
    "column_pair_values.in_set": is_pair_in_set,
    "multicolumn_sum.equal": adds_up,
}
