"""What a page shows of a quarantine: every reason with its count, and the first rows of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pipeline import Table

from .words import shown

MOST = 200  # rows on a page
_REASONS = 100
_LONGEST = 2_000
_WIDTHS = {"value": 80, "source": 60, "key": 60, "row": 300}
_Reason = tuple[str | None, str]  # column, rule


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
    counts: Counter[_Reason] = Counter()
    first: dict[_Reason, list[dict[str, Any]]] = {}
    for fragment in table.split():
        rows = fragment.read()
        found = rows.group_by(["column", "rule"], use_threads=False).aggregate([([], "count_all")]).to_pylist()
        for group in found:
            reason = (group["column"], group["rule"])
            counts[reason] += group["count_all"]
            held = first.setdefault(reason, []) if len(first) < _REASONS else first.get(reason)
            if held is not None and len(held) < MOST:
                held += _of(rows, reason).slice(0, MOST - len(held)).to_pylist()
    each = max(1, MOST // max(1, len(first)))
    kept = [row for held in first.values() for row in held[:each]]
    columns = tuple(name for name in (kept[0] if kept else ()) if any(row[name] is not None for row in kept))
    cells = tuple(tuple(shown(row[name], _WIDTHS.get(name, 120)) for name in columns) for row in kept)
    reasons = tuple((shown(column) if column else "", shown(rule), n) for (column, rule), n in counts.most_common(_REASONS))
    return Rejected(counts.total(), reasons, len(counts) - len(reasons), columns, cells)


def _of(rows: Any, reason: _Reason) -> Any:
    """The rows that were turned away for a reason, their long texts cut."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column, rule = reason
    at = pc.is_null(rows["column"]) if column is None else pc.equal(rows["column"], column)
    found = rows.filter(pc.and_kleene(at, pc.equal(rows["rule"], rule))).slice(0, MOST)
    cut = [pc.utf8_slice_codeunits(c, 0, _LONGEST) if pa.types.is_string(c.type) else c for c in found.columns]
    return pa.table(cut, names=found.column_names)
