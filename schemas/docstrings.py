"""The contracts of the shipped pipeline `docstrings`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .text import Name, SplitText, Text

LETTER = "[A-Za-z\u00c0-\uffff]"  # reads the same in pydantic's, Arrow's and Python's regular expressions


class RawDocstring(Text):
    """A first paragraph as the source has it. label: the library; file: relative to where it is installed; line: from 1."""

    file: Name
    line: Annotated[int, Field(ge=1)]
    kind: Literal["module", "class", "function"]


class Docstring(RawDocstring):
    """A first paragraph on one line, with something to read in it."""

    text: Annotated[str, Field(min_length=3, pattern=LETTER)]


class SplitDocstring(Docstring, SplitText):
    """A docstring with the part of the data that its file belongs to."""
