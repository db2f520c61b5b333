"""Three loops over the same rows: what `training.py` times."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

from stages import Embed, Lstm, Max, TextNet, Train
from stages.train.batches import TokenRows, epoch_batches

BLOCK = 10  # batches timed at a time
CONFIG = Train(model=TextNet(embed=Embed(width=128), encode=Lstm(hidden=128), attend=Max()), batch=64)
Pair = tuple[list[int], int]  # tokens of a row, its label
Batches = Iterator[tuple[Tensor, Tensor]]  # tokens [B, L], labels [B]


def plain(pairs: Sequence[Pair], device: torch.device, timed: int) -> Batches:
    """What most scripts do. The first batches of a shuffled epoch are a random sample of it."""
    generator = torch.Generator().manual_seed(CONFIG.seed)
    loader = DataLoader(pairs, CONFIG.batch, shuffle=True, collate_fn=padded, generator=generator)
    return ((tokens.to(device), labels.to(device)) for tokens, labels in islice(loader, timed))


def by_hand(pairs: Sequence[Pair], device: torch.device, timed: int) -> Batches:
    """Sorted by length in pools of 50 batches, from the same lists."""
    order, batches = [pairs[i] for i in np.random.default_rng(CONFIG.seed).permutation(len(pairs))], []
    for start in range(0, len(order), CONFIG.batch * 50):
        pool = sorted(order[start : start + CONFIG.batch * 50], key=lambda pair: len(pair[0]))
        batches += [pool[i : i + CONFIG.batch] for i in range(0, len(pool), CONFIG.batch)]
    chosen = sample(batches, [len(batch[-1][0]) for batch in batches], timed)
    return ((tokens.to(device), labels.to(device)) for tokens, labels in map(padded, chosen))


def bucketed(column: Any, labels: Tensor, device: torch.device, timed: int) -> Batches:
    """As in stages/train/loop.py."""
    rows, labels = TokenRows.of(column, device), labels.to(device)
    lengths = rows.lengths.cpu().numpy()
    batches = epoch_batches(lengths, CONFIG.batch, CONFIG.seed, 0)
    chosen = sample(batches, [lengths[batch].max() for batch in batches], timed)
    return ((rows.batch(some), labels[some]) for some in (batch.to(device) for batch in chosen))


def padded(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """Lists, to the width of the longest."""
    rows, labels = zip(*pairs, strict=True)
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True), torch.tensor(labels)


def sample(batches: Sequence[Any], longest: Sequence[int], timed: int) -> list[Any]:
    """`timed` batches, evenly from the shortest to the longest, shuffled: their mean is the epoch's."""
    ordered = [batches[i] for i in np.argsort(longest, kind="stable")]
    chosen = [ordered[int((i + 0.5) * len(ordered) / timed)] for i in range(timed)]
    return [chosen[i] for i in np.random.default_rng(CONFIG.seed).permutation(timed)]


class Loop:
    """A net in training on a stream of batches, timed a block at a time."""

    def __init__(self, batches: Batches, vocabulary: int, classes: int, device: torch.device) -> None:
        torch.manual_seed(CONFIG.seed)
        self.batches, self.device = batches, device
        self.net = CONFIG.model.build(vocabulary, classes).to(device)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=CONFIG.rate, weight_decay=CONFIG.decay)
        self.seconds: list[float] = []
        self.sizes: list[int] = []
        self.cells, self.real = 0, torch.zeros((), dtype=torch.int64, device=device)
        for length in (128, 32):  # whatever is set up at the first use is not timed
            self.learn(
                torch.ones(CONFIG.batch, length, dtype=torch.int64, device=device),
                torch.zeros_like(self.real).repeat(CONFIG.batch),
            )

    def block(self) -> None:
        """Learn from the next batches."""
        began, done = self.now(), 0
        for tokens, labels in islice(self.batches, BLOCK):
            self.learn(tokens, labels)
            self.cells += tokens.numel()
            self.real += (tokens != 0).sum()
            done += 1
        self.seconds.append(self.now() - began)
        self.sizes.append(done)

    def learn(self, tokens: Tensor, labels: Tensor) -> None:
        """One step, as in stages/train/loop.py."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            logits = self.net(tokens)
        loss = F.cross_entropy(logits.float(), labels)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CONFIG.clip)
        self.optimizer.step()

    def now(self) -> float:
        """Seconds, when the device has done what it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def found(self, count: int) -> dict[str, float]:
        """Seconds of an epoch of `count` batches, from those timed; the share of cells that hold a token."""
        seconds, timed = sum(self.seconds), sum(self.sizes)
        blocks = [1000 * seconds / size for seconds, size in zip(self.seconds, self.sizes, strict=True)]
        return {
            "seconds": round(seconds / timed * count, 3),
            "timed": timed,
            "block_ms": round(median(blocks), 2),
            "real": round(int(self.real) / self.cells, 4),
        }
