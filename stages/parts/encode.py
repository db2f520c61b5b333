"""Encode: the second slot. Each position in the light of the others, [rows, length, width] -> [rows, length, another width]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Encode(Part):
    """Sequences to sequences of the same length; the module is called with (found, real), real [B, L] being True off the padding."""

    abstract = True

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
    """What GRU and LSTM have in common: layers, each in both directions unless told otherwise.

    A layer that reads in both directions puts them side by side at each position, the forward one first.
    """

    abstract = True

    cell: ClassVar[Literal["GRU", "LSTM", "written"]]

    hidden: int = Field(default=128, ge=1, description="of each direction")
    bidirectional: bool = True
    layers: int = Field(default=1, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1, description="between layers")

    def width_out(self, width: int) -> int:
        """hidden, twice when bidirectional"""
        return self.hidden * (1 + self.bidirectional)

    def build(self, width: int) -> nn.Module:
        """The same layers whatever the cell."""
        from ..nets.recurrent import Recurrent as Module

        return Module(self.cell, width, self.hidden, self.bidirectional, self.layers, self.dropout)


class Gru(Recurrent):
    """A gated recurrent unit (Cho et al. 2014)."""

    cell = "GRU"


class Lstm(Recurrent):
    """A long short-term memory (Hochreiter and Schmidhuber 1997)."""

    cell = "LSTM"


class LstmWritten(Recurrent):
    """The same LSTM written out in torch, a position at a time, to compare the library's own with.

    Same weights, same results; in an ONNX file it is the library's.
    """

    cell = "written"


class Transformer(Encode):
    """Layers of self-attention (Vaswani et al. 2017), each normalised before rather than after (Xiong et al. 2020).

    positions: how a layer learns where it is.  Sinusoidal ones have no end; learned ones have `longest`, and whatever lies
    beyond shares the last.  Time and memory grow with the square of the length.
    """

    layers: int = Field(default=2, ge=1)
    heads: int = Field(default=4, ge=1, description="must divide the width")
    inner: int = Field(default=0, ge=0, description="width inside the feed-forward part; 0 for four times the width")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="of attention weights, inside, and of what a layer adds")
    positions: Literal["sinusoidal", "learned"] = "sinusoidal"
    longest: int = Field(default=512, ge=1, description="learned positions")

    def width_out(self, width: int) -> int:
        """The same. Raises ValueError where it cannot be shared out among the heads."""
        if width % self.heads:
            near = [heads for heads in range(1, width + 1) if width % heads == 0]
            raise ValueError(
                f"{self.heads} heads cannot share width {width}; expected heads that divide it, {', '.join(map(str, near[:8]))}"
                f"{', ...' if len(near) > 8 else ''}, or an embedding of width {self.heads * -(-width // self.heads)}"
            )
        return width

    def build(self, width: int) -> nn.Module:
        """As many layers, and a normalisation of what the last gives."""
        from ..nets.transformer import Transformer as Module

        inner, longest = self.inner or 4 * width, self.longest if self.positions == "learned" else 0
        return Module(width, self.layers, self.heads, inner, self.dropout, longest)
