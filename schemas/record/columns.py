"""Columns: what the fields of a Record are as columns, and every mistake in their declaration."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated, Any, Literal

from pydantic.fields import FieldInfo

from pipeline import UsageError
from pipeline.errors import bounded
from pipeline.frozen import Frozen

from .column import Column, Described
from .constraints import constraints
from .fitting import fitted
from .rowrules import rules_of

WORDS: dict[Any, str] = {
    str: "string",
    int: "int64",
    float: "double",
    bool: "bool",
    date: "date32[day]",
    datetime: "timestamp[us, tz=UTC]",
    bytes: "binary",
}
_KNOWN = (
    "str, int, float, bool, date, datetime, Decimal, bytes, Literal, an Enum of texts or of whole numbers, another Record, or a list "
    "of one, each with or without `| None`"
)
_DIGITS = 76  # of decimal256
# Settings of pydantic that change no verdict on a row.
_HARMLESS = frozenset({"title", "json_schema_extra", "use_attribute_docstrings", "protected_namespaces"})


_described: dict[type, Described] = {}


def described(record: type) -> tuple[Column, ...]:
    """The columns of a Record. Raises UsageError that names every field that no column can be."""
    return describe(record).columns


def describe(record: Any, above: tuple[type, ...] = ()) -> Described:
    """The columns and row rules of a Record. Raises UsageError for all mistakes in its declaration at once.

    above: the Records that it lies in, from the outside in.
    """
    if record not in _described:
        _described[record] = _describe(record, (*above, record))
    return _described[record]


def _describe(record: Any, above: tuple[type, ...]) -> Described:
    mistakes = list(_unknown(record))
    columns = []
    for name, info in record.model_fields.items():
        try:
            columns.append(_column(f"{record.__name__}.{name}", name, info, above))
        except UsageError as error:
            mistakes.append(str(error))
    rules = rules_of(record)
    names = list(record.model_fields)
    mistakes += [
        f"{record.__name__}.{rule.name}: its column {rule.column!r} is none of {names}; name one of them, or none"
        for rule in rules
        if rule.column is not None and rule.column not in names
    ]
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return Described(record.__name__, tuple(columns), rules)


def _unknown(record: Any) -> Iterator[str]:
    """What a Record says to pydantic that no row rule is known for."""
    above = next(kind for kind in record.__mro__ if kind.__module__ == "schemas.record.record")
    found, base = record.__pydantic_decorators__, above.__pydantic_decorators__
    own = [*found.field_validators, *found.validators, *found.model_validators, *found.root_validators]
    own = [name for name in own if name not in base.model_validators]
    if own:
        yield (
            f"{record.__name__}: no row rule is known for the validators {own}; express them as constraints, or as a function on "
            f"Arrow columns with @row_rule"
        )
    changed = {
        name: value
        for name, value in record.model_config.items()
        if name not in _HARMLESS and above.model_config.get(name) != value
    }
    if changed:
        yield f"{record.__name__}: no row rule is known for the settings {bounded(changed)} of its model_config; leave them out"


def _column(where: str, name: str, info: FieldInfo, above: tuple[type, ...]) -> Column:
    if info.alias or info.validation_alias:
        raise UsageError(f"{where}: found the alias {info.alias or info.validation_alias!r}; a column is called like its field")
    column = _typed(where, name, info.annotation, list(info.metadata), above)
    if column.nullable and column.key:
        raise UsageError(
            f"{where}: a Key may not be null, since it is what a row is found by; leave out `| None`, or say Distinct()"
        )
    return column


def _typed(where: str, name: str, hint: Any, rules: list[Any], above: tuple[type, ...]) -> Column:
    """The column of a type and its marks. Raises UsageError for one that no column can have."""
    whole, nullable = hint, False
    while (origin := typing.get_origin(hint)) in (Annotated, typing.Union, types.UnionType):
        if origin is Annotated:
            hint, *marks = typing.get_args(hint)
            rules = rules + [rule for mark in marks for rule in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
            continue
        arms = [arm for arm in typing.get_args(hint) if arm is not type(None)]
        nullable = nullable or len(arms) < len(typing.get_args(hint))
        if len(arms) > 1:
            break
        hint = arms[0]
    given = dict(constraints(where, rules))
    found = _kind(where, hint, given, above)
    if found is None:
        raise UsageError(f"{where}: {whole!r} is no type of a column; expected {_KNOWN}")
    return Column(name, nullable=nullable, **found, **fitted(where, found, given))


def _kind(where: str, hint: Any, given: dict[str, Any], above: tuple[type, ...]) -> dict[str, Any] | None:
    """kind, and what a type says beside it: the values of an Enum, the items of a list, the fields of a nested Record."""
    if typing.get_origin(hint) is Literal:
        values = typing.get_args(hint)
        kinds = {type(value) for value in values}
        kind = WORDS.get(next(iter(kinds))) if len(kinds) == 1 else None
        _require_int64(where, values)
        return None if kind is None else {"kind": kind, "values": values}
    if typing.get_origin(hint) is list and typing.get_args(hint):
        items = _typed(f"{where}[]", "[]", typing.get_args(hint)[0], [], above)
        return {"kind": f"list<{items}>", "items": items}
    if hint is Decimal:
        return {"kind": _decimal(where, given)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        _require_int64(where, [member.value for member in hint])
        return _enum(hint)
    if isinstance(hint, type) and issubclass(hint, Frozen) and hasattr(hint, "sift"):
        return _nested(where, hint, above)
    return {"kind": WORDS[hint]} if isinstance(hint, type) and hint in WORDS else None


def _require_int64(where: str, values: Iterable[Any]) -> None:
    wide = [value for value in values if type(value) is int and not -(2**63) <= value < 2**63]
    if wide:
        raise UsageError(f"{where}: {bounded(wide[0])} is no whole number of a column; expected one of 64 bits, or text")


def _decimal(where: str, given: dict[str, Any]) -> str:
    digits, places = given.pop("max_digits", None), given.pop("decimal_places", None)
    if digits is None or places is None:
        raise UsageError(
            f"{where}: found a Decimal of no stated size; a column has one, such as Annotated[Decimal, Field(max_digits=10, decimal_places=2)]"
        )
    if not 0 <= places <= digits or not 1 <= digits <= _DIGITS:
        raise UsageError(
            f"{where}: found max_digits={digits} and decimal_places={places}; expected at most {_DIGITS} digits, and no more places than digits"
        )
    return f"decimal{128 if digits <= 38 else 256}({digits}, {places})"


def _enum(hint: type[Enum]) -> dict[str, Any] | None:
    values = tuple(member.value for member in hint)
    kinds = {str if type(value) is str else int if type(value) is int else None for value in values}
    known = len(kinds) == 1 and None not in kinds and not issubclass(hint, Flag) and "_missing_" not in vars(hint)
    return {"kind": WORDS[kinds.pop()], "values": values} if known else None


def _nested(where: str, hint: Any, above: tuple[type, ...]) -> dict[str, Any] | None:
    if hint in above:
        raise UsageError(f"{where}: {hint.__name__} holds itself, which no column can; refer to the other row by its key")
    found = describe(hint, above)
    if not found.columns:
        return None
    inside = ", ".join(f"{column.name}: {column}" for column in found.columns)
    return {"kind": f"struct<{inside}>", "fields": found.columns, "rules": found.rules}
