"""Predict: the last slot. One vector to a score for each output, [rows, width] -> [rows, outputs]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Predict(Part):
    """A vector to scores (logits for classes)."""

    def build(self, width: int, outputs: int) -> nn.Module:
        """The module for inputs of a width."""
        raise TypeError(f"part {type(self).__name__} must define build(self, width, outputs)")


class Perceptron(Predict):
    """Through at most one hidden layer."""

    hidden: int = Field(default=0, ge=0, description="0 for none")
    dropout: float = Field(default=0.5, ge=0, lt=1)

    def build(self, width: int, outputs: int) -> nn.Module:
        """The scores are logits."""
        from ..nets.perceptron import perceptron

        return perceptron(width, self.hidden, outputs, self.dropout)
