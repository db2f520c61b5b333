"""Axis: where values stand in a drawing of intervals, in percent of its width, which is whatever the page has room for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_EDGE = 3.0  # percent left free at both ends, for the dots


@dataclass(frozen=True)
class Axis:
    """low, high: what is drawn.  zero: a value that all others are read against, with `margin` on both sides; None without one.

    factor: what ticks are written in: 100 for points of a share.
    """

    low: float
    high: float
    zero: float | None = None
    margin: float = 0.0
    factor: float = 1.0

    def at(self, value: float) -> str:
        """Where a value stands: `42.5%`; what lies outside stands at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return f"{_EDGE + (100 - 2 * _EDGE) * min(1.0, max(0.0, share)):.2f}%"

    def wide(self, low: float, high: float) -> str:
        """How far it is from one value to another."""
        return f"{float(self.at(high)[:-1]) - float(self.at(low)[:-1]):.2f}%"

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """(where, text) of round values, three to eight."""
        low, high = self.low * self.factor, self.high * self.factor
        rough = (high - low) / 5
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= 0.9 * rough)
        digits = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if round(step / power, 2) == 2.5 else 0))
        places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        return [
            (self.at(place * step / self.factor), f"{place * step:.{digits}f}".replace("-", "\N{MINUS SIGN}"))
            for place in places
        ]


def axis(values: Iterable[float | None], *, zero: float | None = None, margin: float = 0.0) -> Axis:
    """One that holds all values, and zero with its margin where there is one."""
    known = [value for value in values if value is not None]
    if zero is not None:
        known += [zero - margin, zero + margin]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - max(abs(low) * 0.05, 0.01), high + max(abs(high) * 0.05, 0.01)
    return Axis(low, high, zero, margin)


def balanced(values: Iterable[float | None], *, margin: float = 0.0, factor: float = 1.0) -> Axis:
    """One with 0 in its middle."""
    far = max([abs(value) for value in values if value is not None] + [margin]) * 1.05 or 0.01
    return Axis(-far, far, 0.0, margin, factor)
