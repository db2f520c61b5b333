"""Any number of classes: a logistic loss each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.digest import Json

from ...targets import SeveralOf
from ...training_rows import require_two_classes


@dataclass(frozen=True)
class SeveralOfClasses:
    """A logistic loss a class. truth: [n, C], 1 where a row has the class; classes that training never saw are left out."""

    classes: tuple[str, ...]
    column: str

    @classmethod
    def learn(cls, target: SeveralOf, training: pa.ChunkedArray) -> SeveralOfClasses:
        """The classes that any training row has. Raises StageError for fewer than two."""
        names = sorted({name for row in training.to_pylist() for name in row or ()})
        require_two_classes(names)
        return cls(tuple(names), target.column)

    @property
    def width(self) -> int:
        """A score a class."""
        return len(self.classes)

    @property
    def expected(self) -> float:
        """Every class as likely as not."""
        return math.log(2)

    @property
    def facts(self) -> Json:
        """The classes, in the order of the scores."""
        return {"target": {"kind": "several_of", "column": self.column}, "classes": list(self.classes)}

    def read(self, column: pa.ChunkedArray) -> Tensor:
        """One column a class."""
        place = {name: number for number, name in enumerate(self.classes)}
        truth = torch.zeros(len(column), len(self.classes))
        for row, names in enumerate(column.to_pylist()):
            truth[row, [place[name] for name in names or () if name in place]] = 1
        return truth

    def known(self, truth: Tensor) -> Tensor:
        """Every row: one without a class has none."""
        return torch.ones(len(truth), dtype=torch.bool)

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """The mean over classes."""
        return F.binary_cross_entropy_with_logits(scores, truth, reduction="none").mean(1)

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """A class is said where it is likelier than not."""
        said = scores > 0
        hits, sizes = (said * truth).sum(0).double(), (said.sum(0) + truth.sum(0)).double()  # [C], [C]
        f1 = (2 * hits / sizes.clamp(min=1))[truth.sum(0) > 0]
        micro = 2 * hits.sum() / sizes.sum().clamp(min=1)
        loss = float(self.losses(scores, truth).mean())
        return {"loss": loss, "micro_f1": float(micro), "macro_f1": float(f1.mean()) if len(f1) else 0.0}
