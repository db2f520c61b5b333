"""Types of JSON values: the Arrow type that holds all of several, and values made to fit it."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa


def type_of(values: list[Any]) -> pa.DataType:
    """The Arrow type that holds all of some JSON values; a whole number that no int64 holds is text."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pa.null()
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        numbers = [value for value in values if value is not None]
        return pa.int64() if min(numbers) >= -(2**63) and max(numbers) < 2**63 else pa.string()
    if kinds <= {int, float}:
        return pa.float64()
    if kinds == {list}:
        return pa.list_(type_of([item for value in values if value is not None for item in value]))
    if kinds == {dict}:
        found = [value for value in values if value is not None]
        names = dict.fromkeys(name for value in found for name in value)
        return pa.struct([(name, type_of([value.get(name) for value in found])) for name in names])
    return pa.string()


def unified(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type that holds values of both: text where they have nothing in common. A moment that Arrow guessed is text."""
    one, other = _plain(one), _plain(other)
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(unified(one.value_type, other.value_type))
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        fields = {field.name: field.type for field in one}
        for field in other:
            fields[field.name] = unified(fields.get(field.name, pa.null()), field.type)
        return pa.struct(list(fields.items()))
    return pa.string()


def array_of(values: list[Any], kind: pa.DataType) -> pa.Array:
    """An Arrow array of JSON values; in one of text, others are text as JSON writes them."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError):
        return pa.array([_fitting(value, kind) for value in values], kind)


def _fitting(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if pa.types.is_list(kind):
        return [_fitting(item, kind.value_type) for item in value]
    if pa.types.is_struct(kind):
        return {field.name: _fitting(value.get(field.name), field.type) for field in kind}
    return float(value) if pa.types.is_floating(kind) else value


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return kind if pa.types.is_null(kind) or kind in (pa.bool_(), pa.int64(), pa.float64()) else pa.string()
