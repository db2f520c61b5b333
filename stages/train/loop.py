"""The training loop. Reads top to bottom; shapes at line end."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import StageError, report

from .batches import TokenRows, epoch_batches, length_batches

if TYPE_CHECKING:
    from .stage import Train

_ONE_AT_A_TIME = threading.Lock()  # dropout draws from torch's one global generator: two nets at once would mix their draws


@dataclass(frozen=True)
class Data:
    """Rows of one split on the device. labels: [n], class numbers; -1 for a label that training never saw."""

    rows: TokenRows
    labels: Tensor
    lengths: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Trained:
    """The net as it was after its best epoch, and what every epoch measured."""

    net: nn.Module
    history: list[dict[str, float]]
    best_epoch: int


def choose_device(wanted: str) -> torch.device:
    """The device of a name; "auto" is CUDA, then MPS, then the CPU. Raises StageError for one that is not there."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    found = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
    kind, _, number = wanted.partition(":")
    if not (number or "0").isdecimal() or int(number or 0) >= found.get(kind, 0):
        raise StageError(
            f"device {wanted!r} is not there, expected one of {[d for d, there in found.items() if there]}, or 'auto'"
        )
    return torch.device(wanted)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Compute on so many threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train(config: Train, vocabulary: int, classes: int, training: Data, validation: Data) -> Trained:
    """Fit a net to the training rows; stop when the validation rows have not done better for `patience` epochs."""
    with _ONE_AT_A_TIME, torch.random.fork_rng(), _threads(config.threads):
        torch.manual_seed(config.seed)
        device = training.labels.device
        net = config.model.build(vocabulary, classes).to(device)
        optimizer = torch.optim.AdamW(net.parameters(), lr=config.rate, weight_decay=config.decay)
        weight = _class_weights(training.labels, classes) if config.class_weights else None  # [C]
        steps = -(-len(training.labels) // config.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=config.rate, total_steps=steps * config.epochs, pct_start=0.1, anneal_strategy="linear"
        )
        history: list[dict[str, float]] = []
        best, best_epoch, best_state = -1.0, 0, net.state_dict()

        for epoch in range(config.epochs):
            net.train()
            began, total = time.monotonic(), torch.zeros((), device=device)
            for step, chosen in enumerate(epoch_batches(training.lengths, config.batch, config.seed, epoch)):
                rows = chosen.to(device)  # [B]
                tokens, labels = training.rows.batch(rows), training.labels[rows]  # [B, L], [B]
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    logits = net(tokens)  # [B, C]
                loss = F.cross_entropy(logits.float(), labels, weight, label_smoothing=config.smoothing)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
                nn.utils.clip_grad_norm_(net.parameters(), config.clip)
                optimizer.step()
                schedule.step()
                total += loss.detach() * len(rows)
                report(epoch * steps + step + 1, config.epochs * steps, f"epoch {epoch + 1} of {config.epochs}")

            measured = measure(net, validation, config.batch)
            train_loss = float(total) / len(training.labels)
            if not np.isfinite(train_loss):
                raise StageError(f"the loss of epoch {epoch + 1} is {train_loss}; try a smaller rate than {config.rate}")
            history.append({"epoch": epoch + 1, "train_loss": train_loss, **measured})
            seconds = time.monotonic() - began
            note = f"epoch {epoch + 1}: valid accuracy {measured['valid_accuracy']:.3f}, {seconds:.0f} s"
            report((epoch + 1) * steps, config.epochs * steps, note)
            if measured["valid_accuracy"] > best:
                best, best_epoch, best_state = measured["valid_accuracy"], epoch, copy.deepcopy(net.state_dict())
            elif epoch - best_epoch >= config.patience:
                break

        net.load_state_dict(best_state)
        return Trained(net.eval(), history, best_epoch + 1)


def measure(net: nn.Module, data: Data, batch: int) -> dict[str, float]:
    """Loss and accuracy on rows; a label that training never saw counts as wrong and not in the loss."""
    logits = predict(net, data.rows, data.lengths, batch)  # [n, C]
    known = data.labels >= 0
    loss = F.cross_entropy(logits[known], data.labels[known]) if known.any() else torch.zeros(())
    return {"valid_loss": float(loss), "valid_accuracy": float((logits.argmax(1) == data.labels).float().mean())}


@torch.no_grad()
def predict(net: nn.Module, rows: TokenRows, lengths: Any, batch: int = 256) -> Tensor:
    """Logits of all rows, in their order: [n, C]"""
    net.eval()
    chosen = length_batches(lengths, batch)
    parts = [net(rows.batch(some.to(rows.tokens.device))).float() for some in chosen]
    logits = torch.empty(len(lengths), parts[0].shape[1], device=rows.tokens.device)
    logits[torch.cat(chosen).to(logits.device)] = torch.cat(parts)
    return logits


def _class_weights(labels: Tensor, classes: int) -> Tensor:
    """n / (C x rows of the class), as scikit-learn balances: [C]"""
    counts = torch.bincount(labels, minlength=classes).clamp(min=1)
    return len(labels) / (classes * counts.float())
