"""The training loop. Reads top to bottom; shapes at line end.

Where it stands is all in `State`; what a step does is a pure function of it: rows are a function of (seed, epoch, position),
dropout of (seed, step), the rate of how far the training is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline import report

from .batches import Rows, epoch_batches, length_batches
from .device import lower, seed
from .distributed import Share
from .feed import Batch, Feed
from .guard import guarded, is_memory, require_finite, require_measured
from .objectives import Objective
from .state import State
from .watch import Watch, units_awake

if TYPE_CHECKING:
    from .stage import Train

_HIGHER = {"accuracy": True, "macro_f1": True, "micro_f1": True, "loss": False, "rmse": False, "mae": False}


@dataclass(frozen=True)
class Job:
    """What a training is given and does not change.

    rows: row numbers of the training and validation split.  weights: of each class, or None.  draw: of each training row, or None.
    dtype: of the net's computation.  forward: the net, compiled or shared between processes where that is asked for.
    """

    config: Train
    objective: Objective
    feed: Feed
    rows: dict[str, Rows]
    weights: Tensor | None
    draw: np.ndarray[Any, Any] | None
    dtype: torch.dtype
    forward: nn.Module
    share: Share


def train(job: Job, state: State, asked: Callable[[], bool], keep: Callable[[State], None]) -> None:
    """Fit to the training rows; stop when the validation rows have not done better for `patience` epochs.

    asked: whether the process is to leave; then it returns after the step.  keep: writes a checkpoint.
    """
    config = job.config
    watch = Watch(state, strict=config.strict)
    lengths = job.feed.lengths[job.rows["train"]]

    while state.epoch < config.epochs and not _given_up(config, state):
        chosen = epoch_batches(lengths, config.batch, config.seed, state.epoch, tokens=config.tokens, weights=job.draw)
        chosen = [job.rows["train"][some] for some in chosen]
        coming = job.feed.batches([job.share.own(some) for some in chosen[state.position :]])

        while state.position < len(chosen):
            taken = chosen[state.position : state.position + config.accumulate]
            group = [batch for batch in islice(coming, len(taken)) if len(batch.rows)]
            count = sum(map(len, taken))
            done = (state.epoch + state.position / len(chosen)) / config.epochs
            rate = config.rate * rate_at(done, config.warmup, config.schedule)

            learnt = partial(learn, job, state, group, count, rate, asked)
            loss, norm, leave = guarded(state, group, config.smaller, learnt)
            state.total += loss * count
            state.curve.append((loss, norm, rate))
            state.position += len(taken)
            state.step += 1
            watch.step(norm)
            note = f"epoch {state.epoch + 1} of {config.epochs}"
            report(state.epoch * len(chosen) + state.position, config.epochs * len(chosen), note)
            if leave or state.step % config.checkpoint == 0 or state.position == len(chosen):
                keep(state)  # also before the validation, in which nobody asks whether to leave
            if leave:
                return

        with units_awake(state.net) as awake:
            measured = job.share.same(measure(job, state.net, "valid"))
        require_measured(state, measured)
        n = len(job.rows["train"])
        state.history.append({"epoch": state.epoch + 1, "train_loss": state.total / n, **measured})
        watch.epoch(job, awake)
        value = measured[f"valid_{metric_of(config)}"]
        if state.best is None or (value > state.best if _HIGHER[metric_of(config)] else value < state.best):
            state.remember(value)
        state.epoch, state.position, state.total = state.epoch + 1, 0, 0.0
        note = f"epoch {state.epoch}: valid {metric_of(config).replace('_', ' ')} {value:.3f}"
        report(state.epoch * len(chosen), config.epochs * len(chosen), note)

    state.net.load_state_dict(state.best_weights)


def learn(
    job: Job, state: State, group: list[Batch], count: int, rate: float, asked: Callable[[], bool]
) -> tuple[float, float, bool]:
    """One step: the mean loss of its rows before it, the norm of the gradient, and whether to leave.

    count: its rows in all processes.
    """
    seed(job.feed.device, job.config.seed, state.step, job.share.rank)
    for some in state.optimizer.param_groups:
        some["lr"] = rate
    job.forward.train()
    state.optimizer.zero_grad(set_to_none=True)
    total = state.scaler.scale(torch.zeros((), device=job.feed.device))  # a scaler of fp16 begins at its first use
    for batch in (piece for whole in group for piece in whole.split(state.pieces)):
        with lower(job.feed.device, job.dtype):
            scores = job.forward(batch.inputs)  # [B, C]
        losses = job.objective.losses(scores.float(), batch.truth)  # [B]
        if job.weights is not None:
            losses = losses * job.weights[batch.truth]
        loss = losses.sum() / count
        state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        total += loss.detach()
    mean, leave = job.share.add(state.net, total, asked())
    state.scaler.unscale_(state.optimizer)
    norm = float(nn.utils.clip_grad_norm_(state.net.parameters(), job.config.clip))
    require_finite(job, state, group, mean, norm)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    return mean, norm, leave


def rate_at(done: float, warmup: float, schedule: str) -> float:
    """The share of the highest rate, where `done` of the training is done: up in a line, then down."""
    if done < warmup:
        return (done + 1e-3) / (warmup + 1e-3)  # not zero at the first step
    left = (1 - done) / (1 - warmup)
    return {"linear": left, "cosine": 0.5 - 0.5 * math.cos(math.pi * left), "constant": 1.0}[schedule]


def measure(job: Job, net: nn.Module, part: str) -> dict[str, float]:
    """Each metric of the target, on the rows of a split."""
    rows = job.rows[part]
    scores = predict(net, job.feed, rows, job.config.batch, job.config.tokens, job.dtype)  # [n, C]
    truth = job.feed.truth[torch.from_numpy(rows).to(job.feed.truth.device)].to(scores.device)
    return {f"{part}_{name}": value for name, value in job.objective.measure(scores, truth).items()}


def predict(
    net: nn.Module, feed: Feed, rows: Rows, size: int = 256, tokens: int = 0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Scores of rows, in their order: [n, C]. size: rows at once, fewer where memory runs out."""
    while True:
        try:
            return _predict(net, feed, rows, size, tokens, dtype)
        except RuntimeError as error:
            if size == 1 or not is_memory(error):
                raise
        size //= 2


@torch.no_grad()
def _predict(net: nn.Module, feed: Feed, rows: Rows, size: int, tokens: int, dtype: torch.dtype) -> Tensor:
    net.eval()
    chosen = length_batches(feed.lengths[rows], size, tokens=tokens)
    parts = []
    for batch in feed.batches([rows[some] for some in chosen]):
        with lower(feed.device, dtype):
            parts.append(net(batch.inputs).float())  # [B, C]
    scores = torch.empty(len(rows), parts[0].shape[1], device=feed.device)
    scores[torch.from_numpy(np.concatenate(chosen)).to(feed.device)] = torch.cat(parts)
    return scores


def metric_of(config: Train) -> str:
    """The metric that says which epoch was best."""
    return config.target.metrics[0] if config.metric == "auto" else config.metric


def _given_up(config: Train, state: State) -> bool:
    return state.best is not None and state.epoch - state.best_epoch > config.patience
