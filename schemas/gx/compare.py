"""Comparing Arrow columns with values that their types may not have, and with each other, without loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from math import floor, inf, isinf
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_EPOCH = date(1970, 1, 1).toordinal()
_DIGITS = Context(prec=76)  # of Arrow's decimals; Python's own context has 28
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def decoded(column: Any) -> Any:
    """A dictionary column as its values."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def comparable(column: Any) -> Any:
    """A column whose values can be looked up: decoded, and with one zero, not two. Raises TypeError for lists and structs."""
    column = decoded(column)
    if pa.types.is_nested(column.type):
        raise TypeError(f"values of {column.type} cannot be looked up; expected a column of single values")
    return pc.add(column, pa.scalar(0.0, column.type)) if pa.types.is_floating(column.type) else column


def without_nan(column: Any) -> Any:
    """Null for NaN."""
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def typed(values: Sequence[Any], kind: pa.DataType) -> Any:
    """Values as an array of a column's type. Raises ValueError for one that no such column can have."""
    try:
        found = pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ValueError(f"no column of {kind} has all of the values {values}: {error}") from None
    lost = [value for value, kept in zip(values, found.to_pylist(), strict=True) if value is not None and kept != value]
    if lost:
        raise ValueError(f"no column of {kind} has the value {lost[0]!r}")
    return comparable(found.drop_null())


def alike(first: Any, second: Any) -> tuple[Any, Any]:
    """Two columns of types that can be compared without loss. Raises ArrowInvalid, TypeError."""
    first, second = decoded(first), decoded(second)
    kinds = {first.type, second.type}
    if any(map(pa.types.is_nested, kinds)):
        raise TypeError(f"columns of {first.type} and {second.type} cannot be compared")
    if len(kinds) > 1 and any(map(pa.types.is_floating, kinds)):
        return first.cast(pa.float64()), second.cast(pa.float64())
    return first, second


def compared(column: Any, bound: Any, holds: Callable[..., Any]) -> Any:
    """A column against a bound that its type may not have: against the nearest that it has, by the operation that gives the same."""
    if isinstance(bound, bool):
        raise TypeError(f"{bound} is no bound; expected a number, a date or a moment")
    column, nearest, side = _near(column, bound)
    if side:
        if holds is pc.equal:
            return pc.if_else(column.is_valid(), pa.scalar(False), pa.scalar(None, pa.bool_()))
        above = holds in (pc.greater, pc.greater_equal)
        holds = (pc.greater if above else pc.less_equal) if side < 0 else (pc.greater_equal if above else pc.less)
    return holds(column, pa.scalar(nearest, column.type))


def _near(column: Any, bound: Any) -> tuple[Any, Any, int]:
    """The column, the value of its type that is nearest to the bound, and on which side of the bound that is: -1 below, 0 on it, 1 above."""
    kind = column.type
    if pa.types.is_temporal(kind) and isinstance(bound, date):
        column, bound = _moments(column, bound)
    elif not isinstance(bound, int | float | Decimal | Fraction) or not (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    ):
        raise TypeError(f"a column of {kind} cannot be compared with {bound!r}")
    nearest: Any
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        try:
            nearest = float(bound)
        except OverflowError:
            nearest = inf if bound > 0 else -inf
    elif pa.types.is_decimal(column.type):
        bound = bound if isinstance(bound, Decimal) else Decimal(repr(bound))
        unit = Decimal(1).scaleb(-column.type.scale)
        most = Decimal(10**column.type.precision - 1).scaleb(-column.type.scale, _DIGITS)
        nearest = max(most.copy_negate(), min(most, bound)).quantize(unit, ROUND_FLOOR, _DIGITS)
    else:
        signed, width = pa.types.is_signed_integer(column.type), column.type.bit_width
        least, most = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)
        whole = (most if bound > 0 else least) if isinstance(bound, float) and isinf(bound) else floor(bound)
        nearest = max(least, min(most, whole))
    return column, nearest, (nearest > bound) - (nearest < bound)


def _moments(column: Any, bound: date) -> tuple[Any, Fraction]:
    """A column of dates or moments as whole numbers of its unit since 1970, and the bound as such a number."""
    kind = column.type
    zone = kind.tz if pa.types.is_timestamp(kind) else None
    seconds = Fraction((bound.toordinal() - _EPOCH) * 86_400)
    if isinstance(bound, datetime):
        if pa.types.is_timestamp(kind) and (bound.tzinfo is None) != (zone is None):
            raise TypeError(f"a column of {kind} cannot be compared with {bound}: one has a time zone, the other has none")
        offset = bound.utcoffset()
        seconds += Fraction(bound.hour * 3600 + bound.minute * 60 + bound.second) + Fraction(bound.microsecond, 10**6)
        seconds -= Fraction(int(offset.total_seconds() * 10**6), 10**6) if offset else 0
    if pa.types.is_timestamp(kind):
        return column.cast(pa.int64()), seconds * _UNITS[kind.unit]
    if pa.types.is_date32(kind):
        return column.cast(pa.int32()), seconds / 86_400
    raise TypeError(f"a column of {kind} cannot be compared with {bound}")
