"""A number: squared error of the standardised value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from pipeline import StageError
from pipeline.digest import Json

from ...targets import Number


@dataclass(frozen=True)
class StandardNumber:
    """Squared error of (value - mean) / deviation, of the training rows. truth: [n], NaN where there is none."""

    mean: float
    deviation: float
    column: str
    width = 1
    expected = 1.0

    @classmethod
    def learn(cls, target: Number, training: pa.ChunkedArray) -> StandardNumber:
        """Mean and deviation of the training rows. Raises StageError where all are one value, or none is finite."""
        values = pc.drop_null(training).to_numpy().astype(float)
        values = values[np.isfinite(values)]
        if not len(values) or values.std() == 0:
            shown = "no finite value" if not len(values) else f"one value alone, {values[0]:g}"
            raise StageError(f"the training rows hold {shown} in column {target.column!r}, expected at least two")
        return cls(float(values.mean()), float(values.std()), target.column)

    @property
    def facts(self) -> Json:
        """What turns a score into a value."""
        return {
            "target": {"kind": "number", "column": self.column, "mean": self.mean, "deviation": self.deviation},
            "classes": [],
        }

    def read(self, column: pa.ChunkedArray) -> Tensor:
        """Standardised; what is not finite is no value."""
        values = pc.fill_null(column.cast(pa.float64()), math.nan).to_numpy()
        values = np.where(np.isfinite(values), values, math.nan)
        return torch.from_numpy((values - self.mean) / self.deviation).float()

    def known(self, truth: Tensor) -> Tensor:
        """A finite number."""
        return ~truth.isnan()

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """A row without a value costs nothing."""
        return torch.where(truth.isnan(), 0.0, (scores[:, 0] - truth.nan_to_num()) ** 2)

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """In the unit of the column, but the loss."""
        errors = (scores[:, 0] - truth)[~truth.isnan()].double()
        loss = float((errors**2).mean())
        return {"loss": loss, "rmse": self.deviation * math.sqrt(loss), "mae": self.deviation * float(errors.abs().mean())}
