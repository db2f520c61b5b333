"""Selective prediction: what a model gets right where it may leave to people what it is unsure of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..metrics.shares import share, upper
from .calibration import judged

Array = np.ndarray[Any, Any]

RISKS = (0.01, 0.02, 0.05, 0.1)
ERROR = 0.05  # how often a promise on validation rows may be broken
_POINTS = 100
_TRIED = 20  # coverages


def selective(
    truth: Array, outputs: Array, groups: Array, valid: Sequence[Array] | None, risks: Sequence[float] = RISKS
) -> dict[str, Any]:
    """The curve of risk over coverage, the areas under it, and for each stated risk the threshold that keeps it.

    truth: [n] class numbers; outputs: [n, C] probabilities; groups: [n].  valid: the same three of the validation rows, the only ones that
    thresholds are fitted on; None where there are none.  A model answers where its likeliest class has at least the threshold.
    """
    confidence, right = judged(truth, outputs)
    counts, errors = _accepted(confidence, ~right)
    return {
        "curve": _curve(counts, errors),
        "aurc": aurc(counts, errors),
        "augrc": augrc(counts, errors),
        "thresholds": [_threshold(risk, confidence, right, groups, valid) for risk in risks],
    }


def aurc(counts: Array, errors: Array) -> float:
    """The mean risk over all coverages (Geifman and El-Yaniv 2019), where ties are broken at random."""
    rows = np.arange(1, counts[-1] + 1)
    return float((np.interp(rows, counts, errors) / rows).mean())


def augrc(counts: Array, errors: Array) -> float:
    """The mean over all coverages of the share of rows that are answered and wrong (Traub et al. 2024): 0 to 0.5.

    It is (1 - A) * accuracy * (1 - accuracy) + (1 - accuracy)^2 / 2, with A the AUROC of confidence for being right.
    """
    n = counts[-1]
    return float(np.trapezoid(errors / n, counts / n))


def _accepted(confidence: Array, wrong: Array) -> tuple[Array, Array]:
    """At each threshold, from the highest, how many rows are answered and how many of these are wrong; both begin with 0."""
    order = np.argsort(-confidence, kind="stable")
    ends = np.flatnonzero(np.diff(confidence[order], append=-1.0)) + 1  # rows as sure as each other are answered together
    return np.append(0, ends), np.append(0, np.cumsum(wrong[order])[ends - 1])


def _curve(counts: Array, errors: Array) -> list[dict[str, float]]:
    """At most 100 coverages; inside a tie the rows are taken in no order."""
    n = int(counts[-1])
    rows = np.unique(np.ceil(np.linspace(0, n, min(n, _POINTS) + 1)[1:]).astype(np.int64))
    risks = np.interp(rows, counts, errors) / rows
    return [{"coverage": float(row / n), "risk": float(risk)} for row, risk in zip(rows, risks, strict=True)]


def _threshold(risk: float, confidence: Array, right: Array, groups: Array, valid: Sequence[Array] | None) -> dict[str, Any]:
    """The threshold for a risk, and what it does on the test rows."""
    found: dict[str, Any] = {"risk": risk, "threshold": None, "fitted_on": "validation", "coverage": None, "realised": None}
    if valid is None or not len(valid[0]):
        return found | {"status": "not evaluated", "reason": "there are no validation rows"}
    truth, outputs, theirs = valid
    threshold, best = fit_threshold(risk, *judged(truth, outputs), theirs)
    if threshold is None:
        reason = f"{len(truth):,} validation rows promise no risk of {risk:g}: with {1 - ERROR:.0%} confidence the least is {best:.3g}"
        return found | {"status": "not evaluated", "reason": reason}
    answered = confidence >= threshold
    return found | {
        "threshold": threshold,
        "coverage": share(answered, groups),
        "realised": share(~right[answered], groups[answered]),
        "status": "ok",
    }


def fit_threshold(risk: float, confidence: Array, right: Array, groups: Array) -> tuple[float | None, float]:
    """The lowest threshold whose risk stays below `risk` with 95% confidence, None without one; and the least bound of any.

    Twenty coverages are tried, each with a twentieth of the error, so that the promise holds for the one that is chosen (Angelopoulos et
    al. 2021, Learn then Test, with Bonferroni's correction); none has to be worse than a smaller one.
    """
    order = np.argsort(-confidence, kind="stable")
    confidence, wrong, groups = confidence[order], ~right[order], groups[order]
    ends = np.flatnonzero(np.diff(confidence, append=-1.0)) + 1
    tried = ends[np.unique(np.searchsorted(ends, np.linspace(0, len(wrong), _TRIED + 1)[1:]).clip(max=len(ends) - 1))]
    bounds = [upper(wrong[:end], groups[:end], ERROR / _TRIED) for end in tried]
    kept = [int(end) for end, bound in zip(tried, bounds, strict=True) if bound <= risk]
    return (float(confidence[kept[-1] - 1]) if kept else None), min(bounds)
