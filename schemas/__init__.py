"""Records: contracts of rows, and what follows from them."""

from .docstrings import Docstring, RawDocstring, SplitDocstring
from .record import Distinct, Key, Record, Refusal
from .rowrules import row_rule
from .suite import (
    Between,
    ColumnsAre,
    DistinctCount,
    Expectation,
    InSet,
    Lengths,
    Matches,
    NotNull,
    RowCount,
    Suite,
    Unique,
)
from .text import Prediction, SplitText, Text, Tokens

__all__ = [
    "Between",
    "ColumnsAre",
    "Distinct",
    "DistinctCount",
    "Docstring",
    "Expectation",
    "InSet",
    "Key",
    "Lengths",
    "Matches",
    "NotNull",
    "Prediction",
    "RawDocstring",
    "Record",
    "Refusal",
    "RowCount",
    "SplitDocstring",
    "SplitText",
    "Suite",
    "Text",
    "Tokens",
    "Unique",
    "row_rule",
]
