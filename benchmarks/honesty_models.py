"""Simulated models whose true metrics are known: the score of a row's class is raised, all scores have noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize
from sklearn.metrics import roc_auc_score

from stages.evaluate.one_of import OneOfAnswers

Array = np.ndarray[Any, Any]
_MANY = 1_000_000  # rows that stand for the truth
_BEST = 5.0  # a signal
_SHARED = 0.5  # of the variance of two models' noise: they err on the same rows


@dataclass(frozen=True)
class Setting:
    """shares: of each class, in any unit.  signal: how far the score of the true class is raised, in standard deviations of its noise."""

    shares: tuple[float, ...]
    signal: float

    @property
    def priors(self) -> Array:
        """[classes], together 1."""
        return np.array(self.shares) / sum(self.shares)


def answers(setting: Setting, n: int, random: np.random.Generator) -> OneOfAnswers:
    """One model's answers to n rows."""
    truth = _truth(setting, n, random)
    return _answers(setting, truth, random.normal(size=(n, len(setting.shares))))


def pair(setting: Setting, better: Setting, n: int, random: np.random.Generator) -> tuple[OneOfAnswers, OneOfAnswers]:
    """Two models' answers to the same n rows; their noise is alike in part."""
    truth = _truth(setting, n, random)
    shared, *own = (random.normal(size=(n, len(setting.shares))) for _ in range(3))
    first, second = (np.sqrt(_SHARED) * shared + np.sqrt(1 - _SHARED) * one for one in own)
    return _answers(setting, truth, first), _answers(better, truth, second)


@cache
def truth_of(setting: Setting) -> dict[str, float]:
    """The true metrics: of as many rows of each class, weighted by its share, so many that chance is small beside any interval here."""
    classes = len(setting.shares)
    truth = np.repeat(np.arange(classes), _MANY // classes)
    many = _answers(setting, truth, np.random.default_rng(12345).normal(size=(len(truth), classes)))
    weights = setting.priors[truth]
    found = {name: float(value) for name, value in many.of_sums(many.columns().T @ weights).items()}
    areas = [
        roc_auc_score(truth == one, many.outputs[:, one], sample_weight=weights)
        for one in (range(classes) if classes > 2 else (1,))
    ]
    return found | {"auroc": float(np.mean(areas))}


@cache
def raised(setting: Setting, metric: str, effect: float) -> Setting | None:
    """The setting whose true metric is higher by `effect`, by bisection on the same rows; None where no model is so good."""
    wanted = truth_of(setting)[metric] + effect
    if wanted >= _metric(setting, _BEST, metric):
        return None
    found = optimize.brentq(lambda signal: _metric(setting, signal, metric) - wanted, setting.signal, _BEST, xtol=1e-3)
    return Setting(setting.shares, float(found))


def _metric(setting: Setting, signal: float, metric: str) -> float:
    return truth_of(Setting(setting.shares, round(signal, 6)))[metric]


def _truth(setting: Setting, n: int, random: np.random.Generator) -> Array:
    return random.choice(len(setting.shares), size=n, p=setting.priors)


def _answers(setting: Setting, truth: Array, scores: Array) -> OneOfAnswers:
    """Probabilities by Bayes' rule, so that a rare class is chosen as seldom as it should be. scores: noise alone, [n, classes]"""
    scores = scores.copy()
    scores[np.arange(len(truth)), truth] += setting.signal
    odds = np.exp(setting.signal * scores) * setting.priors
    classes = tuple(f"c{number}" for number in range(len(setting.shares)))
    return OneOfAnswers(truth, odds / odds.sum(axis=1, keepdims=True), np.arange(len(truth)), classes)
