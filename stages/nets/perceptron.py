"""From one vector to scores."""

from __future__ import annotations

from torch import nn


def perceptron(width: int, hidden: int, classes: int, dropout: float) -> nn.Module:
    """[B, H] -> [B, C]"""
    if not hidden:
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
    )
