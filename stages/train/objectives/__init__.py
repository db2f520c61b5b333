"""Objectives: the torch side of targets, one a file."""

from __future__ import annotations

import pyarrow as pa
import torch
from torch import Tensor

from pipeline import StageError

from ...targets import Number, OneOf, Ordered, SeveralOf, Target
from .base import Objective
from .number import StandardNumber
from .one_of import OneOfClasses
from .ordered import OrderedLevels, descending
from .said import Array, outputs_of, said
from .several_of import SeveralOfClasses


def objective_of(target: Target, training: pa.ChunkedArray) -> Objective:
    """What a target learns of the training rows. Raises StageError where there is nothing to tell apart."""
    match target:
        case OneOf():
            return OneOfClasses.learn(target, training)
        case SeveralOf():
            return SeveralOfClasses.learn(target, training)
        case Number():
            return StandardNumber.learn(target, training)
        case Ordered():
            return OrderedLevels.learn(target, training)
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


__all__ = [
    "Array", "Objective", "OneOfClasses", "OrderedLevels", "SeveralOfClasses", "StandardNumber", "balanced", "descending", "objective_of",
    "outputs_of", "said",
]  # fmt: skip
