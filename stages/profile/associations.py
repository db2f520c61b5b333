"""Associations: how much two columns tell of each other, from 0 (nothing) to 1, whatever their types."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

MOST_COLUMNS = 20  # pairs grow with their square, and nobody reads more
MOST_LEVELS = 200  # a column with more values than this names rows rather than groups them
MEASURE = (
    "two numbers: |Spearman's rank correlation| (Spearman, 1904); a number and a category: the square root of epsilon squared, "
    "the unbiased correlation ratio of the ranks (Kelley, 1935); two categories: Cramér's V without bias (Bergsma, 2013); "
    "a text counts by its length, a time as a number; rows where either is null are left out"
)


@dataclass(frozen=True)
class Feature:
    """A column as associations see it: numbers with NaN for null, or codes of categories with -1 for null."""

    name: str
    kind: Literal["number", "category"]
    values: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Where it is not null."""
        return self.values >= 0 if self.kind == "category" else ~np.isnan(self.values)


def associations(features: Sequence[Feature], rows: int) -> dict[str, Any]:
    """`{"measure", "rows", "columns", "pairs": [{"a", "b", "value", "rows"}], "left_out"}`; the strongest pair first."""
    taken = features[:MOST_COLUMNS]
    pairs: list[dict[str, Any]] = []
    for position, a in enumerate(taken):
        for b in taken[position + 1 :]:
            both = a.known & b.known
            value = association(a, b, both)
            if value is not None:
                pairs.append({"a": a.name, "b": b.name, "value": round(value, 4), "rows": int(both.sum())})
    pairs.sort(key=lambda pair: -pair["value"])
    return {
        "measure": MEASURE,
        "rows": rows,
        "columns": [feature.name for feature in taken],
        "pairs": pairs,
        "left_out": [feature.name for feature in features[MOST_COLUMNS:]],
    }


def association(a: Feature, b: Feature, both: np.ndarray) -> float | None:
    """Of two columns on the rows where both are known; None where one of them does not vary there."""
    x, y = a.values[both], b.values[both]
    if len(x) < 3 or _constant(x) or _constant(y):
        return None
    if a.kind == b.kind == "number":
        return abs(_pearson(_ranks(x), _ranks(y)))
    if a.kind == b.kind:
        return _cramer(_codes(x), _codes(y))
    return _epsilon(_codes(x), _ranks(y)) if a.kind == "category" else _epsilon(_codes(y), _ranks(x))


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    return min(1.0, max(-1.0, float((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))))


def _epsilon(codes: np.ndarray, ranks: np.ndarray) -> float | None:
    """The square root of epsilon squared, 0 where chance explains the difference between the groups."""
    n, sizes = len(ranks), np.bincount(codes)
    if n <= len(sizes):
        return None
    sums = np.bincount(codes, weights=ranks)
    centre = ranks.mean()
    between = float((sizes * (sums / sizes - centre) ** 2).sum())
    within = float(((ranks - centre) ** 2).sum()) - between
    whole = between + within
    return math.sqrt(min(1.0, max(0.0, 1 - (within / (n - len(sizes))) / (whole / (n - 1)))))


def _cramer(x: np.ndarray, y: np.ndarray) -> float | None:
    n, rows, columns = len(x), int(x.max()) + 1, int(y.max()) + 1
    table = np.bincount(x * columns + y, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(table.sum(1), table.sum(0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    rows_, columns_ = rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)
    smaller = min(rows_, columns_) - 1
    return math.sqrt(min(1.0, phi / smaller)) if smaller > 0 else None


def _codes(values: np.ndarray) -> np.ndarray:
    """Categories from 0 without gaps."""
    return np.unique(values, return_inverse=True)[1]


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.asarray(pd.Series(values).rank(method="average"), dtype=np.float64)


def _constant(values: np.ndarray) -> bool:
    return bool((values == values[0]).all())
