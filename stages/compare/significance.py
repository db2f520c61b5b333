"""Tests of a paired difference: is there one, and is it too small to matter?"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from ..metrics.blocks import drawn
from ..metrics.sample import Sample, in_parts

Array = np.ndarray[Any, Any]
Verdict = Literal["better", "worse", "equivalent", "undecided"]

ALPHA = 0.05
POWER = 0.9  # of interval and of test, which both must show an effect whose error is larger than without it: together 80% (benchmarks/honesty.py)
_EXCHANGES = 1000


def exact_mcnemar(mine: Array, theirs: Array) -> float:
    """The exact test of McNemar (1947): of the rows that one of both answers right, is it each half of the time?

    mine, theirs: [n], whether a row is answered right; rows stand each for itself.
    """
    fixed, broken = int((mine & ~theirs).sum()), int((~mine & theirs).sum())
    if not fixed + broken:
        return 1.0
    return float(mcnemar([[0, fixed], [broken, 0]], exact=True).pvalue)


def permuted(mine: Sample, theirs: Sample, seed: int) -> dict[str, float]:
    """metric -> p of the paired permutation test: who said what is exchanged block by block, as if the models were one.

    As many exchanges as there are samples, and 1,000 at least: p counts the difference seen among them (Phipson and Smyth 2010), is
    never 0, and of some hundred would be too large for any verdict once it is corrected for all metrics.
    """
    samples, count = max(_EXCHANGES, len(mine.weights)), mine.weights.shape[1]
    moved = drawn(_signs(seed, samples, count), mine.sums - theirs.sums) / 2
    middle = np.asarray((mine.sums + theirs.sums).sum(axis=0)) / 2
    a, b = (in_parts(mine.answers.of_sums, middle + sign * moved) for sign in (1, -1))
    found = {}
    for name in a:
        seen = abs(mine.values[name] - theirs.values[name])
        extreme = np.abs(a[name] - b[name]) >= seen - 1e-12
        found[name] = float((1 + extreme.sum()) / (1 + samples))
    return found


@lru_cache(maxsize=1)  # the same for every model and slice, and 32 MB
def _signs(seed: int, samples: int, count: int) -> Array:
    return np.random.default_rng((seed, samples, count, 1)).integers(2, size=(samples, count)) * 2.0 - 1


def two_sided(delta: float, error: float, degrees: float = np.inf) -> float:
    """p of a difference that is around 0 with this standard error: normal, or Student's t of so many degrees."""
    return float(2 * stats.t.sf(abs(delta) / error, degrees)) if error > 0 else float(delta == 0)


def equivalence(delta: float, error: float, margin: float, degrees: float = np.inf) -> float:
    """p of two one-sided tests (Schuirmann 1987): of the difference lying outside +- margin."""
    if error <= 0:
        return float(abs(delta) >= margin)
    return float(max(stats.t.sf((margin + delta) / error, degrees), stats.t.sf((margin - delta) / error, degrees)))


def smallest(error: float, step: float, tests: int) -> float:
    """The smallest difference that these rows show in 80% of cases, at the level at which it is judged: of so many tests the strictest.

    step: of a metric that counts rows, by how much one moves it; the exact test costs one.  Where fewer rows differ than it would take, as
    many must as make up the difference: its variance is then itself, in steps.
    """
    errors = float(stats.norm.ppf(1 - ALPHA / tests / 2) + stats.norm.ppf(POWER))
    return max(errors * error, errors**2 * step) + step


def verdict(low: float, high: float, p: float, p_equivalent: float, *, higher: bool) -> Verdict:
    """What an interval of a difference and its tests say.

    Equivalent where the tests say that it is too small to matter, also where there is one.  Else better or worse where both the interval
    leaves out zero and p is at most 0.05; undecided where either says that it may be chance.
    """
    if p_equivalent <= ALPHA:
        return "equivalent"
    if p <= ALPHA and (low > 0 or high < 0):
        return "better" if (low > 0) == higher else "worse"
    return "undecided"
