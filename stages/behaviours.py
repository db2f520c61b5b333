"""Behaviour tests: what a model must do on rows that are edited or written for it (Ribeiro et al. 2020, CheckList), as data.

They look at the column `text` alone.  A test says nothing of how often rows are like its own, only of what the model does with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from .parts.base import Part

Name = Annotated[str, Field(min_length=1)]
# "typo" swaps two neighbouring letters of a word
Edit = Literal["lower_case", "upper_case", "no_final_stop", "double_space", "typo"]
EDITS: tuple[Edit, ...] = ("lower_case", "upper_case", "no_final_stop", "double_space", "typo")


class Behaviour(Part):
    """One test. name: what reports call it; unique among the tests of a stage."""

    abstract = True

    name: Name


class Invariance(Behaviour):
    """What a model says may not change with these edits, each of them tested by itself.

    edits: names of edits, and replacements of whole words, `{"Anna": "Maria"}`, all at once.  sample: rows that are edited, drawn from
    the test rows by the seed.  tolerance: of a number, by how much it may change.
    """

    edits: tuple[Edit | Mapping[Name, str], ...] = Field(default=EDITS, min_length=1)
    sample: int = Field(default=500, ge=1)
    tolerance: float = Field(default=0.0, ge=0)

    @field_validator("edits")
    @classmethod
    def _say_something(cls, edits: tuple[Edit | Mapping[str, str], ...]) -> tuple[Edit | Mapping[str, str], ...]:
        if {} in edits:
            raise ValueError("edits hold an empty replacement, expected such as {'old': 'new'}")
        return edits


class Direction(Behaviour):
    """The probability of a label, or a number, may not move against what is expected when the text is changed.

    replace: whole words, all at once; append: text added at the end.  label: the class; of a number there is none.  expect: the way in
    which it must go, if it moves at all.  tolerance: by how much it may go the other way.
    """

    replace: Mapping[Name, str] = {}
    append: str = ""
    label: str = ""
    expect: Literal["up", "down"] = "up"
    tolerance: float = Field(default=0.1, ge=0)
    sample: int = Field(default=500, ge=1)

    @model_validator(mode="after")
    def _changes_something(self) -> Direction:
        if not self.replace and not self.append:
            raise ValueError(f"Direction {self.name!r} changes nothing; give it replace, append or both")
        return self


class Minimum(Behaviour):
    """Texts whose label nobody doubts: `rows=(("I love it", "positive"), ...)` (minimum functionality)."""

    rows: tuple[tuple[str, Name], ...] = Field(min_length=1)
