"""Row rules: the constraints of a Record over Arrow columns, whole columns at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import LINE, SOURCE, StageError, sift
from pipeline.quarantine import quarantine_schema, without_origin

if TYPE_CHECKING:
    from .record import Column

_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date32[day]": pa.date32(),
    "timestamp[us, tz=UTC]": pa.timestamp("us", "UTC"),
}


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of a Record's columns."""
    return pa.schema([pa.field(column.name, _arrow_type(column.kind)) for column in columns])


def sift_record(record: str, columns: tuple[Column, ...], rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split rows into those that keep every rule, cast, and the others in the quarantine's form.

    A value that does not read as its column's type ("12a" in an int column) turns its row away; blank text reads as null
    in any column but text.  Raises StageError for a column that is missing or of a type that cannot be cast at all.
    """
    missing = [column.name for column in columns if column.name not in rows.column_names]
    if missing:
        raise StageError(f"rows of {record} lack the columns {missing}; found {rows.column_names}")
    readable, unreadable = sift(rows, _unreadable(record, columns, rows))
    typed = pa.table([_cast(column, readable[column.name]) for column in columns], schema=arrow_schema(columns))
    for name in (SOURCE, LINE):
        typed = typed.append_column(name, readable[name]) if name in readable.column_names else typed
    kept, away = sift(typed, _rules(columns, typed))
    return without_origin(kept), pa.concat_tables([quarantine_schema().empty_table(), *unreadable, *away])


def _arrow_type(kind: str) -> pa.DataType:
    if kind.startswith("list<"):
        return pa.list_(_TYPES[kind[5:-1]])
    return _TYPES[kind]


def _cast(column: Column, values: Any) -> Any:
    kind = _arrow_type(column.kind)
    if pa.types.is_string(values.type) and kind != values.type:
        values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    return values.cast(kind)


def _unreadable(record: str, columns: tuple[Column, ...], rows: pa.Table) -> Iterator[tuple[str, str, Any]]:
    """(reason, column, mask of the rows that cannot be cast), of the columns that have any."""
    for column in columns:
        values = rows[column.name]
        try:
            _cast(column, values)
        except pa.ArrowInvalid:
            broken = [not _casts(column, values[row : row + 1]) for row in range(len(values))]
            yield f"does not read as {column.kind}", column.name, pa.chunked_array([broken])
        except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise StageError(f"{record}.{column.name}: found {values.type}, expected {column.kind}: {error}") from error


def _casts(column: Column, value: Any) -> bool:
    try:
        _cast(column, value)
    except pa.ArrowInvalid:
        return False
    return True


def _rules(columns: tuple[Column, ...], rows: pa.Table) -> Iterator[tuple[str, str, Any]]:
    """(reason, column, mask of the rows that break it); a null breaks no rule but the first."""
    for column in columns:
        values = rows[column.name]
        if not column.nullable:
            yield "is null", column.name, values.is_null()
        if column.kind.startswith("list<"):
            yield "holds a null", column.name, _holding_null(values)
        bounds = (
            ("ge", column.ge, pc.greater_equal), ("gt", column.gt, pc.greater),
            ("le", column.le, pc.less_equal), ("lt", column.lt, pc.less),
        )  # fmt: skip
        for word, bound, holds in bounds:
            if bound is not None:
                yield f"is not {word} {bound}", column.name, _broken(holds(values, bound))
        if column.min_length is not None or column.max_length is not None:
            lengths = pc.utf8_length(values) if column.kind == "string" else pc.list_value_length(values)
            if column.min_length is not None:
                reason = f"is shorter than {column.min_length}"
                yield reason, column.name, _broken(pc.greater_equal(lengths, column.min_length))
            if column.max_length is not None:
                reason = f"is longer than {column.max_length}"
                yield reason, column.name, _broken(pc.less_equal(lengths, column.max_length))
        if column.pattern:
            matches = pc.match_substring_regex(values, column.pattern)
            yield f"does not match {column.pattern}", column.name, _broken(matches)
        if column.values:
            known = pc.is_in(values, value_set=pa.array(column.values, values.type))
            yield f"is none of {list(column.values)}", column.name, _broken(pc.or_(known, values.is_null()))


def _holding_null(lists: pa.ChunkedArray) -> Any:
    rows = pc.list_parent_indices(lists).filter(pc.list_flatten(lists).is_null())
    return pc.is_in(pa.array(range(len(lists)), pa.int64()), value_set=rows.unique())


def _broken(holds: Any) -> Any:
    return pc.invert(pc.fill_null(holds, True))
