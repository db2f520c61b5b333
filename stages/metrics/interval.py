"""A metric with its 95% interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize, special, stats

from .sample import Sample
from .shares import LEVEL, share_of
from .table import METRICS

Array = np.ndarray[Any, Any]

_ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
_Z = float(stats.norm.ppf(_ENDS[1]))
_UNDEFINED = 0.05  # of the samples, above which an interval would be of other rows than these
_FAR = 30.0  # a logit
FEWEST = 2  # blocks


def intervals(found: Sample, samples: int, seed: int, minimum: int = 1) -> dict[str, dict[str, Any]]:
    """metric -> value, low, high, method, n, higher, status and, where that is `not evaluated`, its reason.

    minimum: rows below which nothing is said.
    """
    n = len(found.block)
    likely = found.answers.likely(samples, seed)
    return {name: _told(found, name, likely.get(name), n, minimum) for name in found.values}


def _told(found: Sample, name: str, likely: Array | None, n: int, minimum: int) -> dict[str, Any]:
    higher = higher_of(found, name)
    value = found.values[name]
    reason = _why_not(found, name, n, minimum)
    if reason:
        return {"value": None, "low": None, "high": None, "n": n, "higher": higher, "status": "not evaluated", "reason": reason}
    low, high, method = _interval(found, name, likely)
    return {"value": value, "low": low, "high": high, "method": method, "n": n, "higher": higher, "status": "ok"}


def higher_of(found: Sample, name: str) -> bool:
    """Whether more of a metric is better."""
    return METRICS[name].higher if name in METRICS else next(one.higher for one in found.own if one.name == name)


def _why_not(found: Sample, name: str, n: int, minimum: int) -> str:
    if n < minimum:
        return f"{n} rows, fewer than {minimum}"
    if np.count_nonzero(found.rows) < FEWEST:
        return "rows of one group alone" if n > 1 else f"{n} row{'s' if n != 1 else ''}"
    if np.isfinite(found.values[name]):
        undefined = float(np.mean(~np.isfinite(found.drawn[name]))) if name in found.drawn else 0.0
        return f"not defined on {undefined:.0%} of the samples drawn" if undefined > _UNDEFINED else ""
    return found.ranks[name].reason if name in found.ranks else "not defined on these rows"


def _interval(found: Sample, name: str, likely: Array | None) -> tuple[float, float, str]:
    value = found.values[name]
    if name in found.ranks:
        return *_of_area(value, error_of(found.ranks[name].influence), found.ranks[name].doubt), "delong, score"
    if name in found.answers.shares:
        share = share_of(found.column(found.answers.shares[name]), found.rows)
        return share["low"], share["high"], share["method"]
    low, high = bca(value, found.drawn[name], found.left_out.get(name))
    if likely is None:
        return low, high, "bca"
    ends = np.quantile(likely, _ENDS)
    return min(low, float(ends[0])), max(high, float(ends[1])), "bca or jeffreys, the wider"


def _of_area(value: float, error: float, doubt: float) -> tuple[float, float]:
    """Every area from which the one measured is less than 1.96 standard errors off, those that it would have if it were true.

    The error is DeLong's as it would be on the scale of the logit, whose interval stays within 0 and 1 (Pepe 2003, 5.2.4), and the doubt of
    few rows.  A score interval, as Wilson's is of a share: 4 of 4 rows that rank highest are not sure to go on so.
    """
    inside = value * (1 - value)

    def off(logit: float) -> float:
        area = special.expit(logit)
        spread = area * special.expit(-logit)
        scaled = error * spread / inside if inside > 0 else 0.0
        return float(_Z**2 * (scaled**2 + doubt * spread) - (value - area) ** 2)

    middle = float(special.logit(np.clip(value, 1e-9, 1 - 1e-9)))
    ends = [optimize.brentq(off, middle, end) if off(end) < 0 < off(middle) else end for end in (-_FAR, _FAR)]
    low, high = (float(special.expit(end)) for end in ends)
    return (low if value > 0 else 0.0), (high if value < 1 else 1.0)


def error_of(influence: Array) -> float:
    """The standard error of a value to which blocks add this, [blocks]."""
    held = influence[influence != 0]
    return float(np.sqrt(len(held) / max(1, len(held) - 1) * np.square(held).sum()))


def bca(value: float, drawn: Array, left_out: Array | None, ends: tuple[float, float] = _ENDS) -> tuple[float, float]:
    """The bias-corrected and accelerated bootstrap interval (Efron 1987).

    drawn: [samples], the value of each; left_out: [blocks], the value without each, for the acceleration; 0 without them.
    """
    drawn = drawn[np.isfinite(drawn)]
    below = ((drawn < value).mean() + (drawn <= value).mean()) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / len(drawn), 1 - 1 / len(drawn)))
    z = stats.norm.ppf(ends)
    points = stats.norm.cdf(bias + (bias + z) / (1 - _acceleration(left_out) * (bias + z)))
    low, high = np.quantile(drawn, points)
    return float(low), float(high)


def _acceleration(left_out: Array | None) -> float:
    if left_out is None:
        return 0.0
    kept = left_out[np.isfinite(left_out)]
    away = kept.mean() - kept if len(kept) else kept
    spread = float(np.square(away).sum()) ** 1.5
    return float((away**3).sum() / (6 * spread)) if spread > 0 else 0.0
