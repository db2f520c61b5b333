"""Numbers: moments of all values, quantiles and a histogram of a sample; times are numbers with a unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .kinds import as_floats, as_numbers, unit_of, whole_numbers

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_BINS = 24
_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_STEPS = [1 / 86_400, 1 / 1440, 1 / 144, 1 / 24, 1 / 4, 1, 2, 7, 14, 28, 91, 182, 365]  # days


class Moments:
    """Count, extremes, mean and standard deviation of all values, part by part (Chan, Golub and LeVeque, 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self.not_finite = 0
        self.low: Any = None
        self.high: Any = None
        self._mean = 0.0
        self._squares = 0.0

    def add(self, column: pa.ChunkedArray) -> None:
        """One part of the column; nulls are left out, NaN and infinities are only counted."""
        values = as_floats(column)
        finite = np.isfinite(values)
        self.not_finite += int((~finite).sum())
        values = values[finite]
        if not len(values):
            return
        if whole_numbers(column.type):  # beyond 2**53 a double would round them
            low, high = pc.min_max(as_numbers(column)).as_py().values()
        else:
            low, high = float(values.min()), float(values.max())
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        with np.errstate(over="ignore", invalid="ignore"):
            count, mean = len(values), float(values.mean())
            gap, total = mean - self._mean, self.count + len(values)
            self._squares += float(((values - mean) ** 2).sum()) + gap * gap * self.count * count / total
            self._mean += gap * count / total
        self.count = total

    @property
    def mean(self) -> float | None:
        """None where there is no value, or the sum is beyond what a double holds."""
        return self._mean if self.count and math.isfinite(self._mean) else None

    @property
    def sd(self) -> float | None:
        """Of the population the values are a sample of; None for fewer than two."""
        found = math.sqrt(self._squares / (self.count - 1)) if self.count > 1 and self._squares >= 0 else math.nan
        return found if math.isfinite(found) else None


def numbers_document(moments: Moments, sample: pa.ChunkedArray) -> dict[str, Any]:
    """min, max, mean, sd of all values; quantiles and histogram of the sample. Times are ISO strings, their sd is in days."""
    values = as_floats(sample)
    values = np.sort(values[np.isfinite(values)])
    shown = _shown(sample.type)
    document: dict[str, Any] = {"count": moments.count, "not_finite": moments.not_finite}
    if not moments.count:
        return document
    time = pa.types.is_date(sample.type) or pa.types.is_timestamp(sample.type)
    unit = _DAY[unit_of(sample.type)] if time else 1
    document |= {"min": shown(moments.low), "max": shown(moments.high)}
    document["mean"] = None if moments.mean is None else shown(moments.mean)
    document["sd"] = None if moments.sd is None else moments.sd / unit
    if len(values):
        found = np.quantile(values, LEVELS, method="inverted_cdf")
        document["quantiles"] = {str(level): shown(value) for level, value in zip(LEVELS, found, strict=True)}
        made = histogram(values, whole=whole_numbers(sample.type), day=unit if time else None)
        if made is not None:
            document["histogram"] = made | {"edges": [shown(edge) for edge in made["edges"]]}
    return document


def histogram(values: np.ndarray, *, whole: bool, day: int | None = None) -> dict[str, Any] | None:
    """`{"edges", "counts", "below", "above"}` of sorted finite values, with round edges; each bin but the last leaves its end out.

    Where 2 of 100 values would stretch it fourfold, they are counted as below and above instead.  day: a day in the unit of times.
    """
    low, high = float(values[0]), float(values[-1])
    near, far = (float(v) for v in np.quantile(values, (0.01, 0.99), method="inverted_cdf"))
    if 4 * (far - near) < high - low and near < far:
        low, high = near, far
    if not (high == low or 1e-300 < high - low < 1e300):  # edges beyond what a double holds
        return None
    step = _step(high - low, whole=whole, day=day)
    start = math.floor(low / step) * step
    edges = start + step * np.arange(math.floor((high - start) / step) + 2)
    if not whole and len(edges) > 2 and edges[-2] >= high:
        edges = edges[:-1]
    if len(edges) > 4 * _BINS or not (np.diff(edges) > 0).all():
        return None
    counts, _ = np.histogram(values, edges)
    below, above = int((values < edges[0]).sum()), int((values > edges[-1]).sum())
    return {"edges": edges.tolist(), "counts": counts.tolist(), "below": below, "above": above}


def _step(span: float, *, whole: bool, day: int | None) -> float:
    """A round width of at most 24 bins."""
    if span <= 0:
        return float(day or 1)
    if day is not None:
        wanted = span / day / _BINS
        days = next((step for step in _STEPS if step >= wanted), 365 * math.ceil(wanted / 365))
        return max(1.0, float(days * day))
    scale = 10.0 ** math.floor(math.log10(span / _BINS))
    step = next(scale * digit for digit in (1, 2, 5, 10, 20) if scale * digit >= span / _BINS)
    return max(1.0, step) if whole else step


def _shown(type_: pa.DataType) -> Any:
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        unit = unit_of(type_)
        zone = "Z" if getattr(type_, "tz", None) else ""
        precision = "D" if unit == "D" else "s"
        moment: Any = np.datetime64  # the stubs want a literal for its unit
        written: Any = np.datetime_as_string
        return lambda value: f"{written(moment(round(value), unit), unit=precision)}{zone}"
    return lambda value: int(value) if isinstance(value, int) or float(value).is_integer() else float(value)
