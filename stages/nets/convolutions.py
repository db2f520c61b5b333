"""Convolutions of several windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Convolutions(nn.Module):
    """Convolutions of several windows, each padded to keep the length; zeros stand where the padding is."""

    def __init__(self, width: int, windows: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.windows = windows
        self.convolutions = nn.ModuleList(nn.Conv1d(width, channels, window) for window in windows)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """[B, L, E] -> [B, L, channels x windows]"""
        found = (found * real.unsqueeze(2)).transpose(1, 2)  # [B, E, L]
        sides = [
            F.relu(convolve(F.pad(found, ((window - 1) // 2, window // 2))))
            for window, convolve in zip(self.windows, self.convolutions, strict=True)
        ]
        return torch.cat(sides, dim=1).transpose(1, 2)
