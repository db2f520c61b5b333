"""One class of several: cross entropy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.digest import Json

from ...targets import OneOf
from ...training_rows import require_two_classes
from .base import class_numbers, require_all


@dataclass(frozen=True)
class OneOfClasses:
    """Cross entropy over classes. truth: [n] class numbers, -1 for a class that training never saw."""

    classes: tuple[str, ...]
    column: str
    smoothing: float

    @classmethod
    def learn(cls, target: OneOf, training: pa.ChunkedArray) -> OneOfClasses:
        """The classes of the training rows. Raises StageError for fewer than two."""
        require_all(training, target.column)
        labels = training.to_pylist()
        require_two_classes(labels)
        return cls(tuple(sorted(set(labels))), target.column, target.smoothing)

    @property
    def width(self) -> int:
        """A score a class."""
        return len(self.classes)

    @property
    def expected(self) -> float:
        """All classes alike."""
        return math.log(len(self.classes))

    @property
    def facts(self) -> Json:
        """The classes, in the order of the scores."""
        return {"target": {"kind": "one_of", "column": self.column}, "classes": list(self.classes)}

    def read(self, column: pa.ChunkedArray) -> Tensor:
        """Class numbers."""
        return class_numbers(column, self.classes)

    def known(self, truth: Tensor) -> Tensor:
        """A class that training saw."""
        return truth >= 0

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """A class that training never saw costs nothing."""
        return F.cross_entropy(scores, truth, ignore_index=-1, label_smoothing=self.smoothing, reduction="none")

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """A class that training never saw counts as wrong, and not in the loss."""
        known, chosen = truth >= 0, scores.argmax(1)
        loss = F.cross_entropy(scores[known], truth[known]) if known.any() else torch.zeros(())
        hits = torch.bincount(truth[known & (chosen == truth)], minlength=self.width).double()
        sizes = torch.bincount(truth[known], minlength=self.width) + torch.bincount(chosen, minlength=self.width)
        f1 = (2 * hits / sizes.clamp(min=1))[torch.bincount(truth[known], minlength=self.width) > 0]
        accuracy = (chosen == truth).double().mean()
        return {"loss": float(loss), "accuracy": float(accuracy), "macro_f1": float(f1.mean()) if len(f1) else 0.0}
