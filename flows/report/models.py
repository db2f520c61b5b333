"""What an evaluation says of its models, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.record import in_order

from .axis import Axis, axis, balanced
from .estimates import Estimate, estimate
from .source import Source
from .verdict import Delta

_SQUARE = 30  # classes of a heat map
_PAIRS = 25
_CLASSES = 300
_MAIN = ("accuracy", "macro_f1", "micro_f1", "exact", "rmse", "mae", "log_loss")


@dataclass(frozen=True)
class Rung:
    """One model of the ladder. others: metric -> estimate, of the main ones."""

    name: str
    found: Estimate
    others: dict[str, Estimate]
    parameters: int | None
    size: int | None
    kept: bool


def ladder(now: Source, metric: str) -> Any:
    """From the simplest model: its headline metric, and the main others."""
    if not now.metrics:
        return None
    names = [name for name in now.models if name in now.metrics]
    kept = next((line.split()[1].rstrip(":") for line in now.record.keep if line.startswith("keep ")), "")
    about = now.facts.get("model") or {}
    others = [name for name in _main(now) if name != metric and any(name in now.metrics[one] for one in names)]
    rungs = [
        Rung(
            name,
            estimate(metric, now.metrics[name].get(metric)),
            {other: estimate(other, now.metrics[name].get(other)) for other in others},
            (about.get(name) or {}).get("parameters"),
            (about.get(name) or {}).get("bytes"),
            name == kept,
        )
        for name in names
    ]
    ends = [end for rung in rungs for end in (rung.found.low, rung.found.value, rung.found.high)]
    every = {name: {key: estimate(key, one) for key, one in now.metrics[name].items()} for name in names}
    columns = list(dict.fromkeys(key for found in every.values() for key in found))
    return {
        "metric": metric,
        "rungs": rungs,
        "others": others,
        "axis": axis(ends),
        "keep": now.record.keep,
        "every": every,
        "columns": columns,
    }


def _main(now: Source) -> list[str]:
    """The main metrics; where each row has one class, micro F1 is the accuracy once more."""
    alike = any("accuracy" in found for found in now.metrics.values())
    return [name for name in _MAIN if not (alike and name == "micro_f1")]


def delta_axis(one: Delta) -> Axis | None:
    """Each metric has its own: their units differ."""
    return balanced((one.delta, one.low, one.high), margin=one.margin or 0.0) if one.delta is not None else None


def per_class(now: Source, was: Source | None = None) -> Any:
    """(class, precision, recall, F1, rows) of the judged model, the weakest F1 first, with the F1 of the other models, and of the earlier run."""
    found: Mapping[str, Any] = now.details(now.model).get("classes") or {}
    if not found:
        return None
    others = [name for name in now.models if name != now.model and now.details(name).get("classes")]
    earlier: Mapping[str, Any] = (was.details(now.model).get("classes") if was else None) or {}
    lines: list[dict[str, Any]] = [
        {
            "name": name,
            "support": int(one.get("support") or 0),
            **{key: estimate(key, one.get(key)) for key in ("precision", "recall", "f1")},
            "before": estimate("f1", (earlier.get(name) or {}).get("f1")),
            "others": [estimate("f1", (now.details(other)["classes"].get(name) or {}).get("f1")) for other in others],
        }
        for name, one in found.items()
    ]
    lines.sort(key=lambda line: (line["f1"].value if line["f1"].ok else 2.0, line["name"]))
    ends = [end for line in lines for end in (line["f1"].low, line["f1"].value, line["f1"].high)]
    return {
        "lines": lines[:_CLASSES],
        "left_out": len(lines) - len(lines[:_CLASSES]),
        "others": others,
        "earlier": bool(earlier),
        "axis": axis([*ends, 0.0, 1.0]),
    }


def confusion(now: Source) -> Any:
    """The square of few classes, and the pairs that are confused most."""
    found, classes = now.details(now.model), now.classes
    square = found.get("confusion")
    pairs = found.get("confused")
    if pairs is None and square:
        pairs = [
            {"label": classes[truth], "prediction": classes[said], "n": n}
            for truth, line in enumerate(square)
            for said, n in enumerate(line)
            if truth != said and n
        ]
        pairs.sort(key=lambda pair: (-pair["n"], pair["label"], pair["prediction"]))
    if not square and not pairs:
        return None
    few = square if square and len(classes) <= _SQUARE and len(square) == len(classes) else None
    return {"square": few, "classes": classes, "pairs": (pairs or [])[:_PAIRS], "all": len(classes)}


def calibration(now: Source) -> Any:
    """The reliability of the judged model, and the errors of all that have one."""
    found = now.details(now.model).get("calibration")
    if not found:
        return None
    lines = []
    for name in now.models:
        one = now.details(name).get("calibration")
        if one:
            names = ("ece", "smooth_ece", "brier", "log_loss")
            lines.append(
                {
                    "name": name,
                    "temperature": one.get("temperature") or {},
                    **{key: estimate(key, one.get(key)) for key in names},
                }
            )
    return {"points": found.get("points") or [], "lines": lines}


def suspects(now: Source) -> Any:
    """Rows whose label several models doubt."""
    found = now.facts.get("suspects") or {}
    if not found.get("rows"):
        return None
    main = _main(now)
    metrics = {
        name: {
            key: (estimate(key, (now.metrics.get(name) or {}).get(key)), estimate(key, one))
            for key, one in told.items()
            if key in main
        }
        for name, told in in_order(found.get("metrics") or {}, now.models).items()
    }
    return {
        "n": int(found.get("n") or len(found["rows"])),
        "by": found.get("by") or [],
        "rows": found["rows"],
        "metrics": metrics,
    }


def behaviour(now: Source) -> Any:
    """(model, test, rate) of the declared tests: of the judged model, and of the others."""
    lines = [
        (name, one, estimate("rate", {**one, "value": one.get("rate"), "higher": False}))
        for name in now.models
        for one in now.details(name).get("behaviour") or ()
    ]
    if not lines:
        return None
    ends = [0.0, *(end for _, _, rate in lines for end in (rate.value, rate.high))]
    judged = [line for line in lines if line[0] == now.model]
    return {"judged": judged, "others": [line for line in lines if line[0] != now.model], "axis": axis(ends)}
