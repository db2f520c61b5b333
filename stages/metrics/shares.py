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
    n = len(hits)
    if not n:
        return {"value": None, "low": None, "high": None, "n": 0, "status": "not evaluated", "reason": "no rows"}
    value, rows = float(np.mean(hits)), effective(hits, groups)
    z2 = float(stats.norm.ppf((1 + LEVEL) / 2)) ** 2
    centre, half = value + z2 / (2 * rows), np.sqrt(z2 * (value * (1 - value) / rows + z2 / (4 * rows**2)))
    low, high = (centre - half) / (1 + z2 / rows), (centre + half) / (1 + z2 / rows)
    return {
        "value": value,
        "low": 0.0 if value == 0 else max(0.0, float(low)),
        "high": 1.0 if value == 1 else min(1.0, float(high)),
        "method": "wilson" if rows == n else "wilson, effective rows",
        "n": n,
        "status": "ok",
    }


def effective(hits: Array, groups: Array) -> float:
    """How many independent rows say as much as these n do: n where each is a group of its own, and never more.

    The variance of the share by groups (a cluster sandwich) over that of independent rows is the design effect (Kish 1965), and
    few groups are paid for by Student's t in place of the normal (Korn and Graubard 1998).  Where all rows are hits, or none is, groups
    cannot be seen to agree, and are taken to agree wholly.  Rows that are all of one group count one by one, as in `resamples`.
    """
    n = len(hits)
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group)
    count = len(sizes)
    if count in (1, n):
        return float(n)
    value = float(np.mean(hits))
    if value in (0.0, 1.0):
        return n**2 / float(np.square(sizes).sum())
    residuals = np.bincount(group, weights=np.asarray(hits) - value)
    variance = count / (count - 1) * float(np.square(residuals).sum()) / n**2
    rows = value * (1 - value) / variance if variance > 0 else float(n)
    few = (stats.norm.ppf((1 + LEVEL) / 2) / stats.t.ppf((1 + LEVEL) / 2, count - 1)) ** 2
    return float(min(n, max(1.0, rows * few)))


def upper(hits: Array, groups: Array, error: float) -> float:
    """What the share does not pass, with probability 1 - error: Clopper and Pearson's bound for the effective number of rows."""
    rows = effective(hits, groups)
    found = float(np.mean(hits)) * rows
    return 1.0 if found >= rows else float(stats.beta.ppf(1 - error, found + 1, rows - found))
