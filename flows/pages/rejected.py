"""What a page shows of a quarantine: every reason with its count, and the first rows of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline import Table

from ..reasons import reasons
from .words import shown

MOST = 200  # rows on a page
_REASONS = 100
_LONGEST = 2_000
_WIDTHS = {"value": 80, "source": 60, "key": 60, "row": 300}


@dataclass(frozen=True)
class Rejected:
    """reasons: (column, rule, rows), the most frequent first, the others counted in `reasons_left_out`.

    rows: cells as text by column, in the order of `columns`.
    """

    count: int
    reasons: tuple[tuple[str, str, int], ...]
    reasons_left_out: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def bars(self) -> list[tuple[str, int]]:
        """Rule and count, for a chart."""
        return [(f"{column}: {rule}" if column else rule, rows) for column, rule, rows in self.reasons[:20]]


def rejected(table: Table[Any]) -> Rejected:
    """Read a quarantine, a fragment at a time; the rows on the page are shared out among its reasons. Raises DamagedError."""
    counts, first = reasons(table, MOST, kinds=_REASONS, longest=_LONGEST)
    each = max(1, MOST // max(1, len(first)))
    kept = [row for held in first.values() for row in held[:each]]
    columns = tuple(name for name in (kept[0] if kept else ()) if any(row[name] is not None for row in kept))
    cells = tuple(tuple(shown(row[name], _WIDTHS.get(name, 120)) for name in columns) for row in kept)
    told = tuple((shown(column) if column else "", shown(rule), n) for (column, rule), n in counts.most_common(_REASONS))
    return Rejected(counts.total(), told, len(counts) - len(told), columns, cells)
