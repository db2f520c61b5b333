"""The ladder: which of the models to keep, in one plain line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..metrics.table import METRICS


def rung_to_keep(
    models: Sequence[str], headline: str, margin: float, judged: Callable[[str, str], Mapping[str, Any]]
) -> dict[str, Any]:
    """The simplest model that no later one beats: {"model", "other", "verdict", "line"}.

    models: from the simplest.  judged: the paired difference of one model from another, in the metric that judges.  A model is
    beaten where a later one is better; where they are equivalent, or too few rows tell them apart, the simpler stays.
    other: the model that the line holds against it: the headline, or where that is the one kept, the best of the others.
    """
    kept = next(
        model for place, model in enumerate(models) if not any(_beats(judged, later, model) for later in models[place + 1 :])
    )
    others = [model for model in models if model != kept]
    if not others:
        return {"model": kept, "other": None, "verdict": None, "line": f"keep {kept}: there is no other model"}
    against = {other: judged(other, kept) for other in others}
    other = headline if headline != kept else max(others, key=lambda name: _gain(against[name]))
    found = against[other]
    return {"model": kept, "other": other, "verdict": found["verdict"], "line": f"keep {kept}: {other} {_said(found, margin)}"}


def _beats(judged: Callable[[str, str], Mapping[str, Any]], model: str, other: str) -> bool:
    return bool(judged(model, other)["verdict"] == "better")


def _gain(found: Mapping[str, Any]) -> float:
    return float(found["delta"] if found["higher"] else -found["delta"])


def _said(found: Mapping[str, Any], margin: float) -> str:
    """`is worse by 1.4 points of accuracy [0.2, 2.5]`: the difference and its 95% interval, as far as it is known."""
    known, name = METRICS.get(found["metric"]), found["metric"].replace("_", " ").replace("f1", "F1")
    scale, unit, digits = (100, f"points of {name}", 1) if known and known.share else (1, f"of {found['metric']}", 3)
    delta, low, high = (scale * found[name] for name in ("delta", "low", "high"))
    if found["verdict"] in ("better", "worse"):
        size, least, most = (delta, low, high) if delta > 0 else (-delta, -high, -low)
        return f"is {found['verdict']} by {size:.{digits}f} {unit} [{least:.{digits}f}, {most:.{digits}f}]"
    interval = f"{delta:+.{digits}f} {unit} [{low:+.{digits}f}, {high:+.{digits}f}]"
    if found["verdict"] == "equivalent":
        return f"is equivalent, {interval}, within the margin of {scale * margin:.{digits}f}"
    return f"is neither shown better nor worse, {interval}"
