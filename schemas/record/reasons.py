"""Reasons: what pydantic says of a row, in the words of the row rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pipeline.errors import bounded

from .column import Column, Described
from .rowrules import RowRule

_CONSTRAINTS = {
    "finite_number": "finite",
    "multiple_of": "multiple_of",
    "less_than_equal": "le",
    "less_than": "lt",
    "greater_than_equal": "ge",
    "greater_than": "gt",
    "string_too_short": "min_length",
    "bytes_too_short": "min_length",
    "too_short": "min_length",
    "string_too_long": "max_length",
    "bytes_too_long": "max_length",
    "too_long": "max_length",
    "string_pattern_mismatch": "pattern",
    "literal_error": "values",
    "enum": "values",
}
_FIRST = ("is missing", "is no column")  # what a table is asked before any of its rows


@dataclass(frozen=True)
class Refusal:
    """Why a row is refused, as the quarantine would say it.

    column: a path such as `address.zip` or `items[].price`; None where a row rule blames no column.  value: bounded.
    """

    rule: str
    column: str | None
    value: str | None

    def __str__(self) -> str:
        return f"{self.column or 'the row'} {self.rule}" + ("" if self.value is None else f": {self.value}")


def refusal(record: Described, error: ValidationError) -> Refusal:
    """The first reason, in the order of the row rules, of all that pydantic found."""
    columns: dict[str, Column] = {}
    ranks: dict[tuple[str | None, str], int] = {}
    for path, reason, column in _said(record.columns, record.rules, ""):
        ranks.setdefault((path, reason), len(ranks))
        if column is not None:
            columns[path or ""] = column
    found = []
    for one in error.errors(include_url=False):
        path = _path(one["loc"])
        reason = _reason(columns.get(path or ""), one)
        value = None if path is None or reason in _FIRST else bounded(one["input"])
        rank = -1 if reason in _FIRST else ranks.get((path, reason), ranks.get((path, "is null"), len(ranks)))
        found.append((rank, Refusal(reason, path, value)))
    return min(found, key=lambda one: one[0])[1]


def _reason(column: Column | None, error: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind in ("row_rule", "unreadable"):
        return str(error["ctx"]["reason"])
    if kind == "missing":
        return "is missing"
    if column is None:
        return "is no column" if kind == "extra_forbidden" else "does not read as a row"
    if error["input"] is None:
        return "is null"
    return dict(column.reasons()).get(_CONSTRAINTS.get(kind, ""), f"does not read as {column.kind}")


def _path(place: Iterable[str | int]) -> str | None:
    path = "".join("[]" if isinstance(part, int) else f".{part}" for part in place)
    return path.removeprefix(".") or None


def _said(columns: Iterable[Column], rules: Iterable[RowRule], above: str) -> Iterator[tuple[str | None, str, Column | None]]:
    """(path, reason, column) of all that may be said of a row, in the order in which it is asked."""
    for column in columns:
        yield from _said_of(column, f"{above}{column.name}")
    for rule in rules:
        yield (f"{above}{rule.column}" if rule.column else above.removesuffix(".") or None), rule.reason, None


def _said_of(column: Column, path: str) -> Iterator[tuple[str | None, str, Column | None]]:
    yield path, "is null", column
    for word, reason in column.reasons():
        if word == "items" and column.items is not None:
            yield from _said_of(column.items, f"{path}[]")
        else:
            yield path, reason, None
    if column.fields:
        yield from _said(column.fields, column.rules, f"{path}.")
