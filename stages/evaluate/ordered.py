"""One level of several in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline import StageError
from pipeline.errors import bounded

from .answers import Array
from .one_of import OneOfAnswers


@dataclass(frozen=True)
class OrderedAnswers(OneOfAnswers):
    """truth: [n] level numbers, from the lowest; outputs: [n, levels] probabilities, rows sum to 1."""

    @staticmethod
    def named(told: Sequence[str]) -> set[str]:
        """None beside the levels that the target lists."""
        return set()

    @staticmethod
    def read(told: Sequence[str], classes: Sequence[str]) -> Array:
        """Their numbers: [n]. Raises StageError for a text that is no level."""
        strange = sorted(set(told) - set(classes))
        if strange:
            raise StageError(
                f"{bounded(strange[0])!r} is no level, expected one of {', '.join(classes)}; add it to Ordered(levels=...)"
            )
        return OneOfAnswers.read(told, classes)

    @cached_property
    def chosen(self) -> Array:
        """The median level, that of the least expected distance (Cao et al. 2020 choose it so): [n]"""
        reached = np.cumsum(self.outputs, axis=1) >= 0.5 - 1e-9  # probabilities add up to 1 but for rounding
        return np.asarray(np.argmax(reached, axis=1))

    def metrics(self, rows: Array | slice = slice(None)) -> dict[str, float]:
        """mae is in levels."""
        truth, chosen = self.truth[rows], self.chosen[rows]
        return {
            "accuracy": float((truth == chosen).mean()),
            "mae": float(np.abs(truth - chosen).mean()),
            "log_loss": float(self.losses[rows].mean()),
        }
