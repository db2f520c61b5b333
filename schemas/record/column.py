"""Column: one column of a Record, with all that its compilers need to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .rowrules import RowRule


@dataclass(frozen=True)
class Column:
    """One column of a Record, as its compilers need it; or the items of a list, or a column inside a nested Record.

    kind: the Arrow type in words.  The bounds hold for values, the lengths for characters, bytes or list items.
    key: it is the row's identity, or a part of it.  unique: all its values differ.
    items: what a list holds.  fields, rules: those of a nested Record.
    """

    name: str
    kind: str
    nullable: bool
    key: bool = False
    unique: bool = False
    finite: bool = False
    multiple_of: Any = None
    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    values: tuple[Any, ...] = ()
    items: Column | None = None
    fields: tuple[Column, ...] = ()
    rules: tuple[RowRule, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} | null" if self.nullable else self.kind

    def reasons(self) -> Iterator[tuple[str, str]]:
        """(constraint, what is said of a value that breaks it) of its own constraints, in the order in which pydantic asks."""
        if self.finite:
            yield "finite", "is not finite"
        for word, bound in (
            ("multiple_of", self.multiple_of),
            ("le", self.le),
            ("lt", self.lt),
            ("ge", self.ge),
            ("gt", self.gt),
        ):
            if bound is not None:
                yield word, f"is not multiple_of {bound}" if word == "multiple_of" else f"is not {word} {bound}"
        if self.items is not None and self.max_length is not None:
            yield "max_length", f"is longer than {self.max_length}"
        if self.items is not None:
            yield "items", ""
        if self.min_length is not None:
            yield "min_length", f"is shorter than {self.min_length}"
        if self.items is None and self.max_length is not None:
            yield "max_length", f"is longer than {self.max_length}"
        if self.pattern is not None:
            yield "pattern", f"does not match {self.pattern}"
        if self.values:
            yield "values", f"is none of {list(self.values)}"


@dataclass(frozen=True)
class Described:
    """A Record as columns and row rules."""

    name: str
    columns: tuple[Column, ...]
    rules: tuple[RowRule, ...]
