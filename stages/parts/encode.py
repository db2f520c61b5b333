"""Encode: the second slot. Each position in the light of the others, [rows, length, width] -> [rows, length, another width]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Encode(Part):
    """Sequences to sequences of the same length; the module is called with (found, real), real [B, L] being True off the padding."""

    def width_out(self, width: int) -> int:
        """The width that it gives for a width. Raises ValueError for one that it cannot take."""
        raise TypeError(f"part {type(self).__name__} must define width_out(self, width)")

    def build(self, width: int) -> nn.Module:
        """The module for inputs of a width."""
        raise TypeError(f"part {type(self).__name__} must define build(self, width)")


class Bag(Encode):
    """No context: the positions as they are."""

    def width_out(self, width: int) -> int:
        """The same."""
        return width

    def build(self, width: int) -> nn.Module:
        """Nothing to learn."""
        from ..nets.unchanged import Unchanged

        return Unchanged()


class Cnn(Encode):
    """Convolutions of several widths side by side (Kim 2014)."""

    windows: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(3, 4, 5), min_length=1)
    channels: int = Field(default=64, ge=1, description="of each window")

    def width_out(self, width: int) -> int:
        """channels x the number of windows"""
        return self.channels * len(self.windows)

    def build(self, width: int) -> nn.Module:
        """One convolution a window."""
        from ..nets.convolutions import Convolutions

        return Convolutions(width, self.windows, self.channels)


class Recurrent(Encode):
    """What GRU and LSTM have in common: layers, each in both directions unless told otherwise."""

    hidden: int = Field(default=128, ge=1, description="of each direction")
    bidirectional: bool = True
    layers: int = Field(default=1, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1, description="between layers")

    def width_out(self, width: int) -> int:
        """hidden, twice when bidirectional"""
        return self.hidden * (1 + self.bidirectional)

    def build(self, width: int) -> nn.Module:
        """The cell is named after the class."""
        from ..nets.recurrent import Recurrent as Module

        return Module(type(self).__name__.upper(), width, self.hidden, self.bidirectional, self.layers, self.dropout)


class Gru(Recurrent):
    """A gated recurrent unit (Cho et al. 2014)."""


class Lstm(Recurrent):
    """A long short-term memory (Hochreiter and Schmidhuber 1997)."""
