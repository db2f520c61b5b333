"""Values and Projected: numbers as vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from .base import Input
from .embed import Embed

if TYPE_CHECKING:
    from torch import nn


class Values(Embed):
    """A vector a number: the number times a learned vector, plus another (Gorishniy et al. 2021, feature tokenizer)."""

    takes = "numbers"

    width: int = Field(default=64, ge=1)

    def width_out(self) -> int:
        """As told."""
        return self.width

    def build(self, given: Input) -> nn.Module:
        """[B, W] -> [B, W, width]"""
        from ..nets.values import Values as Module

        return Module(given.size, self.width)


class Projected(Embed):
    """All numbers of a row as one vector, a sequence of length 1: a layer of a perceptron."""

    takes = "numbers"

    width: int = Field(default=128, ge=1)
    activation: Literal["relu", "gelu", "tanh"] = "relu"
    dropout: float = Field(default=0.1, ge=0, lt=1, description="of single values")

    def width_out(self) -> int:
        """As told."""
        return self.width

    def build(self, given: Input) -> nn.Module:
        """[B, W] -> [B, 1, width]"""
        from ..nets.projected import Projected as Module

        return Module(given.size, self.width, self.activation, self.dropout)
