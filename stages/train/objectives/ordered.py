"""One of some levels in order: a logistic loss a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline import StageError
from pipeline.digest import Json

from ...targets import Ordered
from ...training_rows import require_two_classes
from .base import class_numbers, require_all


@dataclass(frozen=True)
class OrderedLevels:
    """K - 1 questions "above level k?", each a logistic loss. truth: [n] level numbers, -1 for a level never declared.

    above: the share of the training rows that is above each level but the last.
    """

    levels: tuple[str, ...]
    column: str
    above: tuple[float, ...]

    @classmethod
    def learn(cls, target: Ordered, training: pa.ChunkedArray) -> OrderedLevels:
        """How many training rows are above each level. Raises StageError for a level never declared, or for one level alone."""
        require_all(training, target.column)
        labels = training.to_pylist()
        unknown = sorted(set(labels) - set(target.levels), key=str)
        if unknown:
            raise StageError(
                f"column {target.column!r} holds {unknown[0]!r}, expected one of the levels {', '.join(target.levels)}"
            )
        require_two_classes(labels)
        numbers = class_numbers(training, target.levels)
        above = tuple(float((numbers > level).float().mean()) for level in range(len(target.levels) - 1))
        return cls(target.levels, target.column, above)

    @property
    def width(self) -> int:
        """A threshold between each two levels."""
        return len(self.levels) - 1

    @property
    def expected(self) -> float:
        """Scores of zero: the first threshold is passed as likely as not, each further one half as likely in odds."""
        logits = descending(torch.zeros(1, self.width))[0]
        return float((F.softplus(logits) - torch.tensor(self.above) * logits).mean())

    @property
    def facts(self) -> Json:
        """The levels, from the lowest."""
        return {"target": {"kind": "ordered", "column": self.column}, "classes": list(self.levels)}

    def read(self, column: pa.ChunkedArray) -> Tensor:
        """Level numbers."""
        return class_numbers(column, self.levels)

    def known(self, truth: Tensor) -> Tensor:
        """A level that was declared."""
        return truth >= 0

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """The mean over thresholds; a level never declared costs nothing."""
        above = (truth.unsqueeze(1) > torch.arange(self.width, device=truth.device)).float()  # [B, K - 1]
        losses = F.binary_cross_entropy_with_logits(descending(scores), above, reduction="none").mean(1)
        return torch.where(truth < 0, 0.0, losses)

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """mae: in levels."""
        known, chosen = truth >= 0, (descending(scores) > 0).sum(1)
        return {
            "loss": float(self.losses(scores, truth)[known].mean()),
            "mae": float((chosen - truth)[known].abs().double().mean()),
            "accuracy": float((chosen == truth).double().mean()),
        }


def descending(scores: Tensor) -> Tensor:
    """Scores to logits that fall from threshold to threshold, so that no level has a chance below zero: [B, K - 1] -> the same."""
    falls = torch.cat([torch.zeros_like(scores[:, :1]), F.softplus(scores[:, 1:])], dim=1)
    return scores[:, :1] - falls.cumsum(1)
