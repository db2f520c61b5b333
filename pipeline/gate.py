"""Gate: what a metric must show before a run may become champion; its outcome."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, field_validator

from .errors import bounded
from .frozen import Frozen


class Gate(Frozen):
    """A quality gate between a model and its users: `Gate("macro_f1", margin=-0.005, slices="all")`.

    It looks at bounds, never at points.  margin: the lower end of the 95% interval of the gain over the champion, in the
    direction of better, must reach it: -0.005 lets nothing pass that may be worse by more (non-inferiority; Blackwelder
    1982).  Without a champion it is not asked.  floor: the metric's own lower bound must reach it; of a loss, its upper bound
    must not pass it.  slices: those that must hold beside the whole; one that is empty or has fewer than `min_rows` rows is not
    evaluated, and does not pass.  model: the one that the pipeline compares by, unless named.
    """

    metric: str
    margin: float | None = None
    floor: float | None = None
    slices: Literal["none", "all"] | tuple[str, ...] = "none"
    model: str = ""
    min_rows: int = Field(default=30, ge=1)

    def __init__(self, metric: str, **fields: Any) -> None:
        super().__init__(**{"metric": metric, **fields})

    @field_validator("margin", "floor")
    @classmethod
    def _finite(cls, value: float | None) -> float | None:
        if value is not None and not math.isfinite(value):
            raise ValueError(f"{value} is no bound, expected a finite number")
        return value

    def model_post_init(self, _: Any) -> None:
        """Raises ValueError for a gate that asks nothing."""
        if self.margin is None and self.floor is None:
            raise ValueError(f"Gate({self.metric!r}) asks nothing; give it a margin, a floor or both")

    def __str__(self) -> str:
        asked = [f"{name} {value:g}" for name, value in (("margin", self.margin), ("floor", self.floor)) if value is not None]
        return f"{self.metric}{f' of {self.model}' if self.model else ''}: {', '.join(asked)}"


class GateOutcome(Frozen):
    """What became of a gate on all rows, or on one slice.

    bound: the end of the interval that decided, in the unit of the metric and, of a margin, in the direction of better; None where
    there was none.  required: what it had to reach or, of the ceiling of a loss, not to pass, as `direction` says; a record of an
    earlier version does not.
    """

    gate: str
    metric: str
    model: str
    slice: str = ""
    n: int = 0
    bound: float | None = None
    required: float
    direction: Literal["at least", "at most", ""] = ""
    status: Literal["passed", "failed", "not evaluated"]
    reason: str = ""

    @property
    def passed(self) -> bool:
        """What was not evaluated has not passed."""
        return self.status == "passed"

    @property
    def asked(self) -> str:
        """`at least 0.65`; of the ceiling of a loss `at most 0.65`; the number alone where neither is known."""
        direction = self.direction
        if not direction and self.bound is not None:
            direction = "at least" if (self.bound >= self.required) == self.passed else "at most"
        return f"{direction} {self.required:g}".lstrip()

    def __str__(self) -> str:
        of = "".join((f" of {self.model}" if self.model else "", f" on {bounded(self.slice)}" if self.slice else ""))
        found = f"bound {self.bound:.4g}, required {self.asked}" if self.bound is not None else f"required {self.asked}"
        reason = f"; {bounded(self.reason, 200)}" if self.reason else ""
        return f"gate {self.gate!r}{of} {self.status}: {found}, {self.n:,} rows{reason}"
