"""Arrow: the types of a Record's columns, and rows as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.errors import bounded

from .column import Column
from .reading import UnreadableError, read

_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date32[day]": pa.date32(),
    "timestamp[us, tz=UTC]": pa.timestamp("us", "UTC"),
    "binary": pa.binary(),
}

Mark = tuple[str, str | None, Any]  # (reason, column, mask of the rows that it is said of)


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type of a column."""
    if column.items is not None:
        return pa.list_(arrow_type(column.items))
    if column.fields:
        return pa.struct([pa.field(inner.name, arrow_type(inner)) for inner in column.fields])
    if column.kind.startswith("decimal"):
        digits, places = (int(part) for part in column.kind.partition("(")[2].rstrip(")").split(","))
        return pa.decimal128(digits, places) if digits <= 38 else pa.decimal256(digits, places)
    return _TYPES[column.kind]


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of a Record's columns."""
    return pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])


def table_of(columns: tuple[Column, ...], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of valid values, nested Records and members of an Enum among them, as a table."""
    arrays = []
    for column in columns:
        try:
            arrays.append(pa.array([_plain(column, row[column.name]) for row in rows], arrow_type(column)))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise StageError(
                f"column {column.name!r} holds what is no {column}: {bounded(str(error), 200)}; validate the rows"
            ) from error
    return pa.table(arrays, schema=arrow_schema(columns))


def _plain(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.items is not None:
        return [_plain(column.items, item) for item in value]
    if column.fields:
        found = value if isinstance(value, Mapping) else vars(value)
        return {inner.name: _plain(inner, found[inner.name]) for inner in column.fields}
    return value.value if column.values and isinstance(value, Enum) else value


def read_column(where: str, column: Column, values: Any, path: str) -> tuple[pa.Array, list[Mark]]:
    """Values of any type as the column's: what they read as, and the marks of those that do not, by their path.

    Raises StageError for a type of which none ever could.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if pa.types.is_null(values.type):
        return values.cast(arrow_type(column)), []
    if column.items is not None:
        return _read_list(where, column, column.items, values, path)
    if column.fields:
        return _read_struct(where, column, values, path)
    try:
        made, unread = read(values, arrow_type(column))
    except UnreadableError:
        raise _never(where, column, values, path) from None
    return made, [] if unread is None else [(f"does not read as {column.kind}", path, unread)]


def _read_list(where: str, column: Column, items: Column, values: pa.Array, path: str) -> tuple[pa.Array, list[Mark]]:
    if not (pa.types.is_list(values.type) or pa.types.is_large_list(values.type) or pa.types.is_fixed_size_list(values.type)):
        raise _never(where, column, values, path)
    flat, lift = unlisted(values)
    made, marks = read_column(where, items, flat, f"{path}[]")
    marks = [(reason, inner, lift(mask)) for reason, inner, mask in marks]
    if made is flat and values.type == arrow_type(column):
        return values, marks
    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(values), 0).cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    mask = values.is_null() if values.null_count else None
    return pa.ListArray.from_arrays(offsets, made, type=arrow_type(column), mask=mask), marks


def _read_struct(where: str, column: Column, values: pa.Array, path: str) -> tuple[pa.Array, list[Mark]]:
    if not pa.types.is_struct(values.type):
        raise _never(where, column, values, path)
    names = {field.name for field in values.type}
    if missing := [inner.name for inner in column.fields if inner.name not in names]:
        raise StageError(f"{where}.{path} lacks the columns {missing}; found {bounded(sorted(names))}")
    arrays, marks = [], []
    for inner in column.fields:
        made, found = read_column(where, inner, pc.struct_field(values, inner.name), f"{path}.{inner.name}")
        arrays.append(made)
        marks += found
    kind = arrow_type(column)
    mask = values.is_null() if values.null_count else None
    return pa.StructArray.from_arrays(arrays, fields=list(kind), mask=mask), marks


def unlisted(lists: pa.Array) -> tuple[pa.Array, Any]:
    """The items of all lists, and what lifts a mask of items to one of lists: those that hold any such item."""
    parents = pc.list_parent_indices(lists)
    return pc.list_flatten(lists), lambda mask: scattered(len(lists), parents.filter(mask))


def scattered(count: int, places: pa.Array) -> pa.Array:
    """A mask that is true in some places."""
    return pc.is_in(pa.arange(0, count), value_set=places.cast(pa.int64()))


def rows_of(table: pa.Table, most: int = 1024) -> Iterator[dict[str, Any]]:
    """Rows one by one, a batch of them in memory at a time."""
    for batch in table.to_batches(max_chunksize=most):
        yield from batch.to_pylist()


def _never(where: str, column: Column, values: pa.Array, path: str) -> StageError:
    return StageError(
        f"{where}.{path}: found {bounded(str(values.type))}, expected {bounded(column.kind)}: no value of the one reads as the other; "
        f"change the type in the Record or in the source"
    )
