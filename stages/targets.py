"""Targets: what a net learns to say of a row."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from .parts.base import Part


class Target(Part):
    """The column that holds the truth, and how it is read.

    kind: what a stored model calls it.  holds: the type that the column must have in a table.  metrics: what training can stop by.
    """

    abstract = True

    kind: ClassVar[str]
    holds: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]

    column: str = "label"


class OneOf(Target):
    """One class of two or more, given as text: softmax and cross entropy."""

    kind, holds, metrics = "one_of", "string", ("accuracy", "macro_f1", "loss")

    smoothing: float = Field(default=0.0, ge=0, lt=1, description="label smoothing (Szegedy et al. 2016)")


class SeveralOf(Target):
    """Any number of classes, given as a list of texts: one logistic loss a class."""

    kind, holds, metrics = "several_of", "list<string>", ("micro_f1", "macro_f1", "loss")


class Number(Target):
    """A number: squared error of the standardised value, so that 1.0 is what its mean scores."""

    kind, holds, metrics = "number", "double", ("rmse", "mae", "loss")


class Ordered(Target):
    """One of some levels in order, given as text: K - 1 questions "above level k?" (Frank and Hall 2001), never contradicting each other.

    levels: from the lowest to the highest.
    """

    kind, holds, metrics = "ordered", "string", ("mae", "accuracy", "loss")

    levels: tuple[str, ...] = Field(min_length=2)

    @field_validator("levels")
    @classmethod
    def _differ(cls, levels: tuple[str, ...]) -> tuple[str, ...]:
        twice = [level for level in dict.fromkeys(levels) if levels.count(level) > 1]
        if twice:
            raise ValueError(f"level {twice[0]!r} is listed twice, expected each once, from the lowest to the highest")
        return levels
