"""The same rows in another order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline import Finding, Table

from .sampled import flat

_MIX = np.uint64(0x9E3779B97F4A7C15)


def reordered(after: Table[Any], before: Table[Any]) -> Finding:
    """Warns where the table has the champion's rows, each as often, in another order; read only where there are as many."""
    passed, rows = True, after.count()
    if rows == before.count() and after.record.columns() == before.record.columns():
        (bag, sequence), (old_bag, old_sequence) = _digests(after), _digests(before)
        passed = bag != old_bag or sequence == old_sequence
    return Finding(
        rule="is not the champion's rows in another order", evaluated=rows, failed=0 if passed else rows, passed=passed,
        severity="warn", note="" if passed else "the same rows, each as often: did something upstream lose its sort?",
    )  # fmt: skip


def _digests(table: Table[Any]) -> tuple[int, int]:
    """Two sums over the rows' hashes: one in which their order does not count, one in which it does."""
    bag = sequence = 0
    start = 0
    with np.errstate(over="ignore"):
        for fragment in table.split():
            rows = flat(fragment.read())
            hashes = np.zeros(rows.num_rows, np.uint64)
            for name in rows.column_names:
                hashes = _mixed(hashes * np.uint64(31) + _hashes(rows[name]))
            bag += int(hashes.sum())
            places = np.arange(start, start + rows.num_rows).astype(np.uint64) * np.uint64(2) + np.uint64(1)
            sequence += int((hashes * places).sum())
            start += rows.num_rows
    return bag % 2**64, sequence % 2**64


def _hashes(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """One hash a value, good within this process."""
    if pa.types.is_floating(column.type):  # hash(nan) is another for every nan
        bits: npt.NDArray[np.uint64] = column.fill_null(0).to_numpy().astype(np.float64).view(np.uint64)
        return np.add(bits, np.asarray(column.is_null()).astype(np.uint64))
    values = column.to_pylist()
    if pa.types.is_nested(column.type):
        values = list(map(repr, values))
    return np.fromiter(map(hash, values), np.int64, len(values)).view(np.uint64)


def _mixed(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    hashes = hashes * _MIX
    return hashes ^ (hashes >> np.uint64(29))
