"""A learned vector and bias a number."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Values(nn.Module):
    """[B, W] -> [B, W, E]"""

    def __init__(self, numbers: int, width: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.empty(numbers, width))
        self.bias = nn.Parameter(torch.empty(numbers, width))
        for weights in (self.vectors, self.bias):
            nn.init.uniform_(weights, -(width**-0.5), width**-0.5)

    def forward(self, numbers: Tensor) -> Tensor:
        """No number looks at another."""
        return numbers.unsqueeze(2) * self.vectors + self.bias
