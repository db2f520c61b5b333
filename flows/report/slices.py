"""Slices: where a model is good and where it is not, the worst bound first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .axis import axis, balanced
from .estimates import Estimate, estimate, number
from .source import Source
from .verdict import Delta

_LISTED = 200


@dataclass(frozen=True)
class Slice:
    """delta: against the earlier run, None without one.  worst: of its column."""

    name: str
    n: int
    found: Estimate
    delta: Delta | None
    worst: bool


def slices(now: Source, metric: str, facts: Mapping[str, Any]) -> Any:
    """Of the judged model by the headline metric, with the change against the earlier run."""
    details = now.details(now.model)
    given = details.get("slices")
    if not given:
        return None
    if isinstance(given, Mapping):  # as evaluations had them once
        given = [{"name": name, "n": one.get("n"), "metrics": one} for name, one in given.items()]
    moved = {one["name"]: one for one in ((facts.get("models") or {}).get(now.model) or {}).get("slices") or ()}
    worst = set((details.get("worst") or {}).values())
    found = [_slice(one, metric, moved.get(one["name"]), worst) for one in given]
    found.sort(key=lambda one: (one.found.bad_end if one.found.ok else math.inf, one.name))
    whole = estimate(metric, now.metrics.get(now.model, {}).get(metric))
    ends = [end for one in found for end in (one.found.low, one.found.value, one.found.high)]
    across = axis([*ends, whole.value], zero=whole.value)
    changes = [end for one in found if one.delta for end in (one.delta.low, one.delta.delta, one.delta.high)]
    return {
        "lines": found[:_LISTED],
        "left_out": len(found[_LISTED:]),
        "whole": whole,
        "metric": metric,
        "axis": across,
        "moved": balanced(changes) if any(end is not None for end in changes) else None,
        "unheard": sum(not one.found.ok for one in found),
    }


def _slice(one: Mapping[str, Any], metric: str, moved: Mapping[str, Any] | None, worst: set[str]) -> Slice:
    n = int(number(one.get("n")) or 0)
    found = estimate(metric, (one.get("metrics") or {}).get(metric))
    if one.get("status", "ok") != "ok":
        found = Estimate(None, n=n, higher=found.higher, reason=str(one.get("reason") or one["status"]))
    return Slice(str(one["name"]), n, found, _moved(metric, moved) if moved else None, str(one["name"]) in worst)


def _moved(metric: str, one: Mapping[str, Any]) -> Delta:
    ends: dict[str, Any] = {name: number(one.get(name)) for name in ("before", "after", "delta", "low", "high")}
    return Delta("", metric, **ends, verdict=str(one.get("verdict") or ""), reason=str(one.get("reason") or ""))


def weakest(now: Source) -> Any:
    """What the search for weak slices found."""
    return now.details(now.model).get("weakest") or None
