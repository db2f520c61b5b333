"""What a few seeds can tell: an interval of each option's mean, and which options differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

_SURE = 0.95


@dataclass(frozen=True)
class Answer:
    """leader: the best mean.  rivals: options that it cannot be told from.  worse: the others.

    least: the smallest difference of two means that counts; None with one seed, which tells nothing of chance.
    """

    leader: str
    rivals: tuple[str, ...]
    worse: tuple[str, ...]
    least: float | None

    def __str__(self) -> str:
        if self.least is None:
            return f"undecided: one seed tells nothing of chance; {self.leader} came out best"
        told = f"means that differ by more than {self.least:.4f} count"
        if self.rivals:
            worse = f"; worse: {', '.join(self.worse)}" if self.worse else ""
            return f"undecided: {self.leader} came out best, not told from {', '.join(self.rivals)}{worse} ({told})"
        return f"{self.leader}: better than {', '.join(self.worse)} ({told})"


def interval(values: Sequence[float]) -> dict[str, float | None]:
    """The mean over seeds, and its 95% t interval: None with one seed."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return {"mean": mean, "low": None, "high": None}
    half = float(stats.t.ppf((1 + _SURE) / 2, n - 1) * np.std(values, ddof=1) / math.sqrt(n))
    return {"mean": mean, "low": mean - half, "high": mean + half}


def answer(found: Mapping[str, Sequence[float]], *, higher: bool = True) -> Answer:
    """Compare options that were run with the same seeds.

    A seed orders the batches of every option alike, so that seeds are blocks: what they share is taken out, and what is left over is pooled from
    all options.  A difference counts by Tukey's range (Tukey 1949), which holds for all pairs of options at once, the best one
    picked after the fact included; of two options it is the paired t test.
    """
    values = np.asarray(list(found.values()), dtype=float)  # [options, seeds]
    options, seeds = values.shape
    means = dict(zip(found, values.mean(1).tolist(), strict=True))
    leader = (max if higher else min)(means, key=lambda name: means[name])
    others = [name for name in means if name != leader]
    if seeds < 2:
        return Answer(leader, tuple(others), (), None)
    left = values - values.mean(1, keepdims=True) - values.mean(0, keepdims=True) + values.mean()
    free = (options - 1) * (seeds - 1)
    deviation = math.sqrt(float((left**2).sum()) / free)
    least = float(stats.studentized_range.ppf(_SURE, options, free)) * deviation / math.sqrt(seeds)
    rivals = tuple(name for name in others if abs(means[leader] - means[name]) <= least)
    return Answer(leader, rivals, tuple(name for name in others if name not in rivals), least)


def shown(found: Mapping[str, Any]) -> str:
    """`0.7123 (0.7050 to 0.7196)`"""
    mean = f"{found['mean']:.4f}"
    return mean if found["low"] is None else f"{mean} ({found['low']:.4f} to {found['high']:.4f})"
