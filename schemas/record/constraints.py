"""Constraints: the marks on a field, as names and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import annotated_types
from pydantic.types import AllowInfNan

from pipeline import UsageError

_GENERAL = frozenset({"pattern", "max_digits", "decimal_places", "allow_inf_nan"})
_TYPES = (
    annotated_types.Ge, annotated_types.Gt, annotated_types.Le, annotated_types.Lt, annotated_types.MultipleOf,
    annotated_types.MinLen, annotated_types.MaxLen, AllowInfNan,
)  # fmt: skip


@dataclass(frozen=True)
class Key:
    """Marks the row's identity: `id: Annotated[str, Key()]`. Several marked columns identify a row together."""


@dataclass(frozen=True)
class Distinct:
    """Marks a column whose values all differ, nulls aside, beside the row's identity: `email: Annotated[str, Distinct()]`."""


def constraints(where: str, rules: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """(name, value) of each constraint. Raises UsageError for a mark that says anything else, so that none is dropped."""
    for rule in _single(rules):
        if isinstance(rule, Key):
            yield "key", True
        elif isinstance(rule, Distinct):
            yield "unique", True
        elif isinstance(rule, _TYPES):
            yield from asdict(rule).items()
        else:
            said = {name: value for name, value in getattr(rule, "__dict__", {}).items() if value is not None}
            if not said or not said.keys() <= _GENERAL or not isinstance(said.get("pattern", ""), str):
                raise UsageError(
                    f"{where}: no row rule is known for {rule!r}; leave it out, or write it as a function with @row_rule"
                )
            yield from said.items()


def _single(rules: Iterable[Any]) -> Iterator[Any]:
    """Rules, with those that stand for several (Interval, Len, StringConstraints) taken apart."""
    for rule in rules:
        if isinstance(rule, annotated_types.GroupedMetadata):
            yield from _single(rule)
        else:
            yield rule
