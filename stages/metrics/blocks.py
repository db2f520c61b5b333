"""Blocks: rows that are drawn together, and how often each is drawn in each bootstrap sample."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

Array = np.ndarray[Any, Any]

MOST = 4096  # enough that a variance estimated from blocks is within 2% or so of that from all groups


def blocks(groups: Array, seed: int, most: int = MOST) -> Array:
    """The block of each row, from 0: [n]. Rows of one group share it.

    Rows of one file resemble each other: drawn one by one, they would make the intervals too narrow.  Where all rows are of one
    group they stand for themselves all the same.  More groups than `most` are dealt at random into as many blocks (random groups;
    Wolter 2007, ch. 2), so that the cost of a sample does not grow with the rows.  It follows from the groups and the seed alone:
    two models are drawn on the same ones, and their difference is paired.
    """
    if len(groups) and (groups == groups[0]).all():
        groups = np.arange(len(groups))
    _, found = np.unique(groups, return_inverse=True)
    count = int(found.max()) + 1 if len(found) else 0
    if count <= most:
        return np.asarray(found)
    order = np.random.default_rng((seed, count)).permutation(count)
    return np.asarray((order % most)[found])


@lru_cache(maxsize=1)  # the same for every model and both runs
def weights(count: int, samples: int, seed: int) -> Array:
    """How often each of `count` blocks is drawn, with replacement, as many as there are: [samples, count]"""
    random = np.random.default_rng((seed, count, samples))
    drawn = random.integers(count, size=(samples, count))
    return np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float64)


def added_up(columns: sparse.csr_array, block: Array, count: int) -> sparse.csr_array:
    """Rows of `columns` added up by block: [n, k] -> [count, k]"""
    n = columns.shape[0]
    member = sparse.csr_array((np.ones(n), (block, np.arange(n))), shape=(count, n))
    return member @ columns


def drawn(weighted: Array, sums: sparse.csr_array) -> Array:
    """The sums of each sample: [samples, blocks] x [blocks, k] -> [samples, k]"""
    if sums.shape[0] * sums.shape[1] <= min(_DENSE, _FILLED * max(1, sums.nnz)):
        return np.asarray(weighted @ sums.toarray())
    return np.asarray((sums.T @ weighted.T).T)


_FILLED = 100  # of how many numbers one is not 0, above which the zeros cost more than they are worth
_DENSE = 2**25  # numbers; above that a table of blocks and classes is mostly zeros, and too large to write out
