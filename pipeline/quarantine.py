"""Quarantine: the rows that a stage or a rule turned away, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .errors import StageError, bounded

if TYPE_CHECKING:
    import pyarrow as pa

    from .check import Check


def turned_away(rows: pa.Table, rule: str, column: str | None = None) -> pa.Table:
    """Rows for the quarantine: rule, column, value (bounded) and the whole row as JSON, one line a row.

    rule: the reason, in words a data owner understands.  column: the one that broke it, if it was one.
    """
    import pyarrow as pa
    from pydantic_core import to_json

    listed = rows.to_pylist()
    return pa.table(
        {
            "rule": [rule] * len(listed),
            "column": [column] * len(listed),
            "value": [bounded(row.get(column, "")) if column else None for row in listed],
            "row": [to_json(row).decode() for row in listed],
        },
        schema=_quarantine_schema(),
    )


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


class Quarantined:
    """The Record of every quarantine: why a row was turned away, and the row."""

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> type; `row` is JSON."""
        return dict.fromkeys(("rule", "column", "value", "row"), "string")

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Every row is kept."""
        return rows, rows.slice(0, 0)

    @classmethod
    def contract(cls) -> Check:
        """Never asked for: a quarantine feeds no step."""
        raise StageError("a quarantine has no contract")


def _quarantine_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Quarantined.columns()])
