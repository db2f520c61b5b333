"""Metrics by name, and their 95% intervals by the bootstrap over groups of rows (Davison & Hinkley 1997, 3.8; percentile)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .answers import Answers, Array

# Of all kinds of target: a name means the same direction wherever it is used.
HIGHER_IS_BETTER = {
    "accuracy": True, "macro_f1": True, "micro_f1": True, "exact": True, "r2": True,
    "log_loss": False, "mae": False, "rmse": False,
}  # fmt: skip


def resamples(groups: Array, count: int, seed: int) -> Iterator[Array]:
    """Row numbers of each bootstrap sample: as many groups as there are, drawn with replacement, each with all its rows.

    Rows of one file resemble each other: drawn one by one, they would make the intervals too narrow.  Where all rows are
    of one group they are drawn one by one all the same.  The samples follow from the groups and the seed alone, so that two
    models are measured on the same ones and their difference is paired.
    """
    if len(groups) and (groups == groups[0]).all():
        groups = np.arange(len(groups))
    order = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    random = np.random.default_rng((seed, len(starts)))
    for _ in range(count):
        drawn = random.integers(len(starts), size=len(starts))
        lengths = sizes[drawn]
        inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield order[np.repeat(starts[drawn], lengths) + inside]


def intervals(answers: Answers, count: int, seed: int) -> dict[str, dict[str, float]]:
    """metric -> value, low and high, the last two the 2.5% and 97.5% points over resampled groups of rows."""
    samples = [answers.metrics(rows) for rows in resamples(answers.groups, count, seed)]
    found = {}
    for metric, value in answers.metrics().items():
        low, high = np.quantile([sample[metric] for sample in samples], [0.025, 0.975])
        found[metric] = {"value": value, "low": float(low), "high": float(high)}
    return found
