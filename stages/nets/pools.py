"""Maximum and mean over the real positions."""

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
        """Over the real tokens."""
        return (found * real.unsqueeze(2)).sum(1) / real.sum(1, keepdim=True)
