"""Table: rows of one Record, as an ordered list of Parquet fragments; and the rows it turned away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .artifact import Stored
from .errors import StageError, bounded

if TYPE_CHECKING:  # pyarrow takes 0.16 s to import, which a run with nothing to do need not pay
    import pyarrow as pa

    from .check import Check

R = TypeVar("R", bound="RecordLike")


class RecordLike(Protocol):
    """What the framework asks of a row model; `schemas.Record` is the one that ships."""

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> its type in words, in order: what wiring compares."""

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows that keep the contract, cast to its columns; and the others, as `turned_away` gives them."""

    @classmethod
    def contract(cls) -> Check:
        """The check that every table of this Record must pass."""


@dataclass(frozen=True)
class Table(Generic[R]):
    """Rows of one Record.

    record: the contract of the rows.
    fragments: Parquet files in the store, or Arrow tables that a stage has just made; their order is the rows' order.
    turned_away: what a stage quarantined while making this table, in the form of the function `turned_away`.
    digest: empty until the table has been stored.
    """

    record: type[R]
    fragments: tuple[Stored | pa.Table, ...]
    turned_away: tuple[pa.Table, ...] = ()
    digest: str = ""
    port = "rows"

    @classmethod
    def of(cls, record: type[R], *rows: pa.Table, turned_away: Iterable[pa.Table] = ()) -> Table[R]:
        """A table of in-memory Arrow tables, one fragment each."""
        return cls(record, rows, tuple(turned_away))

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows, or some columns of them, in order."""
        import pyarrow as pa

        parts = [_read(fragment, columns) for fragment in self.fragments]
        if not parts:
            raise StageError(f"a table of {self.record.__name__} has no fragment to read")
        return pa.concat_tables(parts)

    def split(self) -> Iterable[Table[R]]:
        """One table a fragment, in order: what a `map` stage is given."""
        return (Table(self.record, (fragment,), digest=self.digest) for fragment in self.fragments)


def _read(fragment: Stored | pa.Table, columns: Sequence[str] | None) -> pa.Table:
    if isinstance(fragment, Stored):
        import pyarrow.parquet as pq

        return pq.read_table(fragment.path, columns=columns, partitioning=None)
    return fragment if columns is None else fragment.select(list(columns))


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


def sift_tables(table: Table[Any]) -> tuple[Table[Any], list[pa.Table]]:
    """The table with only the rows that keep its Record, and all rows turned away: by the stage, then by the Record."""
    kept, away = [], [part for part in table.turned_away if part.num_rows]
    for fragment in table.fragments:
        accepted, rejected = table.record.sift(_read(fragment, None))
        kept.append(accepted)
        away += [rejected] if rejected.num_rows else []
    return Table(table.record, tuple(kept)), away


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
