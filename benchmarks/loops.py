"""The loops that `training.py` and `gpu.py` time: brickwise's own, called as the stage calls it, and two as one would write them by hand.

Each trains a net for all epochs of the config, measures the validation rows after each, and leaves the net with its best weights.
Net, rows, optimiser, rates, clipping and batch size are the same; how rows become batches is not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from loop_work import Clock, Pair, Work
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from stages.train.device import lower
from stages.train.distributed import Share
from stages.train.loop import Job, rate_at, train
from stages.train.state import State

Batches = Iterable[tuple[Tensor, Tensor]]  # tokens [B, L], classes [B]
Loop = Callable[[Work, nn.Module, Clock], None]
_POOL = 50  # batches


def brickwise(work: Work, net: nn.Module, clock: Clock) -> None:
    """stages/train/loop.py itself, with its guard and watch. Checkpoints are no part of it here: `training.py` times them by themselves."""
    scaler = torch.amp.GradScaler(work.device.type, enabled=False)
    state = State(net, optimizer(work, net), scaler)
    job = Job(
        config=work.config, objective=work.objective, feed=work.feed, rows=work.parts, weights=None, draw=None,
        dtype=work.dtype, forward=net, share=Share(),
    )  # fmt: skip
    clock.start()
    train(job, state, asked=lambda: False, keep=lambda state: None)
    clock.stop()


def plain(work: Work, net: nn.Module, clock: Clock) -> None:
    """What most scripts do: a shuffled DataLoader, each batch padded to its longest row."""
    size, generator = work.config.batch, torch.Generator().manual_seed(work.config.seed)
    loader = DataLoader(work.pairs("train"), size, shuffle=True, collate_fn=padded, generator=generator)
    valid = DataLoader(work.pairs("valid"), size, collate_fn=padded)
    _train(work, net, clock, lambda epoch: loader, len(loader), lambda: valid)


def by_hand(work: Work, net: nn.Module, clock: Clock) -> None:
    """As one who knows of padding would write it: shuffled, sorted by length in pools of 50 batches, batches shuffled."""
    pairs, size = work.pairs("train"), work.config.batch
    valid = _cut(sorted(work.pairs("valid"), key=_length), size)

    def epoch(number: int) -> Batches:
        draw = np.random.default_rng((work.config.seed, number))
        order = [pairs[i] for i in draw.permutation(len(pairs))]
        batches: list[list[Pair]] = []
        for start in range(0, len(order), size * _POOL):
            batches += _cut(sorted(order[start : start + size * _POOL], key=_length), size)
        return (padded(batches[i]) for i in draw.permutation(len(batches)))

    _train(work, net, clock, epoch, -(-len(pairs) // size), lambda: map(padded, valid))


def padded(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """To the length of the longest."""
    rows, classes = zip(*pairs, strict=True)
    return pad_sequence(list(rows), batch_first=True), torch.tensor(classes)


def optimizer(work: Work, net: nn.Module) -> torch.optim.Optimizer:
    """The same for all loops."""
    return torch.optim.AdamW(net.parameters(), lr=work.config.rate, weight_decay=work.config.decay, fused=True)


def _train(
    work: Work, net: nn.Module, clock: Clock, epoch_of: Callable[[int], Batches], count: int, valid_of: Callable[[], Batches]
) -> None:
    config, device, opt = work.config, work.device, optimizer(work, net)
    schedule = LambdaLR(opt, lambda step: rate_at(step / (count * config.epochs), config.warmup, config.schedule))
    best, weights = -1.0, net.state_dict()
    clock.start()
    for number in range(config.epochs):
        net.train()
        total = torch.zeros((), device=device)
        for tokens, classes in epoch_of(number):
            tokens, classes = tokens.to(device), classes.to(device)
            with lower(device, work.dtype):
                scores = net({"tokens": tokens})  # [B, C]
            loss = F.cross_entropy(scores.float(), classes)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), config.clip)
            opt.step()
            schedule.step()
            total += loss.detach()
        accuracy = _accuracy(work, net, valid_of())
        if accuracy > best:
            best, weights = accuracy, copy.deepcopy(net.state_dict())
    clock.stop()
    net.load_state_dict(weights)


@torch.no_grad()
def _accuracy(work: Work, net: nn.Module, batches: Batches) -> float:
    net.eval()
    right, rows = torch.zeros((), dtype=torch.int64, device=work.device), 0
    for tokens, classes in batches:
        with lower(work.device, work.dtype):
            scores = net({"tokens": tokens.to(work.device)})
        right += (scores.argmax(1) == classes.to(work.device)).sum()
        rows += len(classes)
    return int(right) / rows


def _cut(pairs: Sequence[Pair], size: int) -> list[list[Pair]]:
    return [list(pairs[start : start + size]) for start in range(0, len(pairs), size)]


def _length(pair: Pair) -> int:
    return len(pair[0])


LOOPS: dict[str, Any] = {"plain": plain, "by hand": by_hand, "brickwise": brickwise}
