"""State: where a training stands after a step. All of it is in a checkpoint; nothing else changes from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

Curve = list[tuple[float, float, float]]  # loss, norm of the gradient, rate, of each step


@dataclass
class State:
    """epoch, position: which batch comes next.  step: how many were learnt from.

    total: sum of the losses of the epoch's rows so far.  history: what each epoch measured.  best: the value, the epoch and the
    weights of the best one.  pieces: in how many parts a batch is taken, since memory ran out.  fitted, fitted_cells: the largest part that did not.
    """

    net: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    epoch: int = 0
    position: int = 0
    step: int = 0
    total: float = 0.0
    pieces: int = 1
    fitted: str = ""
    fitted_cells: int = 0
    best: float | None = None
    best_epoch: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    curve: Curve = field(default_factory=list)

    def remember(self, value: float) -> None:
        """The weights as they are now are the best so far."""
        self.best, self.best_epoch = value, self.epoch
        self.best_weights = {name: tensor.detach().clone() for name, tensor in self.net.state_dict().items()}
