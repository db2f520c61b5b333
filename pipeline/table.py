"""Table: rows of one Record, as an ordered list of fragments, Parquet or Arrow files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .artifact import Stored
from .errors import StageError

if TYPE_CHECKING:  # pyarrow takes 0.16 s to import, which a run with nothing to do need not pay
    import pyarrow as pa

    from .check import Check

R = TypeVar("R", bound="RecordLike")


class RecordLike(Protocol):
    """What the framework asks of a row model; `schemas.Record` is the one that ships.

    It may say how its tables are stored: `layout = "arrow"` is one uncompressed Arrow file for each Table that a stage gives, read
    through a memory map without copies; else they are Parquet fragments of at most FRAGMENT_ROWS.
    """

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> its type in words, in order: what wiring compares."""

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """The columns that tell one row from every other; none where rows may be the same."""

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows that keep the contract, cast to its columns, without SOURCE and LINE; and the others, as `turned_away` gives them."""

    @classmethod
    def contract(cls) -> Check:
        """The check that every table of this Record must pass."""


@dataclass(frozen=True)
class Table(Generic[R]):
    """Rows of one Record.

    record: the contract of the rows.
    fragments: files in the store, or Arrow tables that a stage has just made; their order is the rows' order.
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

    def count(self) -> int:
        """How many rows it has; nothing is read."""
        return sum((f.rows or 0) if isinstance(f, Stored) else f.num_rows for f in self.fragments)

    def split(self) -> Iterator[Table[R]]:
        """One table a fragment, in order: to go through more rows than memory holds."""
        return (Table(self.record, (fragment,)) for fragment in self.fragments)


def layout(record: Any) -> str:
    """How tables of a Record are stored, "arrow" or "parquet"."""
    return str(getattr(record, "layout", "parquet"))


_ARROW = b"ARROW1"  # how an Arrow file begins


def _read(fragment: Stored | pa.Table, columns: Sequence[str] | None) -> pa.Table:
    if isinstance(fragment, Stored) and fragment.head(len(_ARROW)) == _ARROW:
        import pyarrow as pa

        fragment = pa.ipc.open_file(fragment.map()).read_all()
    elif isinstance(fragment, Stored):
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = pq.ParquetFile(pa.BufferReader(fragment.read()))
        fragment = file.read(columns, use_threads=False)  # in half the time of `read_table`
    return fragment if columns is None else fragment.select(list(columns))


FRAGMENT_ROWS = 16_384  # a table of millions has hundreds of fragments, each still worth the cost of a file


def cut(parts: Iterable[pa.Table], most: int) -> Iterator[pa.Table]:
    """The same rows in the same order, `most` to a table but for the last; one table without rows where there are none.

    Rows that are added at the end leave every table but the last as it was.
    """
    import pyarrow as pa

    held: list[pa.Table] = []
    count = 0
    cuts = 0
    for part in parts:
        held.append(part)
        count += part.num_rows
        if count < most:
            continue
        rows = pa.concat_tables(held)
        for start in range(0, count - most + 1, most):
            yield rows.slice(start, most).combine_chunks()
            cuts += 1
        left = count % most
        held, count = [rows.slice(rows.num_rows - left)], left
    if count or (held and not cuts):
        yield pa.concat_tables(held).combine_chunks()
