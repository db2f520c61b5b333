"""Look: the first rows of a file, and what each of its columns seems to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError, UsageError
from pipeline.errors import bounded
from pipeline.quarantine import without_origin
from stages import Source
from stages.ingest.columns import column_at

from .column import MEASURE, Column
from .guess import guess, untidy
from .names import field_names

SAMPLE = 10_000  # rows that types are guessed from; the whole file then has its say
_MOST_COLUMNS = 60  # in a Record
_MOST_BYTES = 2**28  # of the sample
_DEEPEST = 4  # dots in a path
_LONGEST_ID = 64  # characters
_MAIL = re.compile(r"From \S+|(Return-Path|Received|Delivered-To|Message-ID|From|Subject):", re.IGNORECASE)
_ID = re.compile(r"(^|_)(id|uuid|guid|key|pk)$")


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
        why = guess(column, column_at(rows, name))
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
    refused: list[pa.Table] = []
    left, size = count, 0
    for name in source.state():
        with closing(iter(source.read(name))) as reading:  # type: ignore[type-var]  # every source reads by a generator
            for rows, away in reading:
                refused += away
                parts.append(rows.slice(0, left))
                left, size = left - parts[-1].num_rows, size + parts[-1].nbytes
                if left <= 0 or size > _MOST_BYTES:
                    break
        if left <= 0 or size > _MOST_BYTES:
            break
    if left == count:
        rules = dict.fromkeys(rule for part in refused for rule in part["rule"].to_pylist())
        why = f": a line {' or '.join(bounded(rule) for rule in list(rules)[:3])}" if rules else ""
        raise UsageError(f"the data has no rows to learn from{why}")
    return without_origin(pa.concat_tables(parts, promote_options="default"))


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
            raise UsageError(f"--{role}: the data has no column {bounded(name)}; {_way_out(name, rows.column_names)}") from None
        if name in roles:
            raise UsageError(f"--{role}: column {bounded(name)} is the {roles[name]} already; name another one")
        roles[name] = role
    return roles


def _way_out(name: str, known: list[str]) -> str:
    """What to type instead of a column that is not there."""
    shown = f"it has {bounded(', '.join(bounded(other, 30) for other in known[:20]), 300)}"
    if any(_MAIL.match(other) for other in known):
        return f"this looks like e-mail, which the source MailFolder reads (docs/sources.md); {shown}"
    if any(MEASURE.fullmatch(other) for other in known):
        return f"the file seems to have no header: name its columns by their places, such as --text 2; {shown}"
    near = get_close_matches(name, known[:1000], n=1)
    return f"did you mean {bounded(near[0])!r}?; {shown}" if near else shown


def _with_id(columns: list[Column], rows: pa.Table) -> list[Column]:
    """The columns, one of them marked as the id where its name says so and its values all differ."""
    for column in columns:
        values = column_at(rows, column.name)
        if column.role or not _ID.search(column.field.rstrip("_")) or column.kind not in ("int", "str"):
            continue
        if values.null_count or len(pc.unique(values)) < len(values):
            continue
        if pa.types.is_string(values.type) and (untidy(values) or pc.max(pc.utf8_length(values)).as_py() > _LONGEST_ID):
            continue
        column.role, column.field, column.kind = "id", "id", "str"
        column.as_text = not pa.types.is_string(values.type)
        return [column, *(other for other in columns if other is not column)]
    return columns
