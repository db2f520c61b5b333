"""Maximum, mean and last of the real positions. Each row has at least one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MaxPool(nn.Module):
    """[B, L, H] -> [B, H]"""

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """The padding is below everything."""
        return found.masked_fill(~real.unsqueeze(2), torch.finfo(found.dtype).min).amax(1)


class MeanPool(nn.Module):
    """[B, L, H] -> [B, H]"""

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Over the real positions."""
        return (found * real.unsqueeze(2)).sum(1) / real.sum(1, keepdim=True)


class LastPool(nn.Module):
    """[B, L, H] -> [B, H], or [B, 2 H] with the first position after the last"""

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.first = first

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Counted from the left, where the padding is not."""
        end = last(found, real)
        return torch.cat([end, found[:, 0]], dim=1) if self.first else end


def last(found: Tensor, real: Tensor) -> Tensor:
    """The last real position of each row. [B, L, H] -> [B, H]"""
    at = (real.sum(1) - 1).view(-1, 1, 1).expand(-1, 1, found.shape[2])  # [B, 1, H]
    return found.gather(1, at).squeeze(1)
