"""Feed: batches on the device. Data lies there where it fits; else it comes pinned, one batch ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .batches import Rows
from .columns import Column

_SHARE = 0.5  # of the device's free memory that data may take; the rest is for the net and its gradients


@dataclass(frozen=True)
class Batch:
    """rows: [B] row numbers; inputs: column -> batch; truth: [B, ...]."""

    rows: Rows
    inputs: dict[str, Tensor]
    truth: Tensor

    def split(self, pieces: int) -> list[Batch]:
        """The same rows in as many batches, or in fewer where there are not so many rows."""
        size = -(-len(self.rows) // pieces)
        cuts = [slice(start, start + size) for start in range(0, len(self.rows), size)]
        return [Batch(self.rows[c], {n: some[c] for n, some in self.inputs.items()}, self.truth[c]) for c in cuts]

    def cells(self) -> int:
        """Positions of all inputs, padding included."""
        return sum(some.numel() for some in self.inputs.values())

    def shape(self) -> str:
        """In words, as for a message: 64 rows x 128."""
        axes = max((some.shape[1:] for some in self.inputs.values()), key=len)
        return " x ".join([f"{len(self.rows)} rows", *map(str, axes)])


@dataclass(frozen=True)
class Feed:
    """All rows of a table, of any split. resident: they lie on the device."""

    columns: Mapping[str, Column]
    truth: Tensor
    device: torch.device
    resident: bool

    @classmethod
    def of(cls, columns: Mapping[str, Column], truth: Tensor, device: torch.device) -> Feed:
        """Move them to the device where they fit."""
        needed = sum(column.bytes() for column in columns.values()) + truth.nbytes
        resident = device.type != "cuda" or needed < _SHARE * torch.cuda.mem_get_info(device)[0]
        if resident:
            columns, truth = {name: column.to(device) for name, column in columns.items()}, truth.to(device)
        return cls(columns, truth, device, resident)

    @property
    def lengths(self) -> np.ndarray[Any, Any]:
        """Positions of each row, of all columns together: [n]"""
        return np.asarray(np.add.reduce([column.lengths for column in self.columns.values()]))

    def all(self) -> Rows:
        """The numbers of all rows: [n]"""
        return np.arange(len(self.truth))

    def batches(self, chosen: Sequence[Rows]) -> Iterator[Batch]:
        """Each choice of rows as a batch on the device."""
        if self.resident:
            yield from map(self._gather, chosen)
            return
        with ThreadPoolExecutor(1) as ahead:
            coming = [ahead.submit(self._pinned, rows) for rows in chosen[:2]]
            for position in range(len(chosen)):
                ready = coming.pop(0).result()
                if position + 2 < len(chosen):
                    coming.append(ahead.submit(self._pinned, chosen[position + 2]))
                inputs = {name: some.to(self.device, non_blocking=True) for name, some in ready.inputs.items()}
                yield Batch(ready.rows, inputs, ready.truth.to(self.device, non_blocking=True))

    def _gather(self, rows: Rows) -> Batch:
        if not len(rows):  # a process's share of a batch with fewer rows than processes
            return Batch(rows, {}, self.truth[:0])
        where = torch.from_numpy(rows).to(self.truth.device)
        inputs = {name: column.batch(where, int(column.lengths[rows].max())) for name, column in self.columns.items()}
        return Batch(rows, inputs, self.truth[where])

    def _pinned(self, rows: Rows) -> Batch:
        batch = self._gather(rows)
        if self.device.type != "cuda":
            return batch
        return Batch(rows, {name: some.pin_memory() for name, some in batch.inputs.items()}, batch.truth.pin_memory())
