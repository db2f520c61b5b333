"""Means weighted by learned scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AttentionPool(nn.Module):
    """[B, L, H] -> [B, heads x H], or [B, H] where heads are averaged"""

    def __init__(self, width: int, heads: int, concat: bool) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, heads, bias=False)
        self.concat = concat

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Weights of each head over the real positions sum to 1."""
        scores = self.score(torch.tanh(self.hidden(found)))  # [B, L, heads]
        weights = scores.masked_fill(~real.unsqueeze(2), torch.finfo(scores.dtype).min).softmax(1)  # [B, L, heads]
        heads = weights.transpose(1, 2) @ found  # [B, heads, H]
        return heads.flatten(1) if self.concat else heads.mean(1)  # type: ignore[no-any-return]  # nn.Module calls are Any
