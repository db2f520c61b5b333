"""Record: the contract of a row, from which columns, row rules and the Great Expectations suite follow."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import annotated_types
from pydantic import ConfigDict
from pydantic.fields import FieldInfo

from pipeline import UsageError
from pipeline.frozen import Frozen

from .suite import Between, ColumnsAre, InSet, Lengths, Matches, NotNull, RowCount, Suite, Unique

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS: dict[Any, str] = {
    str: "string",
    int: "int64",
    float: "double",
    bool: "bool",
    date: "date32[day]",
    datetime: "timestamp[us, tz=UTC]",
}
_ORDERED = ("int64", "double", "date32[day]", "timestamp[us, tz=UTC]")  # what can have bounds


@dataclass(frozen=True)
class Key:
    """Marks a column whose values must all differ: `id: Annotated[str, Key()]`."""


@dataclass(frozen=True)
class Column:
    """One column of a Record, as its compilers need it.

    kind: the Arrow type in words.  The bounds hold for values, the lengths for characters or list items.
    """

    name: str
    kind: str
    nullable: bool
    unique: bool = False
    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    values: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} | null" if self.nullable else self.kind


class Record(Frozen):
    """A row. Fields are columns: str, int, float, bool, date, datetime, Literal, lists of these, and `| None`.

    Constraints are pydantic's: ge, gt, le, lt, min_length, max_length, pattern, Literal sets; and Key for unique columns.
    """

    model_config = ConfigDict(allow_inf_nan=True)  # a measurement may be either; a bound turns NaN away

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> type in words, in order."""
        return {column.name: str(column) for column in described(cls)}

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """The columns that tell one row from every other."""
        return tuple(column.name for column in described(cls) if column.unique)

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows that keep the contract, cast to its columns, in order; and the others, in the quarantine's form.

        Raises StageError for a column that is missing or of another type.
        """
        from .rules import sift_record

        return sift_record(cls.__name__, described(cls), rows)

    @classmethod
    def contract(cls) -> Suite:
        """The suite that every table of this Record must pass: one expectation a constraint, and at least one row."""
        columns = described(cls)
        expectations: list[Any] = [ColumnsAre(columns=tuple(c.name for c in columns)), RowCount(min_value=1)]
        for column in columns:
            if not column.nullable:
                expectations.append(NotNull(column=column.name))
            if column.unique:
                expectations.append(Unique(column=column.name))
            if column.values:
                expectations.append(InSet(column=column.name, values=column.values))
            low, high = _first(column.ge, column.gt), _first(column.le, column.lt)
            if low is not None or high is not None:
                strict = {"strict_min": column.gt is not None, "strict_max": column.lt is not None}
                expectations.append(Between(column=column.name, min_value=low, max_value=high, **strict))
            if column.kind == "string" and (column.min_length, column.max_length) != (None, None):
                sizes = {"min_value": column.min_length, "max_value": column.max_length}
                expectations.append(Lengths(column=column.name, **sizes))
            if column.pattern:
                expectations.append(Matches(column=column.name, pattern=column.pattern))
        return Suite(name="contract", expectations=tuple(expectations))


_described: dict[type[Record], tuple[Column, ...]] = {}


def described(record: type[Record]) -> tuple[Column, ...]:
    """The columns of a Record. Raises UsageError for a type that no column can have."""
    if record not in _described:
        found = record.__pydantic_decorators__
        own = [*found.field_validators, *found.validators, *found.model_validators, *found.root_validators]
        if own:
            raise UsageError(f"{record.__name__}: no row rule is known for the validators {own}; express them as constraints")
        _described[record] = tuple(_column(record, name, info) for name, info in record.model_fields.items())
    return _described[record]


def _column(record: type[Record], name: str, info: FieldInfo) -> Column:
    hint, nullable, rules = info.annotation, False, list(info.metadata)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        arms = [arm for arm in typing.get_args(hint) if arm is not type(None)]
        nullable = len(arms) < len(typing.get_args(hint))
        hint = arms[0] if len(arms) == 1 else hint
    if typing.get_origin(hint) is Annotated:  # of the one arm: `Name | None`
        hint, *marks = typing.get_args(hint)
        rules += [rule for mark in marks for rule in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
    values: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Literal:
        values = typing.get_args(hint)
        hint = type(values[0]) if len({type(value) for value in values}) == 1 else hint
    listed = typing.get_origin(hint) is list
    kind = _WORDS.get(typing.get_args(hint)[0] if listed else hint, "")
    if not kind:
        raise UsageError(
            f"{record.__name__}.{name}: {info.annotation!r} is no type of a column; expected str, int, float, bool, date, "
            f"datetime, Literal, or a list of one, each with or without `| None`"
        )
    kind = f"list<{kind}>" if listed else kind
    found: dict[str, Any] = {"values": values}
    for rule in _single(rules):
        if isinstance(rule, Key):
            found["unique"] = True
        elif isinstance(rule, annotated_types.Ge | annotated_types.Gt | annotated_types.Le | annotated_types.Lt):
            if kind not in _ORDERED:
                raise UsageError(f"{record.__name__}.{name}: no row rule is known for {rule!r} on {kind}")
            found |= asdict(rule)  # {"ge": bound}
        elif isinstance(rule, annotated_types.MinLen):
            found["min_length"] = rule.min_length
        elif isinstance(rule, annotated_types.MaxLen):
            found["max_length"] = rule.max_length
        elif isinstance(getattr(rule, "pattern", None), str) and not _others(rule, "pattern"):
            found["pattern"] = rule.pattern
        else:
            raise UsageError(f"{record.__name__}.{name}: no row rule is known for {rule!r}")
    return Column(name, kind, nullable, **found)


def _single(rules: Iterable[Any]) -> Iterator[Any]:
    """Rules, with those that stand for several (Interval, Len, StringConstraints) taken apart."""
    for rule in rules:
        if isinstance(rule, annotated_types.GroupedMetadata):
            yield from _single(rule)
        else:
            yield rule


def _others(rule: Any, name: str) -> dict[str, Any]:
    return {key: value for key, value in vars(rule).items() if key != name and value is not None}


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
