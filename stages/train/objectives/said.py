"""What a stored net says, from its scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from pipeline import StageError
from pipeline.digest import Json

from .ordered import descending

Array = np.ndarray[Any, Any]


def outputs_of(facts: Json, scores: Tensor) -> Array:
    """Probabilities [n, classes] or the number [n, 1], from scores [n, C]."""
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
