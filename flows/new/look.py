"""Look: the first rows of a file, and what each of its columns seems to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import create_model

from pipeline import StageError, UsageError
from pipeline.errors import bounded, suggest
from pipeline.quarantine import without_origin
from schemas import Record
from stages import Source
from stages.ingest.columns import column_at

from .column import TYPES, Column
from .names import field_names

SAMPLE = 10_000  # rows that types are guessed from; the whole file then has its say
_MOST_COLUMNS = 60  # in a Record
_MOST_BYTES = 2**28  # of the sample
_COUNTERS = ("Unnamed: 0", "__index_level_0__", "column_1", "index")  # what pandas calls the numbers it gives to rows
_DEEPEST = 4  # dots in a path
_LONGEST_ID = 64  # characters
_ID = re.compile(r"(^|_)(id|uuid|guid|key|pk)$")
_UNREAL = re.compile(r"^\s*[+-]?0\d")  # 007 is no number: its zeros would be lost


@dataclass(frozen=True)
class Wanted:
    """The columns that were named on the command line."""

    text: str
    label: str
    group: str | None


@dataclass(frozen=True)
class Look:
    """Columns in the order of the file, those left out with the reason, and how many rows the guess comes from."""

    columns: list[Column]
    left_out: dict[str, str]
    rows: int


def look(rows: pa.Table, wanted: Wanted) -> Look:
    """Guess from the first rows. Raises UsageError for a column that is not there or cannot play its part."""
    roles = _roles(rows, wanted)
    left_out: dict[str, str] = {}
    found: list[Column] = []
    names = [*roles, *(name for name in _leaves(rows) if name not in roles)]
    fields = field_names(name for name in names if roles.get(name) not in ("text", "label"))
    for name in names:
        role = roles.get(name, "")
        if len(found) == _MOST_COLUMNS:
            left_out[name] = f"is beyond the first {_MOST_COLUMNS}"
            continue
        column = Column(name, role if role in ("text", "label") else fields[name], "str", role)
        why = _guess(column, column_at(rows, name))
        if why and role:
            raise UsageError(f"column {bounded(name)}, taken for the {role}, {why}")
        if why:
            left_out[name] = why
        else:
            found.append(column)
    return Look(_with_id(found, rows), left_out, rows.num_rows)


def first_rows(source: Source, count: int) -> pa.Table:
    """The first rows of a source, over its files. Raises UsageError where there are none."""
    parts: list[pa.Table] = []
    left, size = count, 0
    for name in source.state():
        with closing(iter(source.read(name))) as reading:  # type: ignore[type-var]  # every source reads by a generator
            for rows, _ in reading:
                parts.append(rows.slice(0, left))
                left, size = left - parts[-1].num_rows, size + parts[-1].nbytes
                if left <= 0 or size > _MOST_BYTES:
                    break
        if left <= 0 or size > _MOST_BYTES:
            break
    if left == count:
        raise UsageError("the data has no rows; there is nothing to learn from")
    return without_origin(pa.concat_tables(parts, promote_options="default"))


def reads_as(kind: str, values: pa.ChunkedArray) -> bool:
    """Whether a Record with a column of this type would take all of these values."""
    model: Any = create_model("Guess", __base__=Record, value=(TYPES[kind] | None, ...))
    try:
        _, away = model.sift(pa.table({"value": values}))
    except StageError:
        return False
    return not away.num_rows


def _leaves(rows: pa.Table) -> Iterator[str]:
    """The columns, and instead of one that holds nested values the paths to what is in it."""

    def within(path: str, kind: pa.DataType) -> Iterator[str]:
        if not pa.types.is_struct(kind) or path.count(".") >= _DEEPEST:
            yield path
            return
        for field in kind:
            yield from within(f"{path}.{field.name}", field.type)

    for name, kind in zip(rows.schema.names, rows.schema.types, strict=True):
        yield from within(name, kind)


def _roles(rows: pa.Table, wanted: Wanted) -> dict[str, str]:
    """Column -> what it is for."""
    roles: dict[str, str] = {}
    for role, name in (("text", wanted.text), ("label", wanted.label), ("group", wanted.group)):
        if name is None:
            continue
        alike = [own for own in rows.column_names if own.strip() == name.strip()]
        name = alike[0] if len(alike) == 1 else name  # a header may have blanks that nobody sees
        try:
            column_at(rows, name)
        except StageError:
            shown = ", ".join(bounded(known, 30) for known in rows.column_names[:20])
            raise UsageError(
                f"--{role}: the data has no column {bounded(name)}; {suggest(name, rows.column_names[:1000])}; it has {bounded(shown, 300)}"
            ) from None
        if name in roles:
            raise UsageError(f"--{role}: column {bounded(name)} is the {roles[name]} already; name another one")
        roles[name] = role
    return roles


def _guess(column: Column, values: pa.ChunkedArray) -> str:
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
        column.as_text = not pa.types.is_string(kind) or _untidy(values)
        nested = pa.types.is_nested(kind) or pa.types.is_binary(kind)
        return f"holds {bounded(str(kind), 60)}, expected one value a row" if nested else ""
    if pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return f"holds {bounded(str(kind), 60)}"
    if column.name in _COUNTERS and _counts(values):
        return "only counts the rows"
    column.kind = next((name for name in _candidates(kind, values) if reads_as(name, values)), "")
    if not column.kind and not pa.types.is_nested(kind):
        column.kind, column.as_text = "str", True  # a time without a zone, a length of time
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
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        yield "float"
    elif pa.types.is_date(kind):
        yield "date"
    elif pa.types.is_timestamp(kind):
        yield "datetime"


def _with_id(columns: list[Column], rows: pa.Table) -> list[Column]:
    """The columns, one of them marked as the id where its name says so and its values all differ."""
    for column in columns:
        values = column_at(rows, column.name)
        if column.role or not _ID.search(column.field.rstrip("_")) or column.kind not in ("int", "str"):
            continue
        if values.null_count or len(pc.unique(values)) < len(values):
            continue
        if pa.types.is_string(values.type) and (_untidy(values) or pc.max(pc.utf8_length(values)).as_py() > _LONGEST_ID):
            continue
        column.role, column.field, column.kind = "id", "id", "str"
        column.as_text = not pa.types.is_string(values.type)
        return [column, *(other for other in columns if other is not column)]
    return columns


def _blank(values: pa.ChunkedArray) -> bool:
    return not pc.any(pc.match_substring_regex(values, r"\S")).as_py()


def _untidy(values: pa.ChunkedArray) -> bool:
    """Whether some have blanks around them, or are nothing else."""
    tidy = pc.and_(pc.equal(pc.utf8_trim_whitespace(values), values), pc.not_equal(values, ""))
    return not pc.all(tidy).as_py()
