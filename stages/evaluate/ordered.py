"""One level of several in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import sparse

from pipeline import StageError
from pipeline.errors import bounded

from ..metrics.rank import Ranked
from .answers import Array, over, table_of
from .one_of import OneOfAnswers


@dataclass(frozen=True)
class OrderedAnswers(OneOfAnswers):
    """truth: [n] level numbers, from the lowest; outputs: [n, levels] probabilities, rows sum to 1."""

    main: ClassVar[tuple[str, ...]] = ("accuracy", "mae", "log_loss")
    shares: ClassVar[Mapping[str, int]] = {"accuracy": 1}

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

    def columns(self) -> sparse.csr_array:
        """1, whether it is right, distance in levels, loss: [n, 4]"""
        entries = [(0, 1), (1, self.right()), (2, np.abs(self.truth - self.chosen)), (3, self.losses)]
        return table_of(len(self.truth), entries, 4)

    def of_sums(self, sums: Array) -> dict[str, Array]:
        """mae is in levels."""
        names = ("accuracy", "mae", "log_loss")
        return {name: over(sums[..., place], sums[..., 0]) for place, name in enumerate(names, 1)}

    def per_class(self, sums: Array) -> dict[str, Array]:
        """None: a level is as far wrong as it is off."""
        return {}

    def flipped(self, sums: Array) -> tuple[Array, Array]:
        """A row by one level."""
        way = -1.0 if sums[1] > 0 else 1.0
        return (sums + np.array([0, way, -way, 0]))[None], np.ones(1)

    def ranks(self) -> dict[str, Ranked]:
        """None."""
        return {}

    def likely(self, samples: int, seed: int) -> dict[str, Array]:
        """None."""
        return {}
