"""Fitting: which constraint a type of column can have, and with what value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeline import UsageError
from pipeline.errors import bounded

from .patterns import mistake

_ORDER = ("ge", "gt", "le", "lt")
_BOUNDS = (*_ORDER, "multiple_of")
_LENGTHS = ("min_length", "max_length")
_MARKS = ("key", "unique")
_NUMBER = (*_BOUNDS, "allow_inf_nan")
_HAVE: dict[str, tuple[str, ...]] = {
    "int64": _BOUNDS,
    "double": _NUMBER,
    "decimal128": _NUMBER,
    "decimal256": _NUMBER,
    "date32[day]": _ORDER,
    "timestamp[us, tz=UTC]": _ORDER,
    "string": (*_LENGTHS, "pattern"),
    "binary": _LENGTHS,
}
_LONGEST = 2**63


def fitted(where: str, found: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The constraints of a column. Raises UsageError for one that its type cannot have, or that nothing meets."""
    kind = found["kind"]
    made: dict[str, Any] = {}
    for name, value in given.items():
        if not _has(name, found):
            raise _unknown(where, name, value, kind)
        if name in _BOUNDS:
            made[name] = _bound(where, kind, name, value)
        elif name == "allow_inf_nan":
            made |= {"finite": not value} if kind == "double" else {}  # no decimal is either
        elif name == "pattern" and (wrong := mistake(value)):
            raise UsageError(f"{where}: the pattern {bounded(value)!r} {wrong}")
        else:
            made[name] = value
    return made


def _has(name: str, found: Mapping[str, Any]) -> bool:
    """Whether columns of a type can have a constraint of this name."""
    kind = found["kind"].partition("(")[0]
    if "items" in found:
        return name in _LENGTHS
    return name in _HAVE.get(kind, ()) or (name in _MARKS and "fields" not in found)


def _bound(where: str, kind: str, name: str, value: Any) -> Any:
    right, expected = _expected(kind, value)
    if name == "multiple_of":
        right, expected = right and value > 0, f"{expected} above 0"
    if not right:
        raise UsageError(f"{where}: found {name}={bounded(value)} on {kind}; expected {expected}")
    if kind.startswith("decimal"):
        _countable(where, kind, name, Decimal(value))
    return value


def _expected(kind: str, value: Any) -> tuple[bool, str]:
    """Whether a bound is of the column's own type, and which that is."""
    if kind == "int64":
        return type(value) is int and -_LONGEST <= value < _LONGEST, "a whole number of 64 bits"
    if kind == "double":
        whole = type(value) is int and abs(value) < 2**1023
        return whole or (type(value) is float and not math.isnan(value)), "a number"
    if kind == "date32[day]":
        return type(value) is date, "a date"
    if kind.startswith("decimal"):
        return type(value) is int or (type(value) is Decimal and value.is_finite()), "a Decimal or int"
    return isinstance(value, datetime) and value.tzinfo is not None, "a datetime with a zone"


def _countable(where: str, kind: str, name: str, value: Decimal) -> None:
    """A bound and a value have a common type of 76 digits; Python's decimals divide to 28, and beyond that pydantic itself fails."""
    digits, places = (int(part) for part in kind.partition("(")[2].rstrip(")").split(","))
    own = max(0, -int(value.as_tuple().exponent))
    if name == "multiple_of" and digits - places - value.adjusted() > 28:
        raise UsageError(f"{where}: found multiple_of={bounded(value)} on {kind}; expected a quotient of at most 28 digits")
    if max(digits - places, value.adjusted() + 1) + max(places, own) > 76:
        raise UsageError(
            f"{where}: found {name}={bounded(value)} on {kind}; expected a bound that fits 76 digits together with its column"
        )


def _unknown(where: str, name: str, value: Any, kind: str) -> UsageError:
    return UsageError(
        f"{where}: no row rule is known for {name}={bounded(value)} on {bounded(kind)}; leave it out, or write it with @row_rule"
    )
