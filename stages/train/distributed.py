"""Several processes that train one net, as torchrun starts them: each learns from a share of every batch, gradients are added.

The global batch is that of one process. Gradients are added once a step, after all pieces of the batch, so that processes need
not agree in how many pieces they take theirs. gloo on the CPU, NCCL on GPUs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from .batches import Rows


@dataclass(frozen=True)
class Share:
    """A process among `size`. Alone, nothing is sent. device: that of what is sent."""

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    def own(self, rows: Rows) -> Rows:
        """Its rows of a batch; perhaps none."""
        return rows[self.rank :: self.size]

    def add(self, net: nn.Module, loss: Tensor, leave: bool) -> tuple[float, bool]:
        """Add the gradients of all processes, in each; returns the sum of their losses, and whether any was asked to leave."""
        if self.size == 1:
            return float(loss), leave
        learnt = [weight for weight in net.parameters() if weight.requires_grad]
        for weight in learnt:
            weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
        flag = torch.tensor([float(leave)], device=loss.device)
        sent = torch.cat([loss.reshape(1), flag, *(weight.grad.flatten() for weight in learnt if weight.grad is not None)])
        distributed.all_reduce(sent)
        parts = torch.split(sent[2:], [weight.numel() for weight in learnt])
        for weight, part in zip(learnt, parts, strict=True):
            weight.grad = part.view_as(weight)
        return float(sent[0]), bool(sent[1] > 0)

    def same(self, measured: dict[str, float]) -> dict[str, float]:
        """What the first process measured: others may round in another way, and all must stop together."""
        if self.size == 1:
            return measured
        sent = torch.tensor(list(measured.values()), dtype=torch.float64, device=self.device)
        distributed.broadcast(sent, 0)
        return dict(zip(measured, sent.tolist(), strict=True))

    def bytes(self, data: bytes | None) -> bytes | None:
        """The first process's bytes, or None where it has none."""
        if self.size == 1:
            return data
        length = torch.tensor(-1 if data is None else len(data), device=self.device)
        distributed.broadcast(length, 0)
        if int(length) < 0:
            return None
        sent = torch.empty(int(length), dtype=torch.uint8)
        if self.rank == 0 and data is not None:
            sent = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        sent = sent.to(self.device)
        distributed.broadcast(sent, 0)
        return sent.cpu().numpy().tobytes()


@contextmanager
def shared(device: torch.device) -> Iterator[Share]:
    """The processes that torchrun has started, for the block; this one alone where it has not.

    device: each process's own; "cuda" is the one of its LOCAL_RANK.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "MASTER_ADDR" not in os.environ:
        yield Share(device=str(device))
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Share(distributed.get_rank(), size, str(device))
    finally:
        distributed.destroy_process_group()


def local(device: torch.device) -> torch.device:
    """A process's own device: of several GPUs the one that torchrun gave it."""
    if device == torch.device("cuda") and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return device
