"""Two runs on the same rows: all that the diff says of their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.compare import Compared
from pipeline.digest import Json

from ..evaluate.seeds import sampling_sd
from ..metrics.corrected import holm
from .outcomes import outcomes, outcomes_table
from .paired import compact
from .pairing import FEWEST, Pairing, pairings, unlike
from .significance import verdict
from .slices import slice_names

if TYPE_CHECKING:
    from .stage import Compare


def compare_runs(config: Compare, before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
    """Models of the same name in two runs; the verdict is that of the config's model and metric, None without one.

    Raises UsageError for runs with two targets.
    """
    facts = [side["evaluation"].facts for side in (before, after)]
    details: list[dict[str, Any]] = []
    models: dict[str, Any] = {}
    tables: list[pa.Table] = []
    for name, pairing in pairings(config, before, after):
        found = pairing.differences()
        details += [{**one, "left_out": pairing.left_out} for one in compact(found, model=name)]
        models[name] = _model(config, name, pairing, found, facts)
        tables.append(outcomes_table(name, pairing))
    headline = models.get(config.model, {}).get("metrics", {}).get(config.metric, {})
    told = {
        "comparable": comparable(facts, models),
        "headline": {"model": config.model, "metric": config.metric, "margin": config.margin},
        "models": models,
    }
    return Compared(headline.get("verdict"), details, told, pa.concat_tables(tables) if tables else None)


def comparable(facts: list[Mapping[str, Any]], models: Mapping[str, Any]) -> dict[str, Json]:
    """status: yes, partly or no; reasons: why not wholly."""
    reasons = []
    if not models:
        shared = set(facts[0]["metrics"]) & set(facts[1]["metrics"])
        reasons.append(f"fewer than {FEWEST} test rows are in both runs" if shared else "no model is in both runs")
    else:
        left_out = max(one["left_out"] for one in models.values())
        if left_out:
            reasons.append(f"{left_out:,} test rows are in one run only, or have another label in the other, and are left out")
    gone, new = (sorted(set(a["metrics"]) - set(b["metrics"])) for a, b in (facts, facts[::-1]))
    reasons += [
        f"model {name!r} is in the {run} run only" for run, names in (("earlier", gone), ("later", new)) for name in names
    ]
    if facts[0]["classes"] != facts[1]["classes"]:
        changed = sorted(set(facts[0]["classes"]) ^ set(facts[1]["classes"]))
        reasons.append(f"{len(changed)} classes are known to one run only; they count as never said by the other")
    reasons += [f"metric {name!r} is defined otherwise in the two runs, and is left out" for name in unlike(facts[0], facts[1])]
    return {"status": "no" if not models else "partly" if reasons else "yes", "reasons": reasons}


def _model(
    config: Compare, name: str, pairing: Pairing, found: Mapping[str, Any], facts: list[Mapping[str, Any]]
) -> dict[str, Json]:
    suspects = {one for side in facts for one in (side.get("suspects") or {}).get("ids", ())}
    kept = pairing.without(suspects) if suspects else None
    headline = config.metric if config.metric in found else next(iter(found), "")
    return {
        "n": len(pairing.after[0].truth),
        "groups": len(np.unique(pairing.after[0].groups)),
        "left_out": pairing.left_out,
        "metrics": dict(found),
        "seeds": _seeds(pairing, headline) if len(pairing.after) > 1 else None,
        "outcomes": outcomes(pairing),
        "slices": _slices(pairing, headline, slice_names(facts[0], facts[1], name, pairing.slices)),
        "calibration": _changes([_calibration(side, name) for side in facts]),
        "size": _changes([_size(side, name) for side in facts]),
        "without_suspects": None if kept is None else _without(pairing, headline, kept),
    }


def _seeds(pairing: Pairing, metric: str) -> dict[str, Json]:
    """How much the metric varies from seed to seed, beside how much with the rows."""
    after, before = pairing.sides()
    deviations = [float(np.std([one.values[metric] for one in side], ddof=1)) for side in (before, after)]
    return {
        "metric": metric,
        "k": len(after),
        "seed_sd_before": deviations[0],
        "seed_sd_after": deviations[1],
        "sampling_sd_before": sampling_sd(before, metric),
        "sampling_sd_after": sampling_sd(after, metric),
    }


def _slices(pairing: Pairing, metric: str, names: Sequence[str]) -> list[dict[str, Json]]:
    """The headline metric slice by slice, p corrected for all of them, those first that may have lost most."""
    found: list[dict[str, Any]] = []
    for name in names:
        mask = pairing.slices.get(name)
        column, _, value = name.partition("=")
        told: dict[str, Any] = {"name": name, "column": column, "value": value, "n": 0 if mask is None else int(mask.sum())}
        measured = pairing.differences((metric,), mask).get(metric) if told["n"] >= FEWEST else None
        if measured is None:
            nothing = dict.fromkeys(("before", "after", "delta", "low", "high", "verdict"))
            reason = f"{told['n']} rows, fewer than {FEWEST}" if told["n"] < FEWEST else _AREA
            found.append({**told, **nothing, "status": "not evaluated", "reason": reason})
            continue
        found.append({**told, **{key: measured[key] for key in _KEPT if key in measured}, "reason": measured.get("reason", "")})
    told_of = [one for one in found if one["status"] == "ok"]
    for one, corrected in zip(told_of, holm([one["p"] for one in told_of]), strict=True):
        one["p_holm"] = corrected
        one["verdict"] = verdict(one["low"], one["high"], corrected, one["p_equivalent"], higher=one["higher"])
    return sorted(found, key=lambda one: (one["status"] != "ok", _least_gain(one), one["name"]))


_AREA = "an area is not measured on a part of the rows"
_KEPT = ("before", "after", "delta", "low", "high", "p", "p_equivalent", "higher", "status", "verdict")


def _least_gain(one: Mapping[str, Any]) -> float:
    if one["status"] != "ok":
        return 0.0
    return float(one["low"] if one["higher"] else -one["high"])


def _without(pairing: Pairing, metric: str, kept: np.ndarray[Any, Any]) -> dict[str, Json]:
    """status: `not evaluated`, with the reason, where the metric is an area, or not defined on these rows."""
    found = pairing.differences((metric,), kept).get(metric) or {"status": "not evaluated", "reason": _AREA}
    told = {key: found.get(key) for key in ("delta", "low", "high", "p", "verdict", "status")}
    return {"metric": metric, "n": int(kept.sum()), **told, "reason": found.get("reason", "")}


def _calibration(facts: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    found = facts.get("details", {}).get(model, {}).get("calibration") or {}
    return {name: found[name] for name in ("ece", "smooth_ece", "brier", "log_loss") if isinstance(found.get(name), float)}


def _size(facts: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    found = (facts.get("model") or {}).get(model) or {}
    return {name: found[name] for name in ("parameters", "bytes") if found.get(name) is not None}


def _changes(sides: list[Mapping[str, Any]]) -> dict[str, Json]:
    """name -> before, after and delta, of what both have."""
    before, after = sides
    return {
        name: {"before": before[name], "after": after[name], "delta": after[name] - before[name]}
        for name in after
        if name in before
    }
