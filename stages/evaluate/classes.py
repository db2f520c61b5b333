"""Each class by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..metrics.sample import Sample, in_parts
from ..metrics.shares import share_of
from .answers import Array

_ENDS = (0.025, 0.975)


def class_intervals(found: Sample) -> dict[str, Any]:
    """class -> precision, recall and f1 with their intervals, and support.

    Precision and recall are shares, of the rows that the class was chosen for and of those that are of it; f1 has the percentiles of
    the bootstrap.  What has no rows is `not evaluated`.
    """
    answers = found.answers
    whole = answers.per_class(np.asarray(found.sums.sum(axis=0)))
    if not whole:
        return {}
    drawn = np.concatenate([in_parts(lambda sums: {"f1": answers.per_class(sums)["f1"]}, found.drawn_sums)["f1"]])
    low, high = np.quantile(drawn, _ENDS, axis=0)
    hits, chosen, truths = (part.toarray() for part in answers.class_sums(found.sums))
    return {
        label: {
            "precision": _share(hits[:, place], chosen[:, place], "it was never chosen"),
            "recall": _share(hits[:, place], truths[:, place], "no row is of it"),
            "f1": _f1(float(whole["f1"][place]), float(low[place]), float(high[place]), int(whole["support"][place])),
            "support": int(whole["support"][place]),
        }
        for place, label in enumerate(answers.classes)
    }


def _share(hits: Array, rows: Array, reason: str) -> dict[str, Any]:
    found = share_of(hits, rows)
    return found | {"higher": True} | ({} if found["status"] == "ok" else {"reason": reason})


def _f1(value: float, low: float, high: float, support: int) -> dict[str, Any]:
    if not support:
        told = {"value": None, "low": None, "high": None, "status": "not evaluated", "reason": "no row is of it"}
        return told | {"n": 0, "higher": True}
    return {"value": value, "low": low, "high": high, "method": "percentile", "n": support, "higher": True, "status": "ok"}
