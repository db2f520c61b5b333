"""Sketches: what is known of a column of any length in memory that does not grow with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .kinds import as_numbers

SEED = 20_261_125
_SPAN = 2.0**64


class Distinct:
    """How many different values there are: exact up to `most`, beyond that estimated with an error of 1 / sqrt(most).

    It keeps the `most` smallest hashes of 64 bits (Bar-Yossef et al., 2002), with the unbiased estimate of Beyer et al. (2007).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._smallest = np.empty(0, np.uint64)
        self._full = False

    def add(self, values: pa.Array) -> None:
        """Values without nulls; each may come more than once."""
        hashes = _hashes(values)
        if self._full:
            hashes = hashes[hashes <= self._smallest[-1]]
        if len(hashes):
            merged = np.union1d(self._smallest, hashes)
            self._full |= len(merged) > self._most
            self._smallest = merged[: self._most]

    def document(self, values: int) -> dict[str, Any]:
        """`{"count", "exact"}`; values: how many were added in all, of which there are no more kinds."""
        if not self._full:
            return {"count": len(self._smallest), "exact": True}
        estimate = round((self._most - 1) / ((float(self._smallest[-1]) + 1) / _SPAN))
        return {"count": min(estimate, values), "exact": False, "error": round(1 / math.sqrt(self._most - 2), 4)}


def _hashes(values: pa.Array) -> np.ndarray:
    """The same in every process: pandas' hash has a fixed key."""
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.string())
    values = values.cast(pa.int8()) if pa.types.is_boolean(values.type) else as_numbers(values)
    found = np.asarray(values.to_numpy(zero_copy_only=False))
    if found.dtype == object:
        return pd.util.hash_array(found, categorize=False)
    return pd.util.hash_array(found)


class Sample:
    """A uniform sample of rows, without replacement and in their order, seeded: all rows as long as they are at most `most`.

    Each row draws a number; those with the smallest stay.  Where a table is cut into fragments makes no difference.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._random = np.random.Generator(np.random.PCG64(SEED))
        self._bound = 1.0
        self._draws = np.empty(0)
        self._rows: list[pa.Table] = []
        self.seen = 0

    def choose(self, rows: int) -> np.ndarray:
        """Which of the next rows to hand to `add`: a number each that is below the bound, NaN for the others."""
        self.seen += rows
        draws = self._random.random(rows)
        draws[draws >= self._bound] = np.nan
        return draws

    def add(self, draws: np.ndarray, rows: pa.Table) -> None:
        """The rows that were chosen, with their numbers."""
        self._draws = np.concatenate([self._draws, draws])
        self._rows.append(rows)
        if len(self._draws) > 2 * self._most:
            self._thin()

    def rows(self, most: int | None = None) -> pa.Table:
        """The sample, or a smaller one of it."""
        if len(self._draws) > self._most:
            self._thin()
        found = pa.concat_tables(self._rows)
        if most is None or len(self._draws) <= most:
            return found
        return found.filter(pa.array(self._draws < np.partition(self._draws, most)[most]))

    def _thin(self) -> None:
        self._bound = float(np.partition(self._draws, self._most)[self._most])
        near = self._draws < self._bound
        self._rows = [pa.concat_tables(self._rows).filter(pa.array(near)).combine_chunks()]
        self._draws = self._draws[near]


class Counts:
    """Exact counts of values as long as there are at most `most` different ones; then nothing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.found: dict[Any, int] | None = {}

    def add(self, values: pa.Array, counts: pa.Array) -> None:
        """Different values, and how often each comes."""
        if self.found is None:
            return
        if len(values) > self._most:
            self.found = None
            return
        for value, count in zip(values.to_pylist(), counts.to_pylist(), strict=True):
            self.found[value] = self.found.get(value, 0) + count
        if len(self.found) > self._most:
            self.found = None
