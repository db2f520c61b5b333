"""Self-attention in layers, normalised before each part."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Transformer(nn.Module):
    """Layers over vectors that know their position. longest: learned positions; 0 for sinusoidal ones."""

    def __init__(self, width: int, layers: int, heads: int, inner: int, dropout: float, longest: int) -> None:
        super().__init__()
        self.enter = nn.LayerNorm(width)  # so that no embedding, however large, drowns the positions
        self.positions = nn.Embedding(longest, width) if longest else None
        if self.positions is not None:
            nn.init.normal_(self.positions.weight, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(width, heads, inner, dropout) for _ in range(layers))
        self.leave = nn.LayerNorm(width)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """[B, L, E] -> the same"""
        at = torch.arange(found.shape[1], device=found.device)  # [L]
        if self.positions is None:
            where = sinusoidal(at, found.shape[2]).to(found.dtype)  # [L, E]
        else:
            where = self.positions(at.clamp(max=self.positions.num_embeddings - 1))  # [L, E]
        found = self.dropout(self.enter(found) + where)
        for layer in self.layers:
            found = layer(found, real)
        return self.leave(found)  # type: ignore[no-any-return]  # nn.Module calls are Any


class Layer(nn.Module):
    """Attention, then a perceptron a position, each added to what it was given."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.rate = heads, dropout
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.together = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Dropout(dropout), nn.Linear(inner, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """[B, L, E] -> the same"""
        found = found + self.dropout(self.attend(self.before(found), real))
        return found + self.dropout(self.feed(self.between(found)))  # type: ignore[no-any-return]  # nn.Module calls are Any

    def attend(self, found: Tensor, real: Tensor) -> Tensor:
        """Each position looks at every real one. [B, L, E] -> the same"""
        asked, key, value = (
            side(found).unflatten(2, (self.heads, -1)).transpose(1, 2) for side in (self.asked, self.key, self.value)
        )  # each [B, heads, L, E / heads]
        mask = real[:, None, None, :]  # [B, 1, 1, L]
        seen = F.scaled_dot_product_attention(asked, key, value, mask, self.rate if self.training else 0.0)
        return self.together(seen.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]  # nn.Module calls are Any


def sinusoidal(at: Tensor, width: int) -> Tensor:
    """Sines in the even channels, cosines in the odd, of wavelengths from 2 pi to 10,000 times that. [L] -> [L, width]"""
    channels = torch.arange(width, device=at.device)
    rates = torch.exp((channels // 2 * 2).float() * (-math.log(10_000) / width))  # [width]
    angles = at.unsqueeze(1) * rates  # [L, width]
    return torch.where(channels % 2 == 0, angles.sin(), angles.cos())
