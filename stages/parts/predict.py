"""Predict: the last slot. One vector to a score for each output, [rows, width] -> [rows, outputs]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Predict(Part):
    """A vector to scores (logits for classes)."""

    abstract = True

    def build(self, width: int, outputs: int) -> nn.Module:
        """The module for inputs of a width."""
        raise TypeError(f"part {type(self).__name__} must define build(self, width, outputs)")


class Perceptron(Predict):
    """Through hidden layers, or through none."""

    hidden: Annotated[int, Field(ge=0)] | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=0, description="width of the hidden layer, 0 for none; or of several, from the first to the last"
    )
    activation: Literal["relu", "gelu", "tanh", "silu"] = Field(default="relu", description="of each hidden layer")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="before each layer")

    def build(self, width: int, outputs: int) -> nn.Module:
        """The scores are logits."""
        from ..nets.perceptron import perceptron

        hidden = self.hidden if isinstance(self.hidden, tuple) else (self.hidden,) if self.hidden else ()
        return perceptron(width, hidden, outputs, self.activation, self.dropout)
