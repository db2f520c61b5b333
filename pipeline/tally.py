"""Tally: whether the rows that came in are, each by its key, those that went out and those that were turned away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .errors import StageError, bounded
from .table import Table

if TYPE_CHECKING:
    import pyarrow as pa

_NAMED = 3


class Tally:
    """Keys in less keys out, as a sum of hashes, so that memory does not grow; Python's hashes are good within one process."""

    def __init__(self, key: Sequence[str]) -> None:
        self.key = tuple(key)
        self._came: pa.Table | None = None  # the last that came, whose hashes nobody needs where the same goes
        self._left = 0
        self._blind = not key  # no key, or a row was turned away that has none: then only numbers can be compared

    def came(self, rows: pa.Table) -> None:
        """Rows that the stage was given."""
        self._count()
        self._came = rows.select(list(self.key))

    def went(self, rows: pa.Table) -> None:
        """Rows that the stage gave."""
        if self._came is not None and rows.select(list(self.key)).equals(self._came):
            self._came = None
        else:
            self._left -= sum(map(hash, keys_of(rows, self.key)))

    def turned_away(self, away: pa.Table) -> None:
        """Rows of a quarantine whose key has been filled in."""
        self._blind |= away["key"].null_count > 0
        self._left -= sum(map(hash, away["key"].to_pylist()))

    @property
    def agrees(self) -> bool:
        """Whether nothing is left over, as far as can be told."""
        self._count()
        return self._blind or not self._left

    def _count(self) -> None:
        if self._came is not None:
            self._left += sum(map(hash, keys_of(self._came, self.key)))
            self._came = None


def keys_of(rows: pa.Table, key: Sequence[str]) -> list[Any]:
    """The key of each row, as text: of one column its value, of several a JSON list; what the quarantine's `key` says of it."""
    import pyarrow as pa

    if not key:
        return []
    if len(key) == 1 and pa.types.is_string(rows.schema.field(key[0]).type):
        return list(rows[key[0]].to_pylist())
    columns = [_json_values(rows[name]) for name in key]
    return [written(values) for values in zip(*columns, strict=True)]


def written(values: Sequence[Any]) -> str | None:
    """A key as text, of its values as JSON has them; None where one is missing."""
    if None in values:
        return None
    return str(values[0]) if len(values) == 1 else json.dumps(list(values), ensure_ascii=False)


def require_accounted(tally: Tally, came: Iterable[Table[Any]], went: Table[Any], away: Table[Any]) -> None:
    """Raise StageError for rows in that are not rows out and quarantined, naming some; all are read again only then."""
    if tally.agrees:
        return
    key = tally.key
    before = Counter(name for table in came for part in table.split() for name in keys_of(part.read(key), key))
    after = Counter(name for part in went.split() for name in keys_of(part.read(key), key))
    after.update(name for part in away.split() for name in part.read(["key"])["key"].to_pylist())
    lost, new = list((before - after).elements()), list((after - before).elements())
    parts = [
        f"{len(found):,} {what}, such as {_some(found)}" for what, found in (("vanished", lost), ("are new", new)) if found
    ]
    raise StageError(
        f"the rows that came in are not those that went out and were quarantined: by their key {', '.join(key)}, "
        f"{'; '.join(parts)}; a stage that makes other rows sets keeps_rows = False"
    )


def _some(found: Sequence[Any]) -> str:
    return ", ".join(bounded(value, 40) for value in found[:_NAMED])


def _json_values(column: pa.ChunkedArray) -> Iterator[Any]:
    from pydantic_core import from_json, to_json

    values = column.to_pylist()
    return iter(from_json(to_json(values, bytes_mode="base64", inf_nan_mode="strings")))
