"""The contracts of rows that are learnt from: any row, a text with its label, and what models make of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .record import Key, Record

Name = Annotated[str, Field(min_length=1)]


class Row(Record):
    """What every row has, whatever else it holds. id: unique, and the same in every run for the same row."""

    id: Annotated[str, Key()]


class SplitRow(Row):
    """A row with the part of the data that it belongs to.

    group: rows of one group (a file, a patient) resemble each other, so they share a part and are resampled together;
    the id where every row stands for itself.
    """

    split: Literal["train", "valid", "test"]
    group: str


class Text(Row):
    """A text and its label."""

    text: str
    label: Name


class SplitText(SplitRow, Text):
    """A text with the part of the data that it belongs to."""


class Vectorized(Row):
    """A row as numbers: what a net needs of any table of features, whose own columns come beside these."""

    layout: ClassVar[Literal["parquet", "arrow"]] = "arrow"  # read by a memory map, without copies

    split: Literal["train", "valid", "test"]


class Tokens(Vectorized):
    """A text as token numbers, 0 being the padding, in the order of the text."""

    label: Name
    tokens: Annotated[list[int], Field(min_length=1)]


class Prediction(Record):
    """What one model says of one row.

    label, prediction: the truth and the choice as text: a class, a level, a JSON list of classes, or a number with all its digits.
    group: as the split rows have it.  values: a probability a class, in the order of the classes that the evaluation lists; or
    the one number.  loss: what the row costs, in the unit of log_loss, or the squared error of a number.  slices: the names of those
    that it is in, the same for all models.
    """

    id: str
    model: Name
    label: Name
    prediction: Name
    group: str
    values: Annotated[list[float], Field(min_length=1)]
    loss: float
    slices: list[str]
