"""From one vector to scores."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

_ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "silu": nn.SiLU}


def perceptron(width: int, hidden: Sequence[int], outputs: int, activation: str, dropout: float) -> nn.Module:
    """[B, M] -> [B, C]. Dropout before each layer, the activation after each but the last."""
    layers: list[nn.Module] = []
    for wide in hidden:
        layers += [nn.Dropout(dropout), nn.Linear(width, wide), _ACTIVATIONS[activation]()]
        width = wide
    return nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(width, outputs))
