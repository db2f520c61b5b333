"""Row rules: the constraints of a Record over Arrow columns, whole columns at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import LINE, SOURCE, StageError, sift
from pipeline.quarantine import quarantine_schema, without_origin

from .arrow import Mark, arrow_schema, read_column, scattered, unlisted
from .column import Column, Described
from .patterns import matches
from .rowrules import broken

_LARGE = 2**30  # bytes: less can be one array a column, whose texts may hold twice as much


def sift_record(record: Described, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split rows into those that keep every rule, cast, and the others in the quarantine's form.

    First goes what does not read as its column's type (see schemas/record/reading.py), then what breaks a constraint, column by column, then what
    breaks a row rule; of several reasons a row gets the first.  Raises StageError for a column that is missing or of a type that
    never reads as the column's, and for a row rule that fails.
    """
    missing = [column.name for column in record.columns if column.name not in rows.column_names]
    if missing:
        raise StageError(f"rows of {record.name} lack the columns {missing}; found {rows.column_names}")
    parts = [rows] if rows.nbytes < _LARGE else [pa.Table.from_batches([batch]) for batch in rows.to_batches()]
    sifted = [_sift(record, part) for part in parts]
    return pa.concat_tables(kept for kept, _ in sifted), pa.concat_tables(away for _, away in sifted)


def _sift(record: Described, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    arrays, unread = [], []
    for column in record.columns:
        made, marks = read_column(record.name, column, rows[column.name], column.name)
        arrays.append(made)
        unread += marks
    typed = pa.table(arrays, schema=arrow_schema(record.columns))
    for name in (SOURCE, LINE):
        typed = typed.append_column(name, rows[name]) if name in rows.column_names else typed
    away = []
    if unread:
        away += sift(rows, unread)[1]
        typed = typed.filter(pc.invert(_any(mask for _, _, mask in unread)))
    if marks := list(_table_marks(record.columns, typed)):
        typed, more = sift(typed, marks)
        away += more
    kept = without_origin(typed)
    if record.rules and kept.num_rows:
        broke = [(rule.reason, rule.column, broken(rule, kept)) for rule in record.rules]
        if pc.any(_any(mask for _, _, mask in broke)).as_py():
            typed, more = sift(typed, broke)
            kept, away = without_origin(typed), away + more
    return kept, pa.concat_tables([quarantine_schema().empty_table(), *away])


def _table_marks(columns: tuple[Column, ...], rows: pa.Table) -> Iterator[Mark]:
    for column in columns:
        values = rows[column.name]
        yield from _marks(column, values.chunk(0) if values.num_chunks == 1 else values.combine_chunks(), column.name)


def _marks(column: Column, values: pa.Array, path: str) -> Iterator[Mark]:
    """(reason, path, mask) of each constraint that some value breaks; a null breaks none but the first."""
    if values.null_count and not column.nullable:
        yield "is null", path, values.is_null()
    for word, reason in column.reasons():
        if word == "items" and column.items is not None:
            flat, lift = unlisted(values)
            yield from ((said, inner, lift(mask)) for said, inner, mask in _marks(column.items, flat, f"{path}[]"))
            continue
        holds = _HOLDS[word](column, values)
        if not pc.all(holds, min_count=0).as_py():
            yield reason, path, pc.invert(pc.fill_null(holds, True))
    if column.fields:
        yield from _inside(column, values, path)


def _inside(column: Column, values: pa.Array, path: str) -> Iterator[Mark]:
    """What breaks the constraints of a nested Record, and its row rules where it breaks none; where there is no row inside, nothing."""
    places = pc.indices_nonzero(values.is_valid())
    present = values.drop_null() if values.null_count else values
    found: list[Any] = []
    for inner in column.fields:
        for reason, where, mask in _marks(inner, pc.struct_field(present, inner.name), f"{path}.{inner.name}"):
            found.append(mask)
            yield reason, where, scattered(len(values), places.filter(mask))
    if not column.rules or not len(present):
        return
    if found:
        well = pc.invert(_any(found))
        places, present = places.filter(well), present.filter(well)
    rows = pa.table([pc.struct_field(present, inner.name) for inner in column.fields], schema=arrow_schema(column.fields))
    for rule in column.rules if rows.num_rows else ():
        mask = broken(rule, rows)
        if pc.any(mask, min_count=0).as_py():
            mask = mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask
            yield rule.reason, f"{path}.{rule.column}" if rule.column else path, scattered(len(values), places.filter(mask))


def _any(masks: Any) -> Any:
    return reduce(pc.or_, masks)


def _bounded(compare: Callable[[Any, Any], Any], values: pa.Array, bound: Any) -> Any:
    kind = values.type
    if pa.types.is_decimal(kind):
        try:
            return compare(values, pa.scalar(Decimal(bound), kind))
        except pa.ArrowInvalid:  # a bound of more digits than the column has
            places = max(kind.scale, -int(Decimal(bound).as_tuple().exponent))
            wide = pa.decimal256(76, places)
            return compare(values.cast(wide), pa.scalar(Decimal(bound), wide))
    return compare(values, pa.scalar(float(bound) if pa.types.is_floating(kind) else bound, kind))


def _multiple(column: Column, values: pa.Array) -> Any:
    """Whole multiples; how far a float may miss one is asked of pydantic, whose versions differ in it."""
    step = column.multiple_of
    if pa.types.is_integer(values.type):
        return pc.equal(pc.multiply(pc.divide(values, step), step), values)
    different = values.unique()
    if pa.types.is_decimal(values.type):
        holds = [None if value is None else value % step == 0 for value in different.to_pylist()]
        return pa.array(holds, pa.bool_()).take(pc.index_in(values, different))
    from pydantic_core import SchemaValidator, core_schema

    ask = SchemaValidator(core_schema.float_schema(multiple_of=step)).isinstance_python
    times = pc.divide(different, float(step))
    exact = pc.and_(pc.equal(pc.floor(times), times), pc.equal(pc.multiply(times, float(step)), different))
    exact = pc.and_(exact, pc.less(pc.abs(times), float(2**53)))
    missed = different.filter(pc.invert(exact))
    refused = pa.array([value for value in missed.to_pylist() if not ask(value)], values.type)
    return pc.if_else(values.is_null(), None, pc.invert(pc.is_in(values, value_set=refused)))


def _length(values: pa.Array) -> Any:
    if pa.types.is_string(values.type):
        return pc.utf8_length(values)
    return pc.binary_length(values) if pa.types.is_binary(values.type) else pc.list_value_length(values)


def _known(column: Column, values: pa.Array) -> Any:
    return pc.or_(pc.is_in(values, value_set=pa.array(column.values, values.type)), values.is_null())


_HOLDS: dict[str, Callable[[Column, pa.Array], Any]] = {
    "finite": lambda column, values: pc.is_finite(values),
    "multiple_of": _multiple,
    "le": lambda column, values: _bounded(pc.less_equal, values, column.le),
    "lt": lambda column, values: _bounded(pc.less, values, column.lt),
    "ge": lambda column, values: _bounded(pc.greater_equal, values, column.ge),
    "gt": lambda column, values: _bounded(pc.greater, values, column.gt),
    "min_length": lambda column, values: pc.greater_equal(_length(values), column.min_length),
    "max_length": lambda column, values: pc.less_equal(_length(values), column.max_length),
    "pattern": lambda column, values: matches(values, column.pattern or ""),
    "values": _known,
}
