"""Calibration: whether rows that a model is 80% sure of are right in 80 of 100 cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.fft import dct, idct
from scipy.optimize import brentq

from ..metrics.shares import share

Array = np.ndarray[Any, Any]

SMALLEST = 1e-12  # a probability of 0 for what happened would cost infinitely much
_BINS = 15  # Guo et al. 2017
_CELLS = 16_384  # of the smooth error's grid: it is off by at most 1 / (2 * cells)
_FEWEST = 30  # validation rows that a temperature is fitted on
_TEMPERATURES = (0.05, 20.0)
_AT_ONCE = 4_000_000  # probabilities that are held twice at a time


def calibration(truth: Array, outputs: Array, groups: Array, valid: Sequence[Array] | None) -> dict[str, Any]:
    """Reliability points, errors of calibration, and what one temperature would make of them.

    truth: [n] class numbers; outputs: [n, C] probabilities, rows sum to 1; groups: [n].  valid: truth and outputs of the validation
    rows (what follows is not looked at), the only ones that a temperature is fitted on; None where there are none.
    """
    confidence, right = judged(truth, outputs)
    return {
        "points": points(confidence, right, groups),
        **_errors(truth, outputs, confidence, right),
        "temperature": _temperature(truth, outputs, valid),
    }


def judged(truth: Array, outputs: Array) -> tuple[Array, Array]:
    """Of each row, how sure the model is of its choice, and whether that is right: [n], [n]"""
    return np.clip(outputs.max(axis=1), 0, 1), outputs.argmax(axis=1) == truth


def points(confidence: Array, right: Array, groups: Array) -> list[dict[str, Any]]:
    """Bins of confidence of one width, those with rows, from the lowest: mean confidence, and the share right with its interval."""
    bins = _bins(confidence)
    found = []
    for position in np.unique(bins):
        here = bins == position
        accuracy = share(right[here], groups[here])
        found.append(
            {
                "low": float(position / _BINS),
                "high": float((position + 1) / _BINS),
                "n": int(here.sum()),
                "confidence": float(confidence[here].mean()),
                "accuracy": accuracy["value"],
                "accuracy_low": accuracy["low"],
                "accuracy_high": accuracy["high"],
            }
        )
    return found


def binned_error(confidence: Array, right: Array) -> float:
    """Expected calibration error (Naeini et al. 2015): over 15 bins, the mean distance of confidence and share right, by rows."""
    residuals = np.bincount(_bins(confidence), weights=right - confidence, minlength=_BINS)
    return float(np.abs(residuals).sum() / len(right))


def smooth_error(confidence: Array, right: Array) -> float:
    """SmoothECE (Blasiok and Nakkiran 2023): residuals smoothed by a Gaussian kernel that is reflected at 0 and 1.

    The integral of |E[K(t, confidence) (right - confidence)]| over t, at the one bandwidth that equals it.  Unlike the binned error it is
    continuous, and has no number of bins to choose.  A Gaussian that is reflected without end is a factor on the cosine
    transform, so that a bandwidth costs one transform of the grid.
    """
    cell = np.minimum((confidence * _CELLS).astype(np.int64), _CELLS - 1)
    residuals = np.bincount(cell, weights=right - confidence, minlength=_CELLS) / len(right)
    waves = dct(residuals, norm="ortho")
    squares = np.square(np.pi * np.arange(_CELLS)) / 2

    def excess(width: float) -> float:
        return float(np.abs(idct(waves * np.exp(-squares * width**2), norm="ortho")).sum()) - width

    return float(brentq(excess, 0.0, 1.0, xtol=1e-7)) if excess(0.0) > 0 else 0.0


def brier(truth: Array, outputs: Array) -> float:
    """The squared distance of probabilities and truth, summed over all classes: 0 to 2 (Brier 1950)."""
    given = outputs[np.arange(len(truth)), truth]
    return float((np.einsum("ij,ij->i", outputs, outputs) - 2 * given + 1).mean())


def log_loss(truth: Array, outputs: Array) -> float:
    """The mean of -log of the probability that the truth was given."""
    return float(-np.log(np.maximum(outputs[np.arange(len(truth)), truth], SMALLEST)).mean())


def warmed(outputs: Array, temperature: float) -> Array:
    """Probabilities at another temperature: [n, C]. What was 0 stays 0.

    A softmax of logits over T is the T-th root of its probabilities, made to sum to 1 again; so no logits are needed.
    """
    powers = np.power(outputs / outputs.max(axis=1, keepdims=True), 1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(truth: Array, outputs: Array) -> float | None:
    """The temperature with the lowest log loss (Guo et al. 2017); None where the loss only falls towards one end.

    The loss is convex in 1 / T: its slope, the mean of E[log p] - log p(truth) under the warmed probabilities, is 0 once.
    """
    step = max(1, -(-outputs.size // _AT_ONCE))  # one number needs no more rows than these
    truth, outputs = truth[::step], outputs[::step]
    there = outputs[np.arange(len(truth)), truth] > 0  # what was given no chance has none at any temperature
    truth, outputs = truth[there], outputs[there]
    if not len(truth):
        return None
    logs = np.log(np.where(outputs > 0, outputs, 1))
    reached = float(logs[np.arange(len(truth)), truth].mean())

    def slope(log_temperature: float) -> float:
        return float(np.einsum("ij,ij->i", warmed(outputs, np.exp(log_temperature)), logs).mean()) - reached

    low, high = np.log(_TEMPERATURES)
    if slope(low) <= 0 or slope(high) >= 0:
        return None
    return float(np.exp(brentq(slope, low, high, xtol=1e-5)))


def _temperature(truth: Array, outputs: Array, valid: Sequence[Array] | None) -> dict[str, Any]:
    n = 0 if valid is None else len(valid[0])
    if valid is None or n < _FEWEST:
        return {"status": "not evaluated", "reason": f"{n} validation rows, expected at least {_FEWEST}"}
    value = fit_temperature(valid[0], valid[1])
    if value is None:
        low, high = _TEMPERATURES
        return {
            "status": "not evaluated",
            "reason": f"no temperature from {low:g} to {high:g} has the lowest loss on validation",
        }
    after = warmed(outputs, value)
    return {"status": "ok", "value": value, "fitted_on": "validation", "n": n, **_errors(truth, after, *judged(truth, after))}


def _errors(truth: Array, outputs: Array, confidence: Array, right: Array) -> dict[str, float]:
    return {
        "ece": binned_error(confidence, right),
        "smooth_ece": smooth_error(confidence, right),
        "brier": brier(truth, outputs),
        "log_loss": log_loss(truth, outputs),
    }


def _bins(confidence: Array) -> Array:
    return np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
