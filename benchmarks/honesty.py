"""Are intervals and verdicts what they say? Simulated models whose truth is known: coverage, false alarms, power; and what they cost.

    python benchmarks/honesty.py [--seed N] [--times 1000] [--only coverage|alarms|power|speed] [--rows 1000000]

coverage: how often the 95% interval of a metric holds its true value.  alarms: of pairs of models that are equally good, how many are called
better or worse.  power: of pairs of which one is better by the smallest effect that such a test set states, how many are called
so.  speed: an evaluation and a diff of many predictions, beside scipy.stats.bootstrap called with scikit-learn's metric function.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from honesty_models import Setting, answers, pair, raised, truth_of
from honesty_speed import speed
from result import document, print_document, tell

from stages import Compare
from stages.compare.paired import paired
from stages.evaluate.one_of import OneOfAnswers
from stages.metrics.blocks import blocks, weights
from stages.metrics.interval import intervals
from stages.metrics.sample import Sample, sample

METRICS = ("accuracy", "macro_f1", "auroc")
SETTINGS = {
    "2 classes, balanced": Setting((1, 1), 1.5),
    "2 classes, 1:50": Setting((50, 1), 2.0),
    "5 classes, balanced": Setting((1, 1, 1, 1, 1), 1.5),
    "5 classes, 1:50": Setting((50, 30, 15, 5, 1), 1.5),
}
SIZES = (200, 1000, 10_000)
OF_PAIRS = (200, 1000)
RESAMPLES = 1000
Found = dict[str, dict[str, float]]


def coverage(setting: Setting, n: int, times: int, seed: int) -> dict[str, float]:
    """metric -> the share of intervals that hold the true value; `evaluated`: of sets, how many had all metrics."""
    true, drawn = truth_of(setting), _Drawn(n)
    held: dict[str, list[bool]] = {metric: [] for metric in METRICS}
    for number in range(times):
        told = intervals(drawn.sample(answers(setting, n, np.random.default_rng((seed, n, number)))), RESAMPLES, drawn.seed)
        for metric in METRICS:
            if told[metric]["status"] == "ok":
                held[metric].append(told[metric]["low"] <= true[metric] <= told[metric]["high"])
    shares = {metric: float(np.mean(one)) for metric, one in held.items()}
    return shares | {"evaluated": min(map(len, held.values())) / times}


def called(
    setting: Setting, better: Setting, metrics: tuple[str, ...], n: int, times: int, seed: int
) -> dict[str, dict[str, float]]:
    """metric -> of pairs of models the shares that are called better, and worse, and the median of the smallest effect that is stated."""
    drawn = _Drawn(n)
    told: dict[str, list[dict[str, Any]]] = {metric: [] for metric in metrics}
    for number in range(times):
        sides = pair(setting, better, n, np.random.default_rng((seed, n, number, 1)))
        before, after = ([drawn.sample(one)] for one in sides)
        for metric in metrics:  # each the one that was asked before anybody looked
            config = Compare(model="after", baselines=("before",), metric=metric, margin=1e-9, seed=drawn.seed)
            told[metric].append(paired(config, after, before, (metric,))[metric])
    return {
        metric: {verdict: float(np.mean([one["verdict"] == verdict for one in pairs])) for verdict in ("better", "worse")}
        | {"smallest effect": float(np.median([one["smallest_effect"] for one in pairs if one["status"] == "ok"]))}
        for metric, pairs in told.items()
    }


class _Drawn:
    """The draws of n rows, the same for all simulated sets as for all runs of a pipeline."""

    def __init__(self, n: int) -> None:
        self.seed = Compare(model="any", baselines=("any",)).seed
        self.block = blocks(np.arange(n), self.seed)
        self.weights = weights(int(self.block.max()) + 1, RESAMPLES, self.seed)

    def sample(self, given: OneOfAnswers) -> Sample:
        return sample(given, self.block, self.weights)


def _settings(sizes: tuple[int, ...]) -> list[tuple[str, Setting, int]]:
    return [(f"{name}, n {n:,}", setting, n) for name, setting in SETTINGS.items() for n in sizes]


def _covered(times: int, seed: int) -> Found:
    return {name: coverage(setting, n, times, seed) for name, setting, n in _settings(SIZES)}


def _alarms(times: int, seed: int) -> tuple[Found, Found]:
    """The share of false alarms, and the smallest effects that are stated where there is none."""
    alarms, smallest = {}, {}
    for name, setting, n in _settings(OF_PAIRS):
        found = called(setting, setting, METRICS, n, times, seed)
        alarms[name] = {metric: one["better"] + one["worse"] for metric, one in found.items()}
        smallest[name] = {metric: one["smallest effect"] for metric, one in found.items()}
    return alarms, smallest


def _power(times: int, seed: int, smallest: Found) -> Found:
    """The share of better models that are called so, NaN where no model can be better by so much."""

    def detected(setting: Setting, metric: str, n: int, effect: float) -> float:
        better = raised(setting, metric, effect)
        return called(setting, better, (metric,), n, times, seed + 1)[metric]["better"] if better else float("nan")

    return {
        name: {metric: detected(setting, metric, n, smallest[name][metric]) for metric in METRICS}
        for name, setting, n in _settings(OF_PAIRS)
    }


def _tell(title: str, found: Found, asked: str) -> None:
    columns = tuple(next(iter(found.values())))
    rows = [(name, *(f"{one[column]:.3f}" for column in columns)) for name, one in found.items()]
    tell(title, [("", *columns), *rows], [asked, ""])


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1000, help="simulated sets, or pairs")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the speed part")
    parser.add_argument("--only", choices=("coverage", "alarms", "power", "speed"))
    asked = parser.parse_args()
    found: dict[str, Any] = {"seed": asked.seed, "times": asked.times}
    if asked.only in (None, "coverage"):
        found["coverage"] = _covered(asked.times, asked.seed)
        _tell("95% intervals that hold the true value", found["coverage"], "asked: 0.93 to 0.97")
    if asked.only in (None, "alarms", "power"):
        found["alarms"], found["smallest effect"] = _alarms(asked.times, asked.seed)
        _tell("equal models called better or worse", found["alarms"], "asked: at most 0.05")
    if asked.only in (None, "power"):
        found["power"] = _power(asked.times, asked.seed, found["smallest effect"])
        _tell("smallest effect stated", found["smallest effect"], "the median of the pairs before")
        _tell(
            "models better by that effect, called so",
            found["power"],
            "asked: at least 0.8; nan where no model could be better by so much, as the smallest effect then says",
        )
    if asked.only in (None, "speed"):
        found["speed"] = speed(asked.rows)
        tell(
            f"{asked.rows:,} predictions", [("", ""), *((name, f"{value:,.2f}") for name, value in found["speed"].items())], []
        )
    print_document(document("honesty", found))


if __name__ == "__main__":
    main()
