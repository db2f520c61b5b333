"""A sample of a table: rows drawn by position, so that it is a pure function of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import Table

_SEED = 20_260


@dataclass(frozen=True)
class Sample:
    """rows: so many rows, dealt at random.  following: the row after each in the table, of every second row, so that no two pairs share a row."""

    rows: pa.Table
    following: pa.Table


def sample(table: Table[Any], columns: Sequence[str] | None, size: int) -> Sample:
    """At most `size` rows, each as likely as any other; one fragment in memory at a time."""
    total = table.count()
    draw = np.random.default_rng(_SEED)
    positions = np.sort(draw.choice(total, size, replace=False)) if total > size else np.arange(total)
    parts: list[pa.Table] = []
    nexts: list[pa.Table] = []
    start = 0
    for fragment in table.split():
        end = start + fragment.count()
        low, high = np.searchsorted(positions, (start, end))
        if high > low or not parts:
            rows = flat(fragment.read(columns))
            local = positions[low:high] - start
            alone = (local % 2 == 1) | (local + 1 == end - start)
            parts.append(rows.take(local))
            nexts.append(rows.take(pa.array(local + 1, mask=alone)))
        start = end
    dealt = draw.permutation(len(positions))
    return Sample(pa.concat_tables(parts).take(dealt), pa.concat_tables(nexts).take(dealt))


def flat(rows: pa.Table) -> pa.Table:
    """Nested Records as columns of their own, named by their paths: `address.zip`."""
    while any(pa.types.is_struct(kind) for kind in rows.schema.types):
        rows = rows.flatten()
    return rows
