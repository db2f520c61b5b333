"""Paired differences between two models' metrics on the same rows: interval, tests, size, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from ..evaluate.seeds import half_width
from ..metrics.corrected import holm
from ..metrics.interval import bca, error_of, higher_of
from ..metrics.sample import Sample
from .significance import ALPHA, POWER, equivalence, exact_mcnemar, permuted, two_sided, verdict

if TYPE_CHECKING:
    from .stage import Compare

Array = np.ndarray[Any, Any]
Sides = Sequence[Sample]  # one model, or several that differ in their seed


def paired(config: Compare, mine: Sides, theirs: Sides, metrics: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """metric -> before, after, delta (after - before, so that below zero is better for a loss), interval, tests and verdict.

    mine: after; theirs: before.  p_holm is p corrected for all metrics asked: it decides the verdict of each but the one that the
    config names, which was the question before anybody looked.
    """
    names = [name for name in mine[0].values if name in theirs[0].values and (metrics is None or name in metrics)]
    alone = len(mine) == len(theirs) == 1
    counted = {name for name in names if name in mine[0].ranks or _by_rows(name, mine[0])}
    p = permuted(mine[0], theirs[0], config.seed) if alone and set(names) - counted else {}
    found = {name: _difference(config, name, mine, theirs, p.get(name)) for name in names}
    told = [one for one in found.values() if one["status"] == "ok"]
    for one, corrected in zip(told, holm([one["p"] for one in told]), strict=True):
        one["p_holm"] = corrected
    for name, one in found.items():
        if one["status"] == "ok":
            decides = one["p"] if name == config.metric else one["p_holm"]
            one["verdict"] = verdict(one["low"], one["high"], decides, one["p_equivalent"], higher=one["higher"])
    return found


def _difference(config: Compare, name: str, mine: Sides, theirs: Sides, permutation: float | None) -> dict[str, Any]:
    after, before = (float(np.mean([one.values[name] for one in side])) for side in (mine, theirs))
    told: dict[str, Any] = {"n": len(mine[0].block), "higher": higher_of(mine[0], name), "margin": config.margin}
    count = int(np.count_nonzero(mine[0].rows))  # blocks that hold any of these rows, of a slice fewer than of the whole
    if not np.isfinite([before, after]).all() or count < _FEWEST:
        reason = "too few groups of rows" if np.isfinite([before, after]).all() else "not defined on these rows"
        nothing = dict.fromkeys(("before", "after", "delta", "low", "high", "p", "p_holm", "p_equivalent"))
        return {**nothing, **told, "status": "not evaluated", "reason": reason, "verdict": None}
    delta = after - before
    error, (low, high), method = _spread(name, mine, theirs, delta)
    test, p = _tested(name, mine, theirs, delta, error, permutation)
    return {
        "before": before, "after": after, "delta": delta, "low": low, "high": high, "method": method,
        "test": test, "p": p, "p_holm": p, "p_equivalent": equivalence(delta, _cautious(name, mine, theirs, error), config.margin),
        "effect": delta / (error * np.sqrt(count)) if error > 0 else 0.0,
        "smallest_effect": smallest(error, 1 / len(mine[0].block) if name in mine[0].answers.shares else 0.0),
        **told, "verdict": None, "status": "ok",
    }  # fmt: skip


_FEWEST = 2  # blocks


def smallest(error: float, step: float = 0.0) -> float:
    """The smallest difference that these rows show in 80% of cases.

    step: of a metric that moves in steps, of which the exact test costs one.  Where fewer rows differ than it would take, as many must as make up
    the difference: its variance is then itself, in steps.
    """
    errors = float(stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER))
    return max(errors * error, errors**2 * step) + step


def _spread(name: str, mine: Sides, theirs: Sides, delta: float) -> tuple[float, tuple[float, float], str]:
    """The standard error of a difference, its interval, and how it was had."""
    if name in mine[0].ranks:
        influence = _mean([one.ranks[name].influence for one in mine]) - _mean([one.ranks[name].influence for one in theirs])
        sampling, method = float(np.hypot(error_of(influence), _doubt(name, mine, theirs))), "delong"
        ends = _around(delta, stats.norm.ppf(1 - ALPHA / 2) * sampling)
    else:
        drawn = _mean([one.drawn[name] for one in mine]) - _mean([one.drawn[name] for one in theirs])
        sampling, method = float(np.nanstd(drawn, ddof=1)), "paired bca"
        sides = [_mean([one.left_out[name] for one in side]) if name in side[0].left_out else None for side in (mine, theirs)]
        left_out = None if sides[0] is None or sides[1] is None else sides[0] - sides[1]
        ends = bca(delta, drawn, left_out)
        counted = _counted(name, mine, theirs) if len(mine) == len(theirs) == 1 else None
        if counted:
            around = _around(counted[0], stats.norm.ppf(1 - ALPHA / 2) * counted[1])
            ends, method = (min(ends[0], around[0]), max(ends[1], around[1])), "paired bca or bonett-price, the wider"
    if len(mine) == len(theirs) == 1:
        return sampling, ends, method
    seeds = [
        np.var([one.values[name] for one in side], ddof=1) / len(side) if len(side) > 1 else 0.0 for side in (mine, theirs)
    ]
    fewest = min(len(side) for side in (mine, theirs) if len(side) > 1)
    between = float(np.sqrt(sum(seeds) * fewest))
    return (
        float(np.hypot(sampling, np.sqrt(sum(seeds)))),
        _around(delta, half_width(sampling, between, fewest)),
        "rows and seeds, t",
    )


def _doubt(name: str, mine: Sides, theirs: Sides) -> float:
    """The standard error that the influence of few rows cannot show, of an area between both; a quarter of it is not shared by them."""
    if np.array_equal(mine[0].answers.outputs, theirs[0].answers.outputs):
        return 0.0
    ranks = [one.ranks[name] for side in (mine, theirs) for one in side]
    area = float(np.mean([one.value for one in ranks]))
    return float(np.sqrt(max(one.doubt for one in ranks) * area * (1 - area) / 2))


def _tested(name: str, mine: Sides, theirs: Sides, delta: float, error: float, permutation: float | None) -> tuple[str, float]:
    if name in mine[0].ranks and len(mine) == len(theirs) == 1:
        return "DeLong", two_sided(delta, error)
    if len(mine) == len(theirs) == 1 and _by_rows(name, mine[0]):
        return "exact McNemar", exact_mcnemar(mine[0].answers.right(), theirs[0].answers.right())
    if permutation is not None:
        return "paired permutation", permutation
    return "normal", two_sided(delta, error)


def _by_rows(name: str, found: Sample) -> bool:
    """Whether it counts rows that are right, each for itself."""
    answers = found.answers
    return name in _RIGHT & answers.shares.keys() and len(np.unique(answers.groups)) in (1, len(found.block))


_RIGHT = {"accuracy", "micro_f1", "exact"}  # shares of rows that are right


def _cautious(name: str, mine: Sides, theirs: Sides, error: float) -> float:
    """The standard error, of rows right or wrong never less than with one more of each kind (Bonett and Price 2012).

    Where few rows differ, that none of them is decided otherwise says little; where the answers are the same, there is nothing to doubt.
    """
    counted = _counted(name, mine, theirs)
    return max(error, counted[1]) if counted else error


def _counted(name: str, mine: Sides, theirs: Sides) -> tuple[float, float] | None:
    """Of rows right or wrong the difference and its standard error, with one more row of each kind (Bonett and Price 2012).

    Drawn again, rows of which none is broken never are: the bootstrap alone would be sure of them.  Groups count as one row each.
    None for what is no such share, and where the answers are the same, so that there is nothing to doubt.
    """
    if name not in _RIGHT & mine[0].answers.shares.keys() or np.array_equal(mine[0].answers.outputs, theirs[0].answers.outputs):
        return None
    a, b = mine[0].answers.right(), theirs[0].answers.right()
    groups = len(np.unique(mine[0].answers.groups))
    count = len(a) if groups == 1 else groups
    n = count + 2
    fixed, broken = (float((x & ~y).mean()) * count + 1 for x, y in ((a, b), (b, a)))
    delta = (fixed - broken) / n
    return delta, float(np.sqrt(((fixed + broken) / n - delta**2) / n))


def _mean(values: Sequence[Array]) -> Array:
    return np.asarray(np.mean(values, axis=0))


def _around(middle: float, half: float) -> tuple[float, float]:
    return float(middle - half), float(middle + half)


def compact(found: Mapping[str, Mapping[str, Any]], **named: Any) -> list[dict[str, Any]]:
    """For a record: a document a metric that was evaluated."""
    kept = ("delta", "low", "high", "n", "higher", "p", "p_holm", "smallest_effect", "verdict")
    return [
        {**named, "metric": name, "value": one["after"], "other": one["before"], **{key: one[key] for key in kept}}
        for name, one in found.items()
        if one["status"] == "ok"
    ]
