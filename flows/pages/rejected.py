"""What a page shows of a quarantine: every reason with its count, and the first rows of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pipeline import Table

from .words import shown

MOST = 200  # rows on a page
_REASONS = 100
_WIDTHS = {"value": 80, "source": 60, "key": 60, "row": 300}


@dataclass(frozen=True)
class Rejected:
    """reasons: (column, rule, rows), the most frequent first.  rows: cells as text by column, in the order of `columns`."""

    count: int
    reasons: tuple[tuple[str, str, int], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def bars(self) -> list[tuple[str, int]]:
        """Rule and count, for a chart."""
        return [(f"{column}: {rule}" if column else rule, rows) for column, rule, rows in self.reasons[:20]]


def rejected(table: Table[Any]) -> Rejected:
    """Read a quarantine, a fragment at a time. Raises DamagedError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts: Counter[tuple[Any, Any]] = Counter()
    taken: Counter[tuple[Any, Any]] = Counter()
    kept: list[dict[str, Any]] = []
    for fragment in table.split():
        rows = fragment.read()
        found = rows.group_by(["column", "rule"], use_threads=False).aggregate([([], "count_all")]).to_pylist()
        counts.update({(group["column"], group["rule"]): group["count_all"] for group in found})
        most = max(1, MOST // max(1, len(counts)))
        for column, rule in [(group["column"], group["rule"]) for group in found]:
            wanted = min(most - taken[column, rule], MOST - len(kept))
            if wanted > 0:
                at = pc.is_null(rows["column"]) if column is None else pc.equal(rows["column"], column)
                first = rows.filter(pc.fill_null(pc.and_(at, pc.equal(rows["rule"], rule)), False)).slice(0, wanted)
                taken[column, rule] += first.num_rows
                kept += first.to_pylist()
        del rows
    pa.default_memory_pool().release_unused()
    columns = tuple(name for name in (kept[0] if kept else ()) if any(row[name] is not None for row in kept))
    cells = tuple(tuple(shown(row[name], _WIDTHS.get(name, 120)) for name in columns) for row in kept)
    reasons = tuple(
        (shown(column) if column else "", shown(rule), rows) for (column, rule), rows in counts.most_common(_REASONS)
    )
    return Rejected(sum(counts.values()), reasons, columns, cells)
