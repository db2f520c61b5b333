"""Objectives: the torch side of targets. What is learnt of a column, what a net's scores cost, and what they say.

n rows, B of a batch, C scores a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline import StageError
from pipeline.digest import Json

from ..targets import Number, OneOf, Ordered, SeveralOf, Target
from ..training_rows import require_two_classes

Array = np.ndarray[Any, Any]


class Objective(Protocol):
    """What a target has learnt of the training rows."""

    @property
    def width(self) -> int:
        """Scores a row."""

    @property
    def expected(self) -> float:
        """The loss of a net that knows nothing yet."""

    @property
    def facts(self) -> Json:
        """For the stored model: its target, and the classes in the order of the scores."""

    def read(self, column: pa.ChunkedArray) -> Tensor:
        """The truth of n rows."""

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """[B, C] -> [B]"""

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """Each metric of the target, of n rows: [n, C]"""


@dataclass(frozen=True)
class OneOfClasses:
    """Cross entropy over classes. truth: [n] class numbers, -1 for a class that training never saw."""

    classes: tuple[str, ...]
    column: str
    smoothing: float

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
        return _numbers(column, self.classes)

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


@dataclass(frozen=True)
class SeveralOfClasses:
    """A logistic loss a class. truth: [n, C], 1 where a row has the class; classes that training never saw are left out."""

    classes: tuple[str, ...]
    column: str

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


@dataclass(frozen=True)
class StandardNumber:
    """Squared error of (value - mean) / deviation, of the training rows. truth: [n], NaN where there is none."""

    mean: float
    deviation: float
    column: str
    width = 1
    expected = 1.0

    @property
    def facts(self) -> Json:
        """What turns a score into a value."""
        return {
            "target": {"kind": "number", "column": self.column, "mean": self.mean, "deviation": self.deviation},
            "classes": [],
        }

    def read(self, column: pa.ChunkedArray) -> Tensor:
        """Standardised."""
        values = pc.fill_null(column.cast(pa.float64()), math.nan).to_numpy()
        return torch.from_numpy((values - self.mean) / self.deviation).float()

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """A row without a value costs nothing."""
        return torch.where(truth.isnan(), 0.0, (scores[:, 0] - truth.nan_to_num()) ** 2)

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """In the unit of the column, but the loss."""
        errors = (scores[:, 0] - truth)[~truth.isnan()].double()
        loss = float((errors**2).mean())
        return {"loss": loss, "rmse": self.deviation * math.sqrt(loss), "mae": self.deviation * float(errors.abs().mean())}


@dataclass(frozen=True)
class OrderedLevels:
    """K - 1 questions "above level k?", each a logistic loss. truth: [n] level numbers, -1 for a level never declared.

    above: the share of the training rows that is above each level but the last.
    """

    levels: tuple[str, ...]
    column: str
    above: tuple[float, ...]

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
        return _numbers(column, self.levels)

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


def objective_of(target: Target, training: pa.ChunkedArray) -> Objective:
    """What a target learns of the training rows. Raises StageError where there is nothing to tell apart."""
    match target:
        case OneOf():
            labels = training.to_pylist()
            require_two_classes(labels)
            return OneOfClasses(tuple(sorted(set(labels))), target.column, target.smoothing)
        case SeveralOf():
            names = sorted({name for row in training.to_pylist() for name in row or ()})
            require_two_classes(names)
            return SeveralOfClasses(tuple(names), target.column)
        case Ordered():
            unknown = sorted(set(training.to_pylist()) - set(target.levels), key=str)
            if unknown:
                raise StageError(
                    f"column {target.column!r} holds {unknown[0]!r}, expected one of the levels {', '.join(target.levels)}"
                )
            require_two_classes(training.to_pylist())
            numbers = _numbers(training, target.levels)
            above = tuple(float((numbers > level).float().mean()) for level in range(len(target.levels) - 1))
            return OrderedLevels(target.levels, target.column, above)
        case Number():
            values = pc.drop_null(training).to_numpy().astype(float)
            values = values[np.isfinite(values)]
            if not len(values) or values.std() == 0:
                shown = "no finite value" if not len(values) else f"one value alone, {values[0]:g}"
                raise StageError(f"the training rows hold {shown} in column {target.column!r}, expected at least two")
            return StandardNumber(float(values.mean()), float(values.std()), target.column)
    raise StageError(f"target {type(target).__name__} is unknown, expected OneOf, SeveralOf, Number or Ordered")


def balanced(truth: Tensor, objective: Objective) -> Tensor:
    """n / (C x rows of the class), as scikit-learn balances, from the class numbers of n rows: [C]

    Raises StageError for a target whose rows have no one class.
    """
    classes = len(objective.facts["classes"])
    if truth.dim() > 1 or not classes:
        raise StageError("balance is for a target of one class a row, OneOf or Ordered; set balance to none")
    counts = torch.bincount(truth[truth >= 0], minlength=classes).clamp(min=1)
    return len(truth) / (classes * counts.float())


def outputs_of(facts: Json, scores: Tensor) -> Array:
    """What a stored net says, from its scores: probabilities [n, classes], or the number [n, 1]."""
    return np.asarray(said(facts, scores.double()))


def said(facts: Json, scores: Tensor) -> Tensor:
    """The same, for as long as it is torch's: [n, C] -> [n, classes], or [n, 1]"""
    target = facts["target"]
    match target["kind"]:
        case "one_of":
            return scores.softmax(1)
        case "several_of":
            return scores.sigmoid()
        case "ordered":
            above = F.pad(descending(scores).sigmoid(), (1, 1))
            above[:, 0] = 1
            levels: Tensor = above[:, :-1] - above[:, 1:]
            return levels
        case "number":
            return scores * float(target["deviation"]) + float(target["mean"])
    raise StageError(f"target kind {target['kind']!r} is unknown, expected one_of, several_of, ordered or number")


def _numbers(column: pa.ChunkedArray, names: tuple[str, ...]) -> Tensor:
    numbers = pc.fill_null(pc.index_in(column, value_set=pa.array(names)), -1)
    return torch.from_numpy(numbers.to_numpy().astype("int64"))
