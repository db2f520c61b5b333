"""What few rows cannot show: two models that differ on none of them may differ on the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..metrics.sample import Sample, in_parts

Sides = Sequence[Sample]  # one model, or several that differ in their seed


def steps(mine: Sides, theirs: Sides) -> dict[str, float]:
    """metric -> by how much one row that is answered otherwise moves it, of all that count rows right and wrong; the root of the mean square.

    Over classes as often as they are true: of a rare one, a row moves macro F1 far.  Rows in groups are answered together, so that a group
    is the step.  None where both sides answer the same, which leaves nothing to doubt.
    """
    first = mine[0]
    if np.array_equal(first.answers.outputs, theirs[0].answers.outputs):
        return {}
    sums = np.asarray(first.sums.sum(axis=0))
    flipped, shares = first.answers.flipped(sums)
    if not len(shares):
        return {}
    groups = len(np.unique(first.answers.groups))
    rows = len(first.answers.truth)
    size = 1.0 if groups == 1 else rows / groups
    return {
        name: float(size * np.sqrt((shares * np.square(values - first.values[name])).sum()))
        for name, values in in_parts(first.answers.of_sums, flipped).items()
        if np.isfinite(values).all()
    }


def of_steps(step: float) -> float:
    """The standard error with one more row fixed, and one more broken (Bonett and Price 2012, of shares of rows): for all that counts rows."""
    return float(np.sqrt(2) * step)


def of_ranks(name: str, mine: Sides, theirs: Sides) -> float:
    """The standard error that the influence of few rows cannot show, of an area between both; a quarter of it is not shared by them."""
    if np.array_equal(mine[0].answers.outputs, theirs[0].answers.outputs):
        return 0.0
    ranks = [one.ranks[name] for side in (mine, theirs) for one in side]
    area = float(np.mean([one.value for one in ranks]))
    return float(np.sqrt(max(one.doubt for one in ranks) * area * (1 - area) / 2))
