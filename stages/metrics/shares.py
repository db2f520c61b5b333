"""A share of rows and its interval, where rows of one group resemble each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, Any]

LEVEL = 0.95


def share(hits: Array, groups: Array) -> dict[str, Any]:
    """Of n rows the share of hits, with Wilson's 95% interval for the effective number of rows.

    hits: [n] of 0 and 1.  groups: [n], any values; rows of one group count for less than as many rows of different ones.
    Gives value, low, high, method, n and status; with no rows, `not evaluated` and a reason.  With groups it is the interval that
    Franco et al. (2019, J. Survey Statistics and Methodology 7) found to cover best of those for clustered rows.
    """
    return share_of(*_by_group(hits, groups))


def share_of(hits: Array, rows: Array) -> dict[str, Any]:
    """The same from hits and rows of each group: [groups] both."""
    n = int(rows.sum())
    if not n:
        return {"value": None, "low": None, "high": None, "n": 0, "status": "not evaluated", "reason": "no rows"}
    value, effective = float(hits.sum() / n), effective_of(hits, rows)
    z2 = float(stats.norm.ppf((1 + LEVEL) / 2)) ** 2
    centre, half = value + z2 / (2 * effective), np.sqrt(z2 * (value * (1 - value) / effective + z2 / (4 * effective**2)))
    low, high = (centre - half) / (1 + z2 / effective), (centre + half) / (1 + z2 / effective)
    return {
        "value": value,
        "low": 0.0 if value == 0 else max(0.0, float(low)),
        "high": 1.0 if value == 1 else min(1.0, float(high)),
        "method": "wilson" if effective == n else "wilson, effective rows",
        "n": n,
        "status": "ok",
    }


def effective(hits: Array, groups: Array) -> float:
    """How many independent rows say as much as these n do: n where each is a group of its own, and never more."""
    return effective_of(*_by_group(hits, groups))


def effective_of(hits: Array, rows: Array) -> float:
    """The same from hits and rows of each group: [groups] both.

    The variance of the share by groups (a cluster sandwich) over that of independent rows is the design effect (Kish 1965), and
    few groups are paid for by Student's t in place of the normal (Korn and Graubard 1998).  Where all rows are hits, or none is, groups
    cannot be seen to agree, and are taken to agree wholly.  Rows that are all of one group count one by one, as they are drawn.
    """
    hits, rows = hits[rows > 0], rows[rows > 0]
    n, count = float(rows.sum()), len(rows)
    if count in (1, n):
        return n
    value = float(hits.sum() / n)
    if hits.sum() in (0, n):
        return n**2 / float(np.square(rows).sum())
    variance = count / (count - 1) * float(np.square(hits - value * rows).sum()) / n**2
    found = value * (1 - value) / variance if variance > 0 else n
    few = (stats.norm.ppf((1 + LEVEL) / 2) / stats.t.ppf((1 + LEVEL) / 2, count - 1)) ** 2
    return float(min(n, max(1.0, found * few)))


def _by_group(hits: Array, groups: Array) -> tuple[Array, Array]:
    _, group = np.unique(groups, return_inverse=True)
    return np.bincount(group, weights=np.asarray(hits, np.float64)), np.bincount(group)


def upper(hits: Array, groups: Array, error: float) -> float:
    """What the share does not pass, with probability 1 - error: Clopper and Pearson's bound for the effective number of rows."""
    rows = effective(hits, groups)
    found = float(np.mean(hits)) * rows
    return 1.0 if found >= rows else float(stats.beta.ppf(1 - error, found + 1, rows - found))
