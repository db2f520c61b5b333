"""What the loops of `training.py` and `gpu.py` train on: the same rows, net and settings for all; and the clock that times them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from stages import Learned, Lstm, Max, TextNet, Train
from stages.parts.base import Input
from stages.train.columns import column_of
from stages.train.device import choose_device, choose_type
from stages.train.feed import Feed
from stages.train.objectives import Objective, objective_of

BILSTM = TextNet(embed=Learned(width=128), encode=Lstm(hidden=128), attend=Max())
Pair = tuple[Tensor, int]  # tokens of a row [L], its class


@dataclass
class Clock:
    """Seconds, and seconds of processors, from `start` to `stop`, when the device has done what it was told.

    checkpoint: what one took, of a loop that writes them.
    """

    device: torch.device
    seconds: float = 0.0
    processor: float = 0.0
    checkpoint: Clock | None = None

    def start(self) -> None:
        """Begin."""
        self.seconds, self.processor = -self._now(), -time.process_time()

    def stop(self) -> None:
        """End."""
        self.seconds += self._now()
        self.processor += time.process_time()

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


@dataclass(frozen=True)
class Work:
    """One training. parts: row numbers of "train" and "valid". vocabulary: how many tokens there are. share: of the table's rows."""

    config: Train
    objective: Objective
    feed: Feed
    parts: dict[str, Any]
    vocabulary: int
    dtype: torch.dtype
    share: float

    @classmethod
    def of(cls, config: Train, table: pa.Table, vocabulary: int, rows: int = 0) -> Work:
        """From columns split, label and tokens; of the training rows so many, drawn, and as large a share of the validation rows."""
        device, draw = choose_device(config.device), np.random.default_rng(7)  # the same rows for every seed
        split = np.asarray(table["split"].to_pylist())
        parts = {part: draw.permutation(np.flatnonzero(split == part)) for part in ("train", "valid")}
        share = min(1.0, rows / len(parts["train"])) if rows else 1.0
        parts = {part: np.sort(some[: max(1, round(share * len(some)))]) for part, some in parts.items()}
        objective = objective_of(config.target, table["label"].take(pa.array(parts["train"])))
        feed = Feed.of({"tokens": column_of("tokens", table["tokens"])}, objective.read(table["label"]), device)
        return cls(config, objective, feed, parts, vocabulary, choose_type(config.precision, device), share)

    @property
    def device(self) -> torch.device:
        """Where the net is trained."""
        return self.feed.device

    @property
    def classes(self) -> int:
        """How many there are."""
        return self.objective.width

    def with_seed(self, seed: int) -> Work:
        """The same rows, trained with another seed."""
        return replace(self, config=self.config.model_copy(update={"seed": seed}))

    def net(self) -> nn.Module:
        """With the same first weights each time."""
        torch.manual_seed(self.config.seed)
        inputs = {"tokens": Input("tokens", self.vocabulary)}
        return self.config.model.build(inputs, self.classes).to(self.device)

    def pairs(self, part: str) -> list[Pair]:
        """Rows as most scripts have them: a list of (tokens, class)."""
        return self._pairs[part]

    @cached_property
    def _pairs(self) -> dict[str, list[Pair]]:
        column, truth = self.feed.columns["tokens"], self.feed.truth.tolist()
        starts, counts, values = column.starts.tolist(), column.counts.tolist(), column.values.cpu()
        return {
            part: [(values[starts[row] : starts[row] + counts[row]].clone(), truth[row]) for row in rows.tolist()]
            for part, rows in self.parts.items()
        }
