"""Kinds: what is asked of a column goes by what its values are, and not by how Arrow spells their type."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["number", "time", "text", "bytes", "flag", "list", "other"]
_LONGEST = 200  # characters of a value that a profile quotes


def kind_of(type_: pa.DataType) -> Kind:
    """Of a column's type; a dictionary is what its values are."""
    if pa.types.is_dictionary(type_):
        return kind_of(type_.value_type)
    tests: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("flag", ("is_boolean",)),
        ("number", ("is_integer", "is_floating", "is_decimal", "is_duration", "is_time")),
        ("time", ("is_date", "is_timestamp")),
        ("text", ("is_string", "is_large_string", "is_string_view")),
        ("bytes", ("is_binary", "is_large_binary", "is_binary_view", "is_fixed_size_binary")),
        ("list", ("is_list", "is_large_list", "is_fixed_size_list")),
    )
    return next((kind for kind, names in tests if any(getattr(pa.types, name)(type_) for name in names)), "other")


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with dictionaries, views and large offsets undone: one form a kind."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = kind_of(column.type)
    wanted = {"text": pa.string(), "bytes": pa.binary()}.get(kind)
    return column if wanted is None or column.type == wanted else column.cast(wanted)


def whole_numbers(type_: pa.DataType) -> bool:
    """Whether values lie on a grid of 1: integers, and times in their unit."""
    return not (pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def as_numbers(column: Any) -> Any:
    """Numbers or times (an array, or a chunked one) as what can be reckoned with: times in their own unit since 1970."""
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64())
    if pa.types.is_temporal(column.type):
        return column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
    return column


def as_floats(column: pa.ChunkedArray) -> np.ndarray:
    """Values of numbers or times, nulls left out, as doubles."""
    return np.asarray(as_numbers(column.drop_null()).to_numpy(), dtype=np.float64)


def sizes(column: pa.ChunkedArray, kind: Kind) -> pa.ChunkedArray:
    """Characters of text, bytes of bytes, items of lists; null where the value is null."""
    measure = {"text": pc.utf8_length, "bytes": pc.binary_length, "list": pc.list_value_length}[kind]
    return measure(column).cast(pa.int64())


def quoted(value: object) -> str:
    """A value as text, cut after 200 characters."""
    if isinstance(value, bytes):
        text = value[:_LONGEST].hex()
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def unit_of(type_: pa.DataType) -> str:
    """numpy's letter for the unit that `as_floats` counts a time in."""
    if pa.types.is_timestamp(type_):
        return str(type_.unit)
    return "D" if type_ == pa.date32() else "ms"
