"""Batches: rows of like length together, in an order that is a pure function of (seed, epoch, position)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_POOL = 50  # batches among which rows are sorted by length: enough for little padding, few enough to stay shuffled
_POOLS = 4  # at least, in an epoch: with one for nearly all rows every epoch has the same batches, and a net learns less

Rows = np.ndarray[Any, np.dtype[np.int64]]


def epoch_batches(
    lengths: Rows, size: int, seed: int, epoch: int, *, tokens: int = 0, weights: np.ndarray[Any, Any] | None = None
) -> list[Rows]:
    """Row numbers of each training batch of an epoch: every row once, shuffled, rows of like length together.

    lengths: n integers.  size, tokens: what a batch holds at most, in rows and in rows x the longest of them (0 for no such bound;
    a longer row is a batch of its own).  weights: n, for n draws with replacement in place of every row once.
    """
    random = np.random.default_rng((seed, epoch))
    n = len(lengths)
    order = random.permutation(n) if weights is None else random.choice(n, n, p=weights / weights.sum())
    batches: list[Rows] = []
    pooled = size * max(1, min(_POOL, n // (size * _POOLS)))
    for start in range(0, n, pooled):
        pool = order[start : start + pooled]
        batches += _cut(pool[np.argsort(lengths[pool], kind="stable")], lengths, size, tokens)
    return [batches[i] for i in random.permutation(len(batches))]


def length_batches(lengths: Rows, size: int, *, tokens: int = 0) -> list[Rows]:
    """Row numbers of batches to predict on: all rows by length, in order; bounded as in training."""
    return list(_cut(np.argsort(lengths, kind="stable"), lengths, size, tokens))


def _cut(rows: Rows, lengths: Rows, size: int, tokens: int) -> Iterator[Rows]:
    """Rows in ascending length to batches; the last row of one is its longest."""
    start = 0
    for end in range(1, len(rows) + 1):
        full = end == len(rows) or end - start == size
        if full or (tokens and lengths[rows[end]] * (end + 1 - start) > tokens):
            yield rows[start:end]
            start = end
