"""Columns: features of an Arrow table as tensors that share its memory, cut into padded batches.

n rows; B rows of a batch, L positions of its longest row, K characters of its longest token, W numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from pipeline import StageError

from ..parts.base import Kind


class Column(Protocol):
    """One column of features."""

    @property
    def lengths(self) -> np.ndarray[Any, Any]:
        """Positions of each row, on the CPU: [n]"""

    def batch(self, rows: Tensor, longest: int) -> Tensor:
        """The rows, padded with 0 on the right to the longest of them, which is known where lengths are: a GPU need not be asked."""

    def to(self, device: torch.device) -> Column:
        """The same on a device."""

    def bytes(self) -> int:
        """Memory that it takes."""

    def require(self, name: str, size: int) -> None:
        """Raise StageError for numbers that the input of this size does not have."""


@dataclass(frozen=True)
class Ragged:
    """Tokens: row i is values[starts[i] : starts[i] + counts[i]]."""

    values: Tensor
    starts: Tensor
    counts: Tensor
    lengths: np.ndarray[Any, Any]

    def batch(self, rows: Tensor, longest: int) -> Tensor:
        """[B] -> [B, L]"""
        return _padded(self.values, self.starts[rows].unsqueeze(1), self.counts[rows].unsqueeze(1), longest)

    def to(self, device: torch.device) -> Ragged:
        """All but the lengths, which order batches."""
        return Ragged(self.values.to(device), self.starts.to(device), self.counts.to(device), self.lengths)

    def bytes(self) -> int:
        """Of values and offsets."""
        return sum(part.nbytes for part in (self.values, self.starts, self.counts))

    def require(self, name: str, size: int) -> None:
        """size: of the vocabulary."""
        if len(self.values) and not (int(self.values.min()) >= 0 and int(self.values.max()) < size):
            raise StageError(
                f"column {name!r} holds numbers from {int(self.values.min())} to {int(self.values.max())}, the vocabulary has {size}; "
                f"wire rows and vocabulary from one Vectorize"
            )


@dataclass(frozen=True)
class Nested:
    """Characters of tokens: token j of row i is a Ragged row at tokens.starts[i] + j."""

    tokens: Ragged
    characters: Ragged

    @property
    def lengths(self) -> np.ndarray[Any, Any]:
        """Tokens of each row."""
        return self.tokens.lengths

    def batch(self, rows: Tensor, longest: int) -> Tensor:
        """[B] -> [B, L, K]"""
        counts = self.tokens.counts[rows].unsqueeze(1)  # [B, 1]
        steps = torch.arange(longest, device=counts.device)
        real = steps < counts  # [B, L]
        tokens = torch.where(real, self.tokens.starts[rows].unsqueeze(1) + steps, 0)
        sizes = (self.characters.counts[tokens] * real).unsqueeze(2)  # [B, L, 1]
        return _padded(self.characters.values, self.characters.starts[tokens].unsqueeze(2), sizes, int(sizes.max()))

    def to(self, device: torch.device) -> Nested:
        """Both levels."""
        return Nested(self.tokens.to(device), self.characters.to(device))

    def bytes(self) -> int:
        """Of both levels."""
        return self.tokens.bytes() + self.characters.bytes()

    def require(self, name: str, size: int) -> None:
        """size: of the alphabet."""
        self.characters.require(name, size)


@dataclass(frozen=True)
class Dense:
    """Numbers: as many in every row. values: [n, W]."""

    values: Tensor
    lengths: np.ndarray[Any, Any]

    def batch(self, rows: Tensor, longest: int) -> Tensor:
        """[B] -> [B, W]"""
        return self.values[rows]

    def to(self, device: torch.device) -> Dense:
        """All."""
        return Dense(self.values.to(device), self.lengths)

    def bytes(self) -> int:
        """Of the values."""
        return self.values.nbytes

    def require(self, name: str, size: int) -> None:
        """size: how many numbers a row has."""
        if self.values.shape[1] != size:
            raise StageError(
                f"column {name!r} holds {self.values.shape[1]} numbers a row, the vocabulary says {size}; "
                f"wire rows and vocabulary from one Vectorize"
            )


def column_of(kind: Kind, found: pa.ChunkedArray) -> Column:
    """A table's column as tensors. One that lies in one piece is not copied: its values are the Arrow memory itself."""
    array = found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()
    if kind == "tokens":
        return _ragged(array)
    if kind == "characters":
        tokens = _ragged(array, flat=False)
        return Nested(tokens, _ragged(array.values))
    sizes = np.diff(array.offsets.to_numpy())
    width = int(sizes[0]) if len(sizes) else 0
    if (sizes != width).any():
        raise StageError(
            f"a column of numbers has rows of {width} and of {int(sizes[sizes != width][0])}, expected as many in each"
        )
    values = from_dlpack(array.flatten()).view(len(array), width).float()
    return Dense(values, np.ones(len(array), np.int64))  # as many in every row: they take no part in what is padding


def _ragged(array: pa.ListArray, *, flat: bool = True) -> Ragged:
    offsets = array.offsets.to_numpy().astype(np.int64)
    if len(array) and not np.diff(offsets).all():
        raise StageError(
            f"row {int(np.argmin(np.diff(offsets)))} of a column of tokens is empty, expected at least one in each"
        )
    starts, counts = torch.from_numpy(offsets[:-1]), torch.from_numpy(np.diff(offsets))
    values = from_dlpack(array.values) if flat and len(array.values) else torch.zeros(0, dtype=torch.int64)
    return Ragged(values, starts, counts, counts.numpy())


def _padded(values: Tensor, starts: Tensor, counts: Tensor, longest: int) -> Tensor:
    """values[start : start + count] of each, 0 behind it. starts, counts: [..., 1]  ->  [..., longest]"""
    steps = torch.arange(longest, device=values.device)
    real = steps < counts
    return values[torch.where(real, starts + steps, 0)] * real
