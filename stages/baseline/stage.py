"""The baseline stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import SerializeAsAny

from pipeline import Model, Stage, Table
from pipeline.digest import Json
from schemas import SplitRow

from .rungs import Rung


class Baseline(Stage):
    """Fit a simple model: one rung of the ladder that a net must beat.

    model: which, as its config.  rows: n rows with their split; the rung fits on those for training, may choose or calibrate
    on those for validation, and never looks at those for testing.  Returns the model.
    """

    packages: ClassVar[tuple[str, ...]] = ("scikit-learn", "numpy", "scipy", "safetensors", "pyarrow")

    model: SerializeAsAny[Rung]

    def outside(self) -> Mapping[str, Json]:
        """The files that the rung starts from."""
        return self.model.outside()

    def columns_read(self) -> Mapping[str, Sequence[str]]:
        """The label, and what the rung reads."""
        return {"rows": ("label", *self.model.columns())}

    def run(self, rows: Table[SplitRow]) -> Model:
        """Raises StageError when the training rows hold fewer than two labels, or nothing that the rung could learn from."""
        from ..training_rows import training_rows

        return self.model.fit(*training_rows(rows, self.model.columns()))
