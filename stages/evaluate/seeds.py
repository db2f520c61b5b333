"""One model trained from several seeds: what the seed does, apart from what the choice of test rows does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from ..metrics.interval import error_of, higher_of
from ..metrics.sample import Sample


def over_seeds(samples: Sequence[Sample], members: Sequence[str]) -> dict[str, Any]:
    """The mean of each metric over the seeds, with an interval that holds of other rows and other seeds.

    sampling_sd: of the mean, over other test rows.  seed_sd: of one model, over other seeds.  The interval adds up both variances, the
    latter divided by the seeds; Student's t has as many degrees as Satterthwaite (1946) gives the sum.
    """
    metrics = {}
    for name in samples[0].values:
        values = np.array([one.values[name] for one in samples])
        told: dict[str, Any] = {"n": len(samples[0].block), "higher": higher_of(samples[0], name)}
        if not np.isfinite(values).all():
            told |= {
                "value": None,
                "low": None,
                "high": None,
                "status": "not evaluated",
                "reason": "not defined for every seed",
            }
            metrics[name] = told
            continue
        sampling, seed = sampling_sd(samples, name), float(values.std(ddof=1))
        mean, half = float(values.mean()), half_width(sampling, seed, len(values))
        told |= {"value": mean, "low": mean - half, "high": mean + half, "method": "rows and seeds, t", "status": "ok"}
        metrics[name] = told | {"sampling_sd": sampling, "seed_sd": seed}
    return {"models": list(members), "metrics": metrics}


def sampling_sd(samples: Sequence[Sample], name: str) -> float:
    """How much the mean over seeds of a metric varies with the test rows."""
    if name in samples[0].ranks:
        return error_of(np.mean([one.ranks[name].influence for one in samples], axis=0))
    return float(np.nanstd(np.mean([one.drawn[name] for one in samples], axis=0), ddof=1))


def half_width(sampling: float, seed: float, seeds: int) -> float:
    """Half the 95% interval of a mean over seeds."""
    return float(stats.t.ppf(0.975, degrees(sampling, seed, seeds)) * np.hypot(sampling, seed / np.sqrt(seeds)))


def degrees(sampling: float, seed: float, seeds: int) -> float:
    """Of Student's t, for the sum of both variances (Satterthwaite 1946)."""
    own = seed**2 / seeds
    return float((seeds - 1) * ((sampling**2 + own) / own) ** 2) if own > 0 else float("inf")
