"""Metrics of ranks: areas under curves, and what each row contributes to them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

MOST_CLASSES = 200  # each is a sort of all rows


class Ranked(NamedTuple):
    """influence: [n], what a row adds to the value, to first order; they sum to 0. reason: why there is no value."""

    value: float
    influence: Array
    reason: str = ""


def ranked(truth: Array, outputs: Array) -> dict[str, Ranked]:
    """auroc and average_precision, each class against the others: means over the classes that some rows are of and some are not.

    truth: [n] class numbers; outputs: [n, classes].  Of two classes the second alone counts: it is the positive one.  The
    variance of an area by the influence of its rows is that of DeLong et al. (1988) to first order, and by groups of rows that of
    Obuchowski (1997).
    """
    n, classes = outputs.shape
    if classes > MOST_CLASSES:
        return _not(n, f"there are {classes:,} classes, more than {MOST_CLASSES}")
    support = np.bincount(truth, minlength=classes)
    held = [c for c in (range(classes) if classes != 2 else (1,)) if 0 < support[c] < n]
    if not held:
        return _not(n, "the rows are all of one class")
    areas, precisions = zip(*(_curve(truth == c, outputs[:, c]) for c in held), strict=True)
    return {"auroc": _mean(areas), "average_precision": _mean(precisions)}


def _mean(found: tuple[Ranked, ...]) -> Ranked:
    return Ranked(float(np.mean([one.value for one in found])), np.mean([one.influence for one in found], axis=0))


def _not(n: int, reason: str) -> dict[str, Ranked]:
    return {name: Ranked(np.nan, np.zeros(n), reason) for name in ("auroc", "average_precision")}


def _curve(positive: Array, score: Array) -> tuple[Ranked, Ranked]:
    """The areas under the ROC curve and under the steps of precision over recall, of one class. positive: [n]; score: [n]."""
    _, level = np.unique(score, return_inverse=True)  # from the lowest
    hits = np.bincount(level, weights=positive)
    rows = np.bincount(level).astype(np.float64)
    p, q = hits.sum(), (rows - hits).sum()
    below, hits_below = np.cumsum(rows - hits), np.cumsum(hits)  # up to and with a level
    beaten = (below - (rows - hits) / 2) / q  # of a positive row: the share of the negative ones that it outranks, ties as half
    lost = 1 - (hits_below - hits / 2) / p  # of a negative row: the share of the positive ones that outrank it
    area = float((hits * beaten).sum() / p)
    influence = np.where(positive, (beaten[level] - area) / p, (lost[level] - area) / q)

    above, hits_above = rows.sum() - np.cumsum(rows) + rows, p - hits_below + hits  # at a level and over it
    precision = hits_above / above
    average = float((hits * precision).sum() / p)
    # A row at some level changes the precision at that level and at all below it.
    gained, taken = (np.cumsum(hits * share / above) for share in (1 - precision, precision))
    own = np.where(positive, (precision[level] - average) / p, 0.0)
    return Ranked(area, influence), Ranked(average, own + np.where(positive, gained[level], -taken[level]) / p)
