"""The contracts of text classification, whatever the text is."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .record import Key, Record

Name = Annotated[str, Field(min_length=1)]


class Text(Record):
    """A text and its label. id: unique, and the same in every run for the same row."""

    id: Annotated[str, Key()]
    text: str
    label: Name


class SplitText(Text):
    """A text with the part of the data that it belongs to.

    group: rows of one group (a file, a patient) resemble each other, so they share a part and are resampled together;
    the id where every row stands for itself.
    """

    split: Literal["train", "valid", "test"]
    group: str


class Tokens(Record):
    """A text as token numbers, 0 being the padding, in the order of the text."""

    layout: ClassVar[Literal["parquet", "arrow"]] = "arrow"

    id: Annotated[str, Key()]
    label: Name
    split: Literal["train", "valid", "test"]
    tokens: Annotated[list[int], Field(min_length=1)]


class Prediction(Record):
    """What one model says of one row.

    group: as the split rows have it.  probabilities: one a class, in the sorted order of the classes that the evaluation lists.
    """

    id: str
    model: Name
    label: Name
    prediction: Name
    group: str
    probabilities: Annotated[list[float], Field(min_length=2)]
