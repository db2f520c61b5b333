"""Several vectors as one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Concatenated(nn.Module):
    """List of [B, Hi] -> [B, sum of Hi]"""

    def forward(self, found: list[Tensor]) -> Tensor:
        """Side by side."""
        return torch.cat(found, dim=1)
