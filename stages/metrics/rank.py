"""Metrics of ranks: areas under curves, and what each row contributes to them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .table import AREAS

Array = np.ndarray[Any, Any]

MOST_CLASSES = 200  # each is a sort of all rows
PRIOR = 3  # groups of rows


class Ranked(NamedTuple):
    """influence: [n], what a row adds to the value, to first order; they sum to 0.  reason: why there is no value.

    doubt: variance that the influence of few rows cannot show, in units of value x (1 - value).  Four rows of a class may all rank
    highest: their influence is 0, and they prove little.  Each side of a curve, of m groups of rows, is given the variance that PRIOR more of them would have.
    """

    value: float
    influence: Array
    reason: str = ""
    doubt: float = 0.0


def ranked(truth: Array, outputs: Array, groups: Array) -> dict[str, Ranked]:
    """auroc and average_precision, each class against the others: means over the classes that some rows are of and some are not.

    truth: [n] class numbers; outputs: [n, classes]; groups: [n] numbers.  Of two classes the second alone counts: it is the positive one.  The
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
    alone = len(np.unique(groups)) in (1, n)
    values, doubts = np.zeros(2), np.zeros(2)
    influence = np.zeros((2, n))  # added up as they come: those of twenty classes and a million rows fill memory
    for c in held:
        for place, one in enumerate(_curve(truth == c, outputs[:, c], None if alone else groups)):
            values[place] += one.value / len(held)
            influence[place] += one.influence / len(held)
            doubts[place] += one.doubt / len(held) ** 2
    return {
        name: Ranked(float(values[place]), influence[place], doubt=float(doubts[place])) for place, name in enumerate(AREAS)
    }


def _not(n: int, reason: str) -> dict[str, Ranked]:
    return {name: Ranked(np.nan, np.zeros(n), reason) for name in AREAS}


def _doubt(groups: Any) -> float:
    return float(PRIOR / (groups * (groups + PRIOR)))


def _curve(positive: Array, score: Array, groups: Array | None) -> tuple[Ranked, Ranked]:
    """The areas under the ROC curve and under the steps of precision over recall, of one class. All [n]; groups: None where each row is its own."""
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
    sides = (p, q) if groups is None else [np.count_nonzero(np.bincount(groups[side])) for side in (positive, ~positive)]
    # Of the areas above a row, as of an exponential score, the variance is half of what it may be at most (Hanley and McNeil 1982).
    return (
        Ranked(area, influence, doubt=(_doubt(sides[0]) + _doubt(sides[1])) / 2),
        Ranked(average, own + np.where(positive, gained[level], -taken[level]) / p, doubt=_doubt(sides[0])),
    )
