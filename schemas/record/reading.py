"""Reading: values of any Arrow type as the type of their column; what does not read is told apart, a column at a time.

A value reads where nothing of it is lost.  Of text, white space around it aside:

    int64      digits with a sign or none: 3, -3, +3, 007, 3.0;  not 1e3, 0x10, 1_000, 1,000
    double     3, 3.5, .5, 1e3, nan, inf, infinity;  not 1,5, or 1e400, of which no float holds more than the sign
    bool       1 0, true false, t f, yes no, y n, on off, in any case
    date       2024-02-29;  not 2024-02-30, 29.2.2024, or a date with a time
    timestamp  2024-02-29T12:00:00Z, or with +01:00, to the microsecond;  not without a zone
    decimal    digits as for double, no more than its column has;  not nan
    binary     base64, as in JSON, of either alphabet
    string     as it is; whole numbers as their digits

Blank text is null in any column but text and binary.  A float reads as int64 where it is whole, and as a decimal by its shortest digits; 0 and 1 as
bool; a timestamp as a date at midnight, and as a timestamp only with a zone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .casting import cast, family, where
from .texts import bool_text, bytes_text, decimal_text, int_text, shaped

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # the years 1 to 9999, which Python's dates have
_FIRST, _LAST = _FIRST_DAY * 86_400_000_000, (_LAST_DAY + 1) * 86_400_000_000 - 1


class UnreadableError(Exception):
    """No value of this Arrow type can ever be one of the column."""


def read(values: Any, kind: pa.DataType) -> tuple[Any, Any]:
    """Values of one type as another that holds no others: (what they read as, a mask of those that do not, or None).

    What does not read is null in the first.  Raises UnreadableError where none ever could.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    wanted, found = family(kind), family(values.type)
    if found == "text" and wanted not in ("text", "binary"):
        values = values if values.type == pa.string() else values.cast(pa.string())
    reader = _READERS.get((wanted, found))
    if reader is None:
        raise UnreadableError
    given, made = reader(values, kind)
    made = _within(made, wanted)
    if made.null_count == given.null_count:
        return made, None
    return made, pc.and_(made.is_null(), given.is_valid())


def _within(made: pa.Array, wanted: str) -> pa.Array:
    """Without the days that no Python date has."""
    if wanted not in ("date", "moment") or made.null_count == len(made):
        return made
    number, first, last = (pa.int32(), _FIRST_DAY, _LAST_DAY) if wanted == "date" else (pa.int64(), _FIRST, _LAST)
    numbers = made.view(number)
    ends = pc.min_max(numbers)
    if ends["min"].as_py() >= first and ends["max"].as_py() <= last:
        return made
    return where(pc.and_(pc.greater_equal(numbers, first), pc.less_equal(numbers, last)), made)


def _same(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Nothing can be lost."""
    return values, values if values.type == kind else cast(values, kind)


def _back(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """What comes back as it went."""
    if values.type == kind:
        return values, values
    try:
        return values, values.cast(kind)
    except pa.ArrowInvalid:
        returned = values.cast(kind, safe=False).cast(values.type, safe=False)
        return values, cast(where(pc.equal(returned, values), values), kind)


def _float(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """The nearest float, as of any number."""
    return values, values.cast(kind, safe=False)


def _whole(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Floats that are whole numbers of 64 bits."""
    values = values.cast(pa.float64())
    fits = pc.and_(pc.equal(pc.floor(values), values), pc.and_(pc.greater_equal(values, -(2.0**63)), pc.less(values, 2.0**63)))
    return values, cast(where(fits, values), kind)


def _int_decimal(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    return values, int_text(values.cast(pa.string()), kind)[1]


def _decimal_number(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """By the shortest digits that stand for it."""
    return values, decimal_text(values.cast(pa.string()), kind)[1]


def _decimal(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Decimals with no more digits than the column has. Arrow's cast is asked only where all digits fit the type's width: see decimal_text."""
    wide = max(values.type.bit_width, kind.bit_width) > 128
    if values.type.precision - values.type.scale + kind.scale <= (76 if wide else 38):
        try:
            return values, values.cast(kind)
        except pa.ArrowInvalid:
            pass
    return _decimal_number(values, kind)


def _bit(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """0 and 1, of numbers."""
    return values, where(pc.or_(pc.equal(values, 0), pc.equal(values, 1)), values).cast(kind)


def _day(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Midnight, by the clock of its own zone."""
    clock = pc.local_timestamp(values) if values.type.tz else values
    made = clock.cast(kind, safe=False)
    return values, where(pc.equal(made.cast(clock.type), clock), made)


def _moment(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    return _back(values, kind) if values.type.tz else (values, pa.nulls(len(values), kind))


def _nothing(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    return values, values.cast(kind)


_READERS: dict[tuple[str, str], Callable[[pa.Array, pa.DataType], tuple[pa.Array, pa.Array]]] = {
    ("text", "text"): _same, ("text", "int64"): _same, ("text", "binary"): _same,
    ("int64", "int64"): _same, ("int64", "double"): _whole, ("int64", "bool"): _same, ("int64", "decimal"): _int_decimal, ("int64", "text"): int_text,
    ("double", "double"): _same, ("double", "int64"): _float, ("double", "bool"): _same, ("double", "decimal"): _float, ("double", "text"): shaped,
    ("bool", "bool"): _same, ("bool", "int64"): _bit, ("bool", "double"): _bit, ("bool", "text"): bool_text,
    ("date", "date"): _back, ("date", "moment"): _day, ("date", "text"): shaped,
    ("moment", "moment"): _moment, ("moment", "text"): shaped,
    ("decimal", "decimal"): _decimal, ("decimal", "int64"): _decimal_number, ("decimal", "double"): _decimal_number, ("decimal", "text"): decimal_text,
    ("binary", "binary"): _same, ("binary", "text"): bytes_text,
    **{(wanted, "null"): _nothing for wanted in ("text", "int64", "double", "bool", "date", "moment", "decimal", "binary")},
}  # fmt: skip
