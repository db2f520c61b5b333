"""The baseline stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import SerializeAsAny, model_validator

from pipeline import Model, Stage, Table
from pipeline.digest import Json
from schemas import SplitRow

from ..targets import OneOf, Target
from .rungs import Rung


class Baseline(Stage):
    """Fit a simple model: one rung of the ladder that a net must beat.

    model: which, as its config.  target: what it says of a row, as for Train; smoothing is for nets alone.  rows: n rows with
    their split; the rung fits on those for training, may choose or calibrate on those for validation, and never looks at those
    for testing.  Returns the model.
    """

    packages: ClassVar[tuple[str, ...]] = ("scikit-learn", "numpy", "scipy", "safetensors", "pyarrow")

    model: SerializeAsAny[Rung]
    target: SerializeAsAny[Target] = OneOf()

    @model_validator(mode="after")
    def _rung_fits(self) -> Baseline:
        """The rung can say it, and does not read it."""
        if not isinstance(self.target, self.model.targets):
            rung, kind = type(self.model).__name__, type(self.target).__name__
            says = " or ".join(target.__name__ for target in self.model.targets)
            others = " or ".join(other.__name__ for other in Rung.__subclasses__() if isinstance(self.target, other.targets))
            raise ValueError(f"{rung} says {says}, not {kind}; for {kind} take {others}")
        if self.target.column in self.model.columns():
            raise ValueError(
                f"column {self.target.column!r} is the target, and among those that the rung reads; leave it out there"
            )
        return self

    def outside(self) -> Mapping[str, Json]:
        """The files that the rung starts from."""
        return self.model.outside()

    def columns_read(self) -> Mapping[str, Mapping[str, str | None]]:
        """What the rung reads, and the truth with its type."""
        return {"rows": {self.target.column: self.target.holds, **dict.fromkeys(self.model.columns())}}

    def run(self, rows: Table[SplitRow]) -> Model:
        """Raises StageError when the training rows hold fewer than two labels or numbers, or nothing that the rung could learn from."""
        from ..training_rows import training_rows

        return self.model.fit(*training_rows(rows, self.model.columns(), self.target), self.target)
