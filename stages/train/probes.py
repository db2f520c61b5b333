"""Probes: what must hold before the first epoch. Each is cheap, and done on a copy of the net (Karpathy 2019)."""

from __future__ import annotations

import copy
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from .batches import length_batches
from .device import lower
from .feed import Batch
from .finding import Finding

if TYPE_CHECKING:
    from .loop import Job

_ROWS = 16  # of the batch that is looked at
_STEPS = 60  # in which it must be learnt by heart
_RATE = 0.01  # at which it is, at least: the question is whether it can be
_LEARNT = 0.5  # of the loss it began with
_NEAR = 0.3  # a loss at the start may be off by this share: a net is not quite indifferent


def probe(job: Job, net: nn.Module, table: pa.Table) -> list[Finding]:
    """All of them. table: id, split and the net's columns, of all rows."""
    batch = _some_rows(job)
    return [
        no_test_row_in_training(table, list(job.feed.columns)),
        loss_at_start(job, net, batch),
        *learns_by_heart(job, net, batch),
    ]


def loss_at_start(job: Job, net: nn.Module, batch: Batch) -> Finding:
    """A net that knows nothing yet loses what scores of zero lose: a far higher loss means scores that start too large."""
    net.eval()
    with torch.no_grad():
        scores = net(batch.inputs).float()
        loss = float(job.objective.losses(scores, batch.truth).mean())
        expected = float(job.objective.losses(torch.zeros_like(scores), batch.truth).mean())
    return Finding("loss at the start", abs(loss - expected) <= _NEAR * expected, f"{loss:.3f}", f"about {expected:.3f}")


def learns_by_heart(job: Job, net: nn.Module, batch: Batch) -> list[Finding]:
    """One batch can be overfitted, and its gradient reaches every parameter."""
    net = _without_dropout(copy.deepcopy(net))
    learnt = {name: weight for name, weight in net.named_parameters() if weight.requires_grad}
    begun = job.config.model.begun()  # what starts from files is spoilt by a rate at which what starts afresh learns quickly
    slow = [weight for name, weight in learnt.items() if name.startswith(begun)]
    quick = [weight for name, weight in learnt.items() if not name.startswith(begun)]
    groups = [{"params": quick, "lr": max(job.config.rate, _RATE)}, {"params": slow, "lr": job.config.rate}]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]])
    reached: set[str] = set()
    first = last = float("nan")
    for step in range(_STEPS):
        optimizer.zero_grad()
        with lower(job.feed.device, job.dtype):
            scores = net(batch.inputs)  # [B, C]
        loss = job.objective.losses(scores.float(), batch.truth).mean()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        optimizer.step()
        reached |= {name for name, weight in learnt.items() if name not in reached and _moved(weight)}
        last = float(loss.detach())
        first = last if step == 0 else first
        if last < _LEARNT * first and step:
            break
    unmoved = [name for name in learnt if name not in reached]
    return [
        Finding(
            "one batch learnt by heart",
            last < _LEARNT * first,
            f"loss {first:.3f} -> {last:.3f}",
            f"below {_LEARNT * first:.3f}",
        ),
        Finding(
            "gradient reaches every parameter", not unmoved, f"none at {', '.join(unmoved[:3])}" if unmoved else "all", "all"
        ),
    ]


def no_test_row_in_training(table: pa.Table, columns: list[str]) -> Finding:
    """Rows of the test split that look to the net exactly as a training row does, beyond what few values make of any two rows."""
    parts = np.asarray(table["split"].to_pylist())
    seen = [_looks(table, column) for column in columns]
    looks = list(zip(*seen, strict=True))
    training = Counter(looks[row] for row in np.flatnonzero(parts == "train"))
    usual = sum(count for count in training.values() if count > 1) / max(training.total(), 1)
    ids = Counter(table["id"].to_pylist())
    twice = sum(count > 1 for count in ids.values())
    same = sum(looks[row] in training for row in np.flatnonzero(parts == "test"))
    tests = int((parts == "test").sum())
    found = f"{same} of {tests} test rows look the same as a training row" + (f", {twice} ids stand twice" if twice else "")
    expected = f"no more than training rows look like each other, {usual:.1%}" if usual else "none"
    return Finding("no test row in training", same <= usual * tests and not twice, found, expected)


def _looks(table: pa.Table, column: str) -> list[bytes]:
    array = table[column].combine_chunks()
    values = array.flatten()
    nested = pa.types.is_list(values.type)
    inner = values.offsets.to_numpy() if nested else None
    flat = np.ascontiguousarray((values.flatten() if nested else values).to_numpy(zero_copy_only=False))
    offsets = array.offsets.to_numpy()
    bounds = inner[offsets] if inner is not None else offsets
    data, size = flat.tobytes(), flat.itemsize
    return [bytes(data[start * size : end * size]) for start, end in pairwise(bounds)]


def _some_rows(job: Job) -> Batch:
    """The shortest rows learn fastest and cost least: a batch from the first quarter, evenly."""
    rows = job.rows["train"]
    ordered = rows[np.concatenate(length_batches(job.feed.lengths[rows], len(rows)))]
    quarter = ordered[: max(len(ordered) // 4, min(_ROWS, len(ordered)))]
    chosen = quarter[np.linspace(0, len(quarter) - 1, min(_ROWS, len(quarter))).astype(int)]
    return next(iter(job.feed.batches([chosen])))


def _moved(weight: Tensor) -> bool:
    return weight.grad is not None and bool((weight.grad != 0).any())


def _without_dropout(net: nn.Module) -> nn.Module:
    """As in eval mode; but CUDA's recurrent layers give no gradient there."""
    net.eval()
    for module in net.modules():
        if isinstance(module, nn.RNNBase):
            module.train()
    return net
