"""Effects and their p-values, by permutation.

Rows are dealt at random into blocks of one size, and whole blocks are exchanged between the two tables: under the hypothesis that the rows of both
come from one source, every such exchange is as likely as what was seen, so that the test is exact (Ernst 2004, "Permutation
methods: a basis for exact inference"), whatever the values, ties and dependent tokens of one text included.  Blocks make it a product of two
matrices.  The p-value counts what was seen as one of the exchanges, and is never 0 (Phipson and Smyth 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Statistic = Callable[[Floats, Floats], Floats]  # (counts of the champion's, counts of the new rows): (exchanges, cells) each

_SEED = 20_261
_FIRST = 999  # exchanges; what has no effect is seen by then
_LOOKED_AT = 4_096  # exchanges in memory at a time


def steps(before: Floats, after: Floats) -> Floats:
    """Kolmogorov and Smirnov's D: the largest difference in the share of rows up to a value. The cells are in order."""
    return np.abs(np.cumsum(_shares(before) - _shares(after), axis=1)).max(axis=1)  # type: ignore[no-any-return]


def variation(before: Floats, after: Floats) -> Floats:
    """Total variation: the least share of rows that would have to change for the shares of all cells to be the same."""
    return np.abs(_shares(before) - _shares(after)).sum(axis=1) / 2  # type: ignore[no-any-return]


def new(before: Floats, after: Floats) -> Floats:
    """The share of the new rows in cells where the champion has none."""
    return (_shares(after) * (before == 0)).sum(axis=1)  # type: ignore[no-any-return]


def vanished(before: Floats, after: Floats) -> Floats:
    """The share of the champion's rows in cells where there are none now."""
    return new(after, before)


def unheard(before: Floats, after: Floats) -> Floats:
    """The share of the new rows that hold a value which no row of the champion's holds: the commonest such value.

    The first cell counts rows, the others in how many of them each value stands.
    """
    return (after * (before == 0))[:, 1:].max(axis=1) / np.maximum(after[:, 0], 1)  # type: ignore[no-any-return]


def outside(before: Floats, after: Floats) -> Floats:
    """The share of the new rows below the least or above the greatest cell that the champion has. The cells are in order."""
    found = _shares(before)
    beyond = (np.cumsum(found, axis=1) == 0) | (np.cumsum(found[:, ::-1], axis=1)[:, ::-1] == 0)
    return (_shares(after) * beyond).sum(axis=1)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Outcome:
    """effect: in excess of chance.  p: of one test, not corrected."""

    effect: float
    p: float


def permutation_test(blocks: Floats, champions: int, statistic: Statistic, threshold: float, exchanges: int) -> Outcome:
    """The effect and its p-value.

    blocks: (blocks, cells), how many values of each block lie in each cell; the first `champions` are the champion's.
    exchanges: how many to try, if the effect is above its threshold and the first of them do not already speak against it; stopping there only
    leaves aside what is far from any small p-value (Besag and Clifford 1991).
    """
    total = blocks.sum(axis=0, keepdims=True)

    def of(chosen: Floats) -> Floats:
        before = chosen @ blocks
        return statistic(before, total - before)

    seen = float(of(_chosen(len(blocks), champions))[0])
    first = of(_first(len(blocks), champions))
    effect = max(0.0, seen - float(first.mean()))
    reached, tried = int((first >= seen - 1e-6).sum()), _FIRST
    if effect > threshold and reached < 10 and exchanges > _FIRST:
        found = (of(chosen) for chosen in _exchanges(len(blocks), champions, exchanges))
        reached, tried = sum(int((one >= seen - 1e-6).sum()) for one in found), exchanges
    return Outcome(effect, (1 + reached) / (1 + tried))


def _shares(counts: Floats) -> Floats:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)  # type: ignore[no-any-return]


def _chosen(blocks: int, champions: int) -> Floats:
    return (np.arange(blocks) < champions).astype(np.float32)[None]


@lru_cache(maxsize=2)
def _first(blocks: int, champions: int) -> Floats:
    (only,) = _exchanges(blocks, champions, _FIRST)
    return only


def _exchanges(blocks: int, champions: int, count: int) -> Iterator[Floats]:
    """(some, blocks) at a time: 1 where a block is taken for the champion's. The same ones for every column."""
    draw = np.random.default_rng(_SEED)
    for start in range(0, count, _LOOKED_AT):
        some = min(_LOOKED_AT, count - start)
        yield draw.permuted(np.broadcast_to(_chosen(blocks, champions), (some, blocks)), axis=1)
