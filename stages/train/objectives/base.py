"""Objective: what a target learns of the training rows, and what a net's scores cost.

n rows, B of a batch, C scores a row.
"""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from pipeline import StageError
from pipeline.digest import Json


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

    def known(self, truth: Tensor) -> Tensor:
        """Which rows have a truth that training knows: [n] bool"""

    def losses(self, scores: Tensor, truth: Tensor) -> Tensor:
        """[B, C] -> [B]"""

    def measure(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """Each metric of the target, of n rows: [n, C]"""


def class_numbers(column: pa.ChunkedArray, names: tuple[str, ...]) -> Tensor:
    """The place of each value among the names, -1 for one that is none: [n]"""
    numbers = pc.fill_null(pc.index_in(column, value_set=pa.array(names)), -1)
    return torch.from_numpy(numbers.to_numpy().astype("int64"))


def require_all(training: pa.ChunkedArray, column: str) -> None:
    """Raise StageError for rows to learn from that have no truth."""
    if training.null_count:
        raise StageError(
            f"{training.null_count:,} training rows have nothing in column {column!r}, expected a label each; "
            f"let the contract of their step refuse them"
        )
