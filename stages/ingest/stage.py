"""The ingest stage, and what it asks of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import Field, SerializeAsAny

from pipeline import Outside, Stage, Table, cut, record_of
from pipeline.frozen import Frozen
from pipeline.table import FRAGMENT_ROWS
from schemas import Record

if TYPE_CHECKING:
    import pyarrow as pa

R = TypeVar("R", bound=Record)


class Source(Frozen):
    """Where rows come from. A subclass says what state the outside is in, and reads it."""

    def state(self) -> Mapping[str, Any]:
        """Name -> version or digest of everything `read` would look at. Raises UsageError where it is not readable."""
        raise TypeError(f"source {type(self).__name__} must define state(self)")

    def state_of(self, name: str) -> Any:
        """The state of one item, again; quicker than `state` where there are many."""
        return self.state().get(name)

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """Rows of one item of `state` as they come, with what was turned away on the way (see pipeline.turned_away)."""
        raise TypeError(f"source {type(self).__name__} must define read(self, name)")

    def derived(self) -> Mapping[str, Sequence[str]]:
        """Columns that the source computes from others, each with those."""
        return {}

    def derive(self, rows: pa.Table) -> pa.Table:
        """Rows that a person put right, with these columns computed anew."""
        return rows


class Ingest(Stage, Generic[R]):
    """Read a source, item by item: a file or package that stays as it was is not read again.

    Returns its rows as `Ingest[YourRecord]` says, in fragments of `fragment_rows` that do not span items.
    """

    packages: ClassVar[tuple[str, ...]] = ("charset-normalizer", "numpy", "pyarrow")

    source: SerializeAsAny[Source]
    fragment_rows: int = Field(default=FRAGMENT_ROWS, ge=1, description="the unit of caching and of parallel work")

    def outside(self) -> Mapping[str, Any]:
        """The state of the source."""
        return self.source.state()

    def unchanged(self, item: Outside) -> bool:
        """Whether the source has the item in the same state still."""
        return bool(self.source.state_of(item.name) == item.state)

    def derived(self) -> Mapping[str, Sequence[str]]:
        """Those of the source."""
        return self.source.derived()

    def derive(self, rows: pa.Table) -> pa.Table:
        """As the source does."""
        return self.source.derive(rows)

    def map(self, item: Outside) -> Iterator[Table[R]]:
        """One item; what is in memory is a fragment of it."""
        away: list[pa.Table] = []

        def rows() -> Iterator[pa.Table]:
            for part, rejected in self.source.read(item.name):
                away.extend(rejected)
                yield part

        for _, alike in groupby(rows(), key=lambda part: part.schema):  # the members of an archive may differ
            for fragment in cut(alike, self.fragment_rows):
                yield Table.of(record_of(self), fragment, turned_away=away)
                away.clear()
        if away:  # they came after the last fragment was full
            yield Table.of(record_of(self), turned_away=away)
