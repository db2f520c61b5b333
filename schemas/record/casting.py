"""Casting: what of a column can be cast, with null for what cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def family(kind: pa.DataType) -> str:
    """What a type is, whatever its width."""
    for name, holds in _FAMILIES:
        if holds(kind):
            return name
    return str(kind)


_FAMILIES: tuple[tuple[str, Callable[[pa.DataType], bool]], ...] = (
    ("text", lambda kind: kind in (pa.string(), pa.large_string(), pa.string_view())),
    ("int64", pa.types.is_integer),
    ("double", pa.types.is_floating),
    ("bool", pa.types.is_boolean),
    ("date", pa.types.is_date),
    ("moment", pa.types.is_timestamp),
    ("decimal", pa.types.is_decimal),
    ("binary", lambda kind: kind in (pa.binary(), pa.large_binary(), pa.binary_view()) or pa.types.is_fixed_size_binary(kind)),
    ("null", pa.types.is_null),
)


def where(holds: Any, values: pa.Array) -> pa.Array:
    """The values where a mask holds, null elsewhere."""
    return pc.if_else(holds, values, pa.scalar(None, values.type))


def cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast what can be cast, null elsewhere: by halves of the different values, of which few fail once their shape is right."""
    try:
        return values.cast(kind)
    except pa.ArrowInvalid:
        different = values.unique().drop_null()
        wrong = pa.concat_arrays(failing(different, kind))
        return where(pc.invert(pc.is_in(values, value_set=wrong)), values).cast(kind)


def failing(values: pa.Array, kind: pa.DataType) -> list[pa.Array]:
    """The values that cannot be cast, in arrays, some of them empty."""
    try:
        values.cast(kind)
    except pa.ArrowInvalid:
        half = len(values) // 2
        return [*failing(values[:half], kind), *failing(values[half:], kind)] if half else [values]
    return [values[:0]]
