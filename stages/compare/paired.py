"""Paired differences between two models' metrics on the same rows: interval, tests, size, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import stats

from ..evaluate.seeds import degrees, half_width
from ..metrics.corrected import holm
from ..metrics.interval import bca, error_of, higher_of
from ..metrics.sample import Sample
from .doubt import Sides, of_ranks, of_steps, steps
from .significance import ALPHA, equivalence, exact_mcnemar, permuted, smallest, two_sided, verdict

if TYPE_CHECKING:
    from .stage import Compare

Array = np.ndarray[Any, Any]


def paired(config: Compare, mine: Sides, theirs: Sides, metrics: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """metric -> before, after, delta (after - before, so that below zero is better for a loss), interval, tests and verdict.

    mine: after; theirs: before.  p_holm is p corrected for all metrics asked: it decides the verdict of each but the one that the
    config names, which was the question before anybody looked.
    """
    names = [name for name in mine[0].values if name in theirs[0].values and (metrics is None or name in metrics)]
    alone = len(mine) == len(theirs) == 1
    known = {name for name in names if name in mine[0].ranks or _by_rows(name, mine[0])}
    p = permuted(mine[0], theirs[0], config.seed) if alone and set(names) - known else {}
    step = steps(mine, theirs)
    found = {}
    for name in names:
        tests = 1 if name == config.metric else len(names)
        found[name] = _difference(config, name, mine, theirs, p.get(name), step.get(name, 0.0), tests)
    told = [one for one in found.values() if one["status"] == "ok"]
    for one, corrected in zip(told, holm([one["p"] for one in told]), strict=True):
        one["p_holm"] = corrected
    for name, one in found.items():
        if one["status"] == "ok":
            decides = one["p"] if name == config.metric else one["p_holm"]
            one["verdict"] = verdict(one["low"], one["high"], decides, one["p_equivalent"], higher=one["higher"])
    return found


def _difference(
    config: Compare, name: str, mine: Sides, theirs: Sides, permutation: float | None, step: float, tests: int
) -> dict[str, Any]:
    after, before = (float(np.mean([one.values[name] for one in side])) for side in (mine, theirs))
    told: dict[str, Any] = {"n": len(mine[0].block), "higher": higher_of(mine[0], name), "margin": config.margin}
    count = int(np.count_nonzero(mine[0].rows))  # blocks that hold any of these rows, of a slice fewer than of the whole
    if not np.isfinite([before, after]).all() or count < _FEWEST:
        reason = "too few groups of rows" if np.isfinite([before, after]).all() else "not defined on these rows"
        nothing = dict.fromkeys(("before", "after", "delta", "low", "high", "p", "p_holm", "p_equivalent"))
        return {**nothing, **told, "status": "not evaluated", "reason": reason, "verdict": None}
    delta = after - before
    spread = _spread(name, mine, theirs, delta, step)
    test, p = _tested(name, mine, theirs, delta, spread, permutation)
    return {
        "before": before, "after": after, "delta": delta, "low": spread.low, "high": spread.high, "method": spread.method,
        "test": test, "p": p, "p_holm": p, "p_equivalent": equivalence(delta, spread.error, config.margin, spread.degrees),
        "effect": delta / (spread.error * np.sqrt(count)) if spread.error > 0 else 0.0,
        "smallest_effect": smallest(spread.error, step, tests),
        **told, "verdict": None, "status": "ok",
    }  # fmt: skip


_FEWEST = 2  # blocks


class _Spread(NamedTuple):
    """The standard error of a difference, its interval, how it was had, and the degrees of Student's t."""

    error: float
    low: float
    high: float
    method: str
    degrees: float = np.inf


def _spread(name: str, mine: Sides, theirs: Sides, delta: float, step: float) -> _Spread:
    if name in mine[0].ranks:
        influence = _mean([one.ranks[name].influence for one in mine]) - _mean([one.ranks[name].influence for one in theirs])
        sampling = float(np.hypot(error_of(influence), of_ranks(name, mine, theirs)))
        ends, method = _around(delta, sampling), "delong"
    else:
        drawn = _mean([one.drawn[name] for one in mine]) - _mean([one.drawn[name] for one in theirs])
        sides = [_mean([one.left_out[name] for one in side]) if name in side[0].left_out else None for side in (mine, theirs)]
        left_out = None if sides[0] is None or sides[1] is None else sides[0] - sides[1]
        sampling = float(np.hypot(np.nanstd(drawn, ddof=1), of_steps(step)))
        ends, around = bca(delta, drawn, left_out), _around(delta, sampling)
        method = "paired bca, and one row more of each kind" if step else "paired bca"
        if step:  # drawn again, rows of which none is broken never are
            ends = min(ends[0], around[0]), max(ends[1], around[1])
    if len(mine) == len(theirs) == 1:
        return _Spread(sampling, *ends, method)
    seeds = [
        np.var([one.values[name] for one in side], ddof=1) / len(side) if len(side) > 1 else 0.0 for side in (mine, theirs)
    ]
    fewest = min(len(side) for side in (mine, theirs) if len(side) > 1)
    between = float(np.sqrt(sum(seeds) * fewest))
    half = half_width(sampling, between, fewest)
    return _Spread(
        float(np.hypot(sampling, np.sqrt(sum(seeds)))),
        delta - half,
        delta + half,
        "rows and seeds, t",
        degrees(sampling, between, fewest),
    )


def _tested(
    name: str, mine: Sides, theirs: Sides, delta: float, spread: _Spread, permutation: float | None
) -> tuple[str, float]:
    if len(mine) > 1 or len(theirs) > 1:
        return "rows and seeds, t", two_sided(delta, spread.error, spread.degrees)
    if name in mine[0].ranks:
        return "DeLong", two_sided(delta, spread.error)
    if _by_rows(name, mine[0]):
        return "exact McNemar", exact_mcnemar(mine[0].answers.right(), theirs[0].answers.right())
    if permutation is not None:
        return "paired permutation", permutation
    return "normal", two_sided(delta, spread.error)


def _by_rows(name: str, found: Sample) -> bool:
    """Whether it counts rows that are right, each for itself."""
    answers = found.answers
    return name in _RIGHT & answers.shares.keys() and len(np.unique(answers.groups)) in (1, len(found.block))


_RIGHT = {"accuracy", "micro_f1", "exact"}  # shares of rows that are right


def _mean(values: Sequence[Array]) -> Array:
    return np.asarray(np.mean(values, axis=0))


def _around(middle: float, error: float) -> tuple[float, float]:
    half = float(stats.norm.ppf(1 - ALPHA / 2)) * error
    return middle - half, middle + half


def compact(found: Mapping[str, Mapping[str, Any]], **named: Any) -> list[dict[str, Any]]:
    """For a record: a document a metric that was evaluated."""
    kept = ("delta", "low", "high", "n", "higher", "p", "p_holm", "smallest_effect", "verdict")
    return [
        {**named, "metric": name, "value": one["after"], "other": one["before"], **{key: one[key] for key in kept}}
        for name, one in found.items()
        if one["status"] == "ok"
    ]
