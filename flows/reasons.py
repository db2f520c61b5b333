"""Reasons: why rows were turned away, how many for each reason, and the first of them; a fragment in memory at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeline import Table

if TYPE_CHECKING:
    import pyarrow as pa

Reason = tuple[str | None, str]  # column, rule
Row = dict[str, Any]  # of the quarantine


def reasons(
    table: Table[Any], most: int, *, kinds: int | None = None, longest: int | None = None
) -> tuple[Counter[Reason], dict[Reason, list[Row]]]:
    """How many rows each reason has, and the first `most` of them. Raises DamagedError.

    kinds: so many reasons keep rows, those that come first.  longest: characters of a text.
    """
    counts: Counter[Reason] = Counter()
    first: dict[Reason, list[Row]] = {}
    for fragment in table.split():
        rows = fragment.read()
        for group in rows.group_by(["column", "rule"], use_threads=False).aggregate([([], "count_all")]).to_pylist():
            reason = (group["column"], group["rule"])
            counts[reason] += group["count_all"]
            held = first.setdefault(reason, []) if kinds is None or len(first) < kinds else first.get(reason)
            if held is not None and len(held) < most:
                held += _of(rows, reason, most - len(held), longest).to_pylist()
    return counts, first


def _of(rows: pa.Table, reason: Reason, most: int, longest: int | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    column, rule = reason
    at = pc.is_null(rows["column"]) if column is None else pc.equal(rows["column"], column)
    found = rows.filter(pc.and_kleene(at, pc.equal(rows["rule"], rule))).slice(0, most)
    cut = [
        pc.utf8_slice_codeunits(one, 0, longest) if longest and pa.types.is_string(one.type) else one for one in found.columns
    ]
    return pa.table(cut, names=found.column_names)
