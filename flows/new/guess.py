"""Guess: the narrowest type that a column's first values fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import create_model

from pipeline import StageError
from pipeline.errors import bounded
from schemas import Record

from .column import TYPES, Column

_COUNTERS = ("Unnamed: 0", "__index_level_0__", "column_1", "index")  # what pandas calls the numbers it gives to rows
_UNREAL = re.compile(r"^\s*[+-]?0\d")  # 007 is no number: its zeros would be lost


def reads_as(kind: str, values: pa.ChunkedArray) -> bool:
    """Whether a Record with a column of this type would take all of these values."""
    model: Any = create_model("Guess", __base__=Record, value=(TYPES[kind] | None, ...))
    try:
        _, away = model.sift(pa.table({"value": values}))
    except StageError:
        return False
    return not away.num_rows


def guess(column: Column, values: pa.ChunkedArray) -> str:
    """Set the column's type; or why it has no place in a Record."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        values, kind = values.cast(pa.string()), pa.string()
    if column.role == "text":
        return _guess_text(column, values)
    if pa.types.is_null(kind) or values.null_count == len(values) or (pa.types.is_string(kind) and _blank(values)):
        return "is empty in all rows that were looked at"
    if column.role:
        column.as_text = not pa.types.is_string(kind) or untidy(values)
        nested = pa.types.is_nested(kind) or pa.types.is_binary(kind)
        return f"holds {bounded(str(kind), 60)}, expected one value a row" if nested else ""
    if pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return f"holds {bounded(str(kind), 60)}"
    if column.name in _COUNTERS and _counts(values):
        return "only counts the rows"
    if pa.types.is_decimal(kind) and 0 <= kind.scale <= kind.precision:
        column.kind, column.digits = "Decimal", (kind.precision, kind.scale)
        return ""
    column.kind = next((name for name in _candidates(kind, values) if reads_as(name, values)), "")
    if not column.kind and not pa.types.is_nested(kind):
        column.kind, column.as_text = "str", True
        column.note = f"{bounded(str(kind), 40)} in the data, which no Record has: kept as text"
    if column.kind == "str" and pa.types.is_string(kind):
        column.as_text = bool(pc.any(pc.equal(values, "")).as_py())  # an empty text is then no value
    return "" if column.kind else f"holds {bounded(str(kind), 60)}"


def _counts(values: pa.ChunkedArray) -> bool:
    """Whether they are 0, 1, 2 and so on, or begin with 1."""
    if not reads_as("int", values) or values.null_count:
        return False
    first = values[0].as_py()
    return str(first) in ("0", "1") and all(str(value) == str(int(first) + i) for i, value in enumerate(values.to_pylist()))


def _guess_text(column: Column, values: pa.ChunkedArray) -> str:
    if not pa.types.is_string(values.type):
        return f"holds {bounded(str(values.type), 60)}, expected text"
    if values.null_count == len(values) or _blank(values):
        return "is empty in all rows that were looked at"
    if not pc.any(pc.match_substring_regex(values, r"\p{L}")).as_py():
        return "has no letters in any row that was looked at, expected words"
    return ""


def _candidates(kind: pa.DataType, values: pa.ChunkedArray) -> Iterator[str]:
    """Types to try, the narrowest first."""
    if pa.types.is_string(kind):
        real = not pc.any(pc.match_substring_regex(values, _UNREAL.pattern)).as_py()
        truths = pc.is_in(
            pc.utf8_lower(pc.utf8_trim_whitespace(values)), value_set=pa.array(["true", "false", "yes", "no", "", None])
        )
        yield from ["bool"] if pc.all(truths).as_py() else []
        yield from ["int", "float"] if real else []
        yield from ("date", "datetime", "str")
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from ("list[int]", "list[float]", "list[str]")
    elif pa.types.is_boolean(kind):
        yield "bool"
    elif pa.types.is_integer(kind):
        yield "int"
    elif pa.types.is_floating(kind):
        yield "float"
    elif pa.types.is_date(kind):
        yield "date"
    elif pa.types.is_timestamp(kind):
        yield "datetime"


def _blank(values: pa.ChunkedArray) -> bool:
    return not pc.any(pc.match_substring_regex(values, r"\S")).as_py()


def untidy(values: pa.ChunkedArray) -> bool:
    """Whether some have blanks around them, or are nothing else."""
    tidy = pc.and_(pc.equal(pc.utf8_trim_whitespace(values), values), pc.not_equal(values, ""))
    return not pc.all(tidy).as_py()
