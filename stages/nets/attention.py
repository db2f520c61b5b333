"""A mean weighted by learned scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AttentionPool(nn.Module):
    """[B, L, H] -> [B, H]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Weights over the real tokens sum to 1."""
        scores = self.score(torch.tanh(self.hidden(found))).squeeze(2)  # [B, L]
        weights = scores.masked_fill(~real, torch.finfo(scores.dtype).min).softmax(1)  # [B, L]
        return (weights.unsqueeze(1) @ found).squeeze(1)  # type: ignore[no-any-return]  # [B, H]
