"""Batches: rows of like length together, in an order that is a pure function of (seed, epoch, position)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

_POOL = 50  # batches among which rows are sorted by length: enough for little padding, few enough to stay shuffled

Rows = "np.ndarray[Any, np.dtype[np.int64]]"


@dataclass(frozen=True)
class TokenRows:
    """Token numbers of n rows without padding: row i is tokens[starts[i] : starts[i] + lengths[i]].

    All on the device that trains, so that a batch is one gather and no copy.
    """

    tokens: Tensor
    starts: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, column: Any, device: torch.device) -> TokenRows:
        """From an Arrow column of lists of int64, none empty or null."""
        column = column.combine_chunks()
        offsets = torch.from_numpy(column.offsets.to_numpy().astype(np.int64))
        tokens = torch.from_numpy(column.values.to_numpy().copy())
        return cls(tokens.to(device), offsets[:-1].to(device), offsets.diff().to(device))

    def batch(self, rows: Tensor) -> Tensor:
        """The rows as [rows, longest of them], padded with 0 on the right."""
        lengths = self.lengths[rows].unsqueeze(1)
        steps = torch.arange(int(lengths.max()), device=self.tokens.device).unsqueeze(0)
        real = steps < lengths
        return self.tokens[torch.where(real, self.starts[rows].unsqueeze(1) + steps, 0)] * real


def epoch_batches(lengths: Any, size: int, seed: int, epoch: int) -> list[Tensor]:
    """Row numbers of each training batch of an epoch: every row once, shuffled, rows of like length together.

    lengths: n integers.  Returns ceil(n / size) batches of at most `size` rows.
    """
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), size * _POOL):
        pool = order[start : start + size * _POOL]
        batches += _cut(pool[np.argsort(lengths[pool], kind="stable")], size)
    return [torch.from_numpy(batches[i]) for i in random.permutation(len(batches))]


def length_batches(lengths: Any, size: int) -> list[Tensor]:
    """Row numbers of batches to predict on: all rows by length, in order."""
    return [torch.from_numpy(rows) for rows in _cut(np.argsort(lengths, kind="stable"), size)]


def _cut(rows: Any, size: int) -> list[Any]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
