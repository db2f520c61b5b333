"""Estimates: a metric with its interval, out of facts of any age, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from stages.metrics.table import METRICS

# Where the facts do not say; of one class, and of calibration, beside what is measured of a model.
LOWER_IS_BETTER = {name for name, known in METRICS.items() if not known.higher} | {"ece", "smooth_ece", "aurc", "augrc"}
SHARES = {name for name, known in METRICS.items() if known.share} | {"precision", "recall", "f1"}
_NAMES = {"mcc": "MCC", "auroc": "AUROC", "rmse": "RMSE", "mae": "MAE", "r2": "R²", "ece": "ECE", "smooth_ece": "smooth ECE", "brier": "Brier score",
          "exact": "rows right in all", "top_3": "top 3"}  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """value, low, high: None where nothing could be measured; `reason` says why.  n: rows, 0 where the facts do not say."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    higher: bool = True
    reason: str = ""
    method: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    @property
    def bad_end(self) -> float:
        """The end of the interval that looks worst, the greater the better; infinite without one, so that it comes last."""
        end = self.low if self.higher else self.high
        if end is None:
            return math.inf
        return end if self.higher else -end


def estimate(name: str, found: object) -> Estimate:
    """Of facts {"value", "low", "high", ...}, or of a bare number."""
    if not isinstance(found, Mapping):
        return Estimate(number(found), higher=name not in LOWER_IS_BETTER)
    return Estimate(
        value=number(found.get("value")),
        low=number(found.get("low")),
        high=number(found.get("high")),
        n=int(number(found.get("n")) or 0),
        higher=bool(found.get("higher", name not in LOWER_IS_BETTER)),
        reason=str(found.get("reason") or ("" if found.get("status", "ok") == "ok" else found["status"])),
        method=str(found.get("method") or ""),
    )


def number(value: object) -> float | None:
    """A finite number, or None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def named(metric: str) -> str:
    """A metric as people call it: `macro F1`."""
    return _NAMES.get(metric) or metric.replace("_", " ").replace("f1", "F1")


def written(value: float | None) -> str:
    """`0.681`: three digits after the point, fewer of large numbers."""
    if value is None:
        return "\N{EN DASH}"
    size = abs(value)
    return f"{value:.3f}" if size < 100 else f"{value:,.1f}" if size < 100_000 else f"{value:.4g}"


def change(value: float | None) -> str:
    """`+0.012`, with a true minus; `0.000` of no change."""
    if not value:
        return written(value)
    return written(value).replace("-", "\N{MINUS SIGN}") if value < 0 else f"+{written(value)}"


def between(low: float | None, high: float | None) -> str:
    """`[0.671, 0.690]`, nothing without both."""
    return "" if low is None or high is None else f"[{written(low)}, {written(high)}]".replace("-", "\N{MINUS SIGN}")


def points(metric: str, value: float, *, signed: bool = False) -> str:
    """`1.2 points`, of a metric that is a share; any other as it is."""
    scaled = f"{100 * value:+.1f}" if metric in SHARES else f"{value:+.3f}"
    text = scaled.replace("-", "\N{MINUS SIGN}") if signed and value else scaled[1:]
    return f"{text} point{'' if text in ('1.0', '+1.0') else 's'}" if metric in SHARES else text
