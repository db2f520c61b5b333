"""The ingest stage, and what it asks of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import SerializeAsAny

from pipeline import Stage, StageError, Table, record_of, report
from pipeline.errors import bounded
from pipeline.frozen import Frozen
from schemas import Record

if TYPE_CHECKING:
    import pyarrow as pa

R = TypeVar("R", bound=Record)


class Source(Frozen):
    """Where rows come from. A subclass says what state the outside is in, and reads it."""

    def state(self) -> Mapping[str, Any]:
        """Name -> version or digest of everything `read` would look at. Raises UsageError where it is not readable."""
        raise TypeError(f"source {type(self).__name__} must define state(self)")

    def read(self) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """Fragments in order, each with what was turned away on the way (see pipeline.turned_away)."""
        raise TypeError(f"source {type(self).__name__} must define read(self)")


class Ingest(Stage, Generic[R]):
    """Read a source. Returns its rows as `Ingest[YourRecord]` says, one fragment for each that the source gives."""

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    source: SerializeAsAny[Source]

    def outside(self) -> Mapping[str, Any]:
        """The state of the source."""
        return self.source.state()

    def run(self) -> Table[R]:
        """Raises StageError for a source with no rows."""
        total = len(self.outside())
        fragments: list[pa.Table] = []
        away: list[pa.Table] = []
        for rows, rejected in self.source.read():
            report(len(fragments), total, "sources")
            fragments.append(rows)
            away += rejected
        if not any(rows.num_rows for rows in fragments):
            given = ", ".join(f"{name}={value}" for name, value in self.source)
            raise StageError(f"source {type(self.source).__name__}({bounded(given)}) has no rows")
        return Table.of(record_of(self), *fragments, turned_away=away)
