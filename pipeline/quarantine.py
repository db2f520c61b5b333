"""Quarantine: the rows that a stage or a rule turned away, each with its reason and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .errors import StageError, bounded
from .tally import written

if TYPE_CHECKING:
    import pyarrow as pa

    from .check import Check

SOURCE, LINE = "\0source", "\0line"  # columns that a source may add to its rows: no field of a Record can be called so


def turned_away(rows: pa.Table, rule: str, column: str | None = None) -> pa.Table:
    """Rows for the quarantine: rule, column, value (bounded), source, line, key and the whole row as JSON, one line a row:
    bytes as base64, NaN and infinity by name.

    rule: the reason, in words a data owner understands.  column: the one that broke it, if it was one.
    Source and line are those of the columns SOURCE and LINE, where the rows have them; the framework fills in the key.
    """
    import pyarrow as pa
    from pydantic_core import to_json

    count = rows.num_rows
    listed = without_origin(rows).to_pylist()
    origin = {name: rows[name] if name in rows.column_names else pa.nulls(count) for name in (SOURCE, LINE)}
    columns = {
        "rule": pa.repeat(rule, count),
        "column": pa.repeat(pa.scalar(column, pa.string()), count),
        "value": pa.array([_value(row, column) for row in listed] if column else [None] * count, pa.string()),
        "source": origin[SOURCE],
        "line": origin[LINE],
        "key": pa.nulls(count),
        "row": pa.array([to_json(row, bytes_mode="base64", inf_nan_mode="strings").decode() for row in listed], pa.string()),
    }
    return pa.table(columns).cast(quarantine_schema())


def without_origin(rows: pa.Table) -> pa.Table:
    """The rows without the columns that say where they came from."""
    return rows.drop_columns([name for name in (SOURCE, LINE) if name in rows.column_names])


def sift(rows: pa.Table, rules: Iterable[tuple[str, str | None, Any]]) -> tuple[pa.Table, list[pa.Table]]:
    """Split rows by rules: those that pass them all, in order, and the others with the first rule they break.

    rules: (reason, column, mask), the mask true where a row BREAKS the rule; null counts as true.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = pa.chunked_array([pa.array([True] * rows.num_rows, pa.bool_())])
    away = []
    for reason, column, broken in rules:
        broken = pc.fill_null(broken, True)
        first = pc.and_(kept, broken)
        kept = pc.and_(kept, pc.invert(broken))
        if pc.any(first).as_py():
            away.append(turned_away(rows.filter(first), reason, column))
    return (rows.filter(kept), away) if away else (rows, away)


def keyed(away: pa.Table, key: Sequence[str]) -> pa.Table:
    """The quarantined rows with the values of these columns in `key`, where a row has them and no key yet.

    One column's value stands as it is, several as a JSON list.
    """
    import pyarrow as pa

    if not key or not away["key"].null_count:
        return away
    keys = []
    for known, text in zip(away["key"].to_pylist(), away["row"].to_pylist(), strict=True):
        row = json.loads(text) if known is None else {}
        keys.append(written([row.get(name) for name in key]) if known is None else known)
    return away.set_column(away.schema.get_field_index("key"), "key", pa.array(keys, pa.string()))


class Quarantined:
    """The Record of every quarantine: why a row was turned away, where it came from, and the row."""

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> type; `row` is JSON."""
        return {name: str(kind) for name, kind in zip(quarantine_schema().names, quarantine_schema().types, strict=True)}

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """Two rows may be the same."""
        return ()

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Every row is kept."""
        return rows, rows.slice(0, 0)

    @classmethod
    def contract(cls) -> Check:
        """Never asked for: a quarantine feeds no step."""
        raise StageError("a quarantine has no contract")


def quarantine_schema() -> pa.Schema:
    """The columns of a quarantine."""
    import pyarrow as pa

    texts = ("rule", "column", "value", "source", "line", "key", "row")
    return pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in texts])


def _value(row: dict[str, Any], column: str) -> str:
    """The value at a path such as `address.zip`, bounded; of a path into a list, the list."""
    found: Any = row
    for name in (column,) if column in row else column.split("."):
        found = found.get(name.removesuffix("[]")) if isinstance(found, dict) else found
    return bounded(found)
