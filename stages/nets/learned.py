"""A learned vector a token."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import PADDING


class Learned(nn.Module):
    """[B, L] -> [B, L, E], with dropout on the values."""

    def __init__(self, vocabulary: int, width: int, dropout: float) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.vectors.weight, std=0.1)
        with torch.no_grad():
            self.vectors.weight[PADDING].zero_()

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, L] -> [B, L, E]"""
        return self.dropout(self.vectors(tokens))  # type: ignore[no-any-return]  # nn.Module calls are Any
