"""The profile of a table, of any number of rows in bounded memory."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import Table
from pipeline.table import FRAGMENT_ROWS, cut

from .associations import associations
from .columns import Column, plain_rows, sampled
from .kinds import quoted
from .sketch import SEED, Sample

LABEL, SPLIT = "label", "split"
_ROWS = 100_000  # of the sample
_PAIRED = 20_000  # rows of it that associations look at: their standard error is then below 0.01
_DISTINCT = 65_536  # hashes a column: estimates are off by 0.4%
_COLUMNS = 1_000
_CELLS = 4_000_000  # of the sample, and hashes in all: a table of many columns has smaller ones
_GROUPS = 5_000  # pairs of label and split


def profile(table: Table[Any]) -> dict[str, Any]:
    """What a table holds, as JSON.

    rows; sample (None where every figure is of all rows, else how many rows and their seed: quantiles, histograms, associations and
    the top values of columns with more than 2,000 different ones are of those); columns, in order, each with its type, nulls,
    distinct, examples, and `numbers`, `lengths` and `top` where its kind has them; label, by split where there is one; associations.
    Memory: one fragment and the sample.  The first 1,000 columns are looked at, the others counted in `columns_left_out`.
    """
    columns: list[Column] = []
    names: list[str] = []
    balance, sample, left_out = Balance(), Sample(_ROWS), 0
    for part in _parts(table):
        if not columns:
            names = part.column_names[:_COLUMNS]
            left_out = part.num_columns - len(names)
            sample = Sample(max(1_000, min(_ROWS, _CELLS // max(1, len(names)))))
            most = max(1_024, min(_DISTINCT, _CELLS // max(1, len(names))))
            columns = [Column(name, part.schema.field(name).type, most) for name in names]
        rows = plain_rows(part.select(names))
        draws = sample.choose(rows.num_rows)
        chosen = ~np.isnan(draws)
        sample.add(draws[chosen], sampled(rows if chosen.all() else rows.filter(pa.array(chosen))))
        for column in columns:
            column.add(rows[column.name])
        balance.add(rows)
    found: dict[str, Any] = {"rows": sample.seen, "sample": None, "columns": [], "label": None, "associations": None}
    if not columns:
        return found
    kept, paired = sample.rows(), sample.rows(_PAIRED)
    whole = kept.num_rows == sample.seen
    features = [feature for column in columns if (feature := column.feature(paired)) is not None]
    return found | {
        "sample": None if whole else {"rows": kept.num_rows, "seed": SEED},
        "columns": [column.document(kept, whole=whole) for column in columns],
        "columns_left_out": left_out,
        "label": balance.document(),
        "associations": associations(features, paired.num_rows) if len(features) > 1 else None,
    }


def _parts(table: Table[Any]) -> Any:
    """The rows, a fragment at a time; one in memory may be long."""
    for fragment in table.split():
        yield from cut([fragment.read()], 4 * FRAGMENT_ROWS)


class Balance:
    """How often each label comes, in each split where there are splits."""

    def __init__(self) -> None:
        self._found: Counter[tuple[Any, Any]] | None = Counter()

    def add(self, rows: pa.Table) -> None:
        """One part."""
        by = [name for name in (LABEL, SPLIT) if name in rows.column_names and not pa.types.is_nested(rows[name].type)]
        if self._found is None or LABEL not in by:
            return
        for group in rows.select(by).group_by(by, use_threads=False).aggregate([([], "count_all")]).to_pylist():
            self._found[group[LABEL], group.get(SPLIT)] += group["count_all"]
        if len(self._found) > _GROUPS:  # a measurement, or an id: no label
            self._found = None

    def document(self) -> dict[str, Any] | None:
        """`{"column", "by", "counts": [{"label", "split", "count"}]}`, the most frequent label first; None where there is none."""
        if not self._found:
            return None
        totals: Counter[Any] = Counter()
        for (label, _), count in self._found.items():
            totals[label] += count
        ordered = sorted(self._found.items(), key=lambda item: (-totals[item[0][0]], str(item[0])))
        counts = [{"label": _name(label), "split": _name(split), "count": count} for (label, split), count in ordered]
        by = SPLIT if any(entry["split"] is not None for entry in counts) else None
        return {"column": LABEL, "by": by, "labels": len(totals), "counts": counts}


def _name(value: Any) -> str | None:
    return None if value is None else quoted(value)
