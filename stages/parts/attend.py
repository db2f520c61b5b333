"""Attend: the third slot. All positions of a row as one vector, [rows, length, width] -> [rows, width]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Attend(Part):
    """A sequence to one vector; the module is called with (found, real), real [B, L] being True off the padding."""

    abstract = True

    def width_out(self, width: int) -> int:
        """The width that it gives for a width; the same, unless a part says otherwise."""
        return width

    def build(self, width: int) -> nn.Module:
        """The module for inputs of a width."""
        raise TypeError(f"part {type(self).__name__} must define build(self, width)")


class Max(Attend):
    """The greatest value of each channel."""

    def build(self, width: int) -> nn.Module:
        """Nothing to learn."""
        from ..nets.pools import MaxPool

        return MaxPool()


class Mean(Attend):
    """The mean of each channel."""

    def build(self, width: int) -> nn.Module:
        """Nothing to learn."""
        from ..nets.pools import MeanPool

        return MeanPool()


class Last(Attend):
    """The last position that is not padding.

    What a bidirectional encoder has there of its backward half has read that position alone; `first` adds the first position,
    where that half has read them all.
    """

    first: bool = Field(default=False, description="the first position too, side by side with the last")

    def width_out(self, width: int) -> int:
        """The same, or twice with the first."""
        return width * (1 + self.first)

    def build(self, width: int) -> nn.Module:
        """Nothing to learn."""
        from ..nets.pools import LastPool

        return LastPool(self.first)


class Attention(Attend):
    """A mean weighted by a learned score of each position (Yang et al. 2016), from several heads (Lin et al. 2017).

    Every head weighs whole positions; what heads find is set side by side or averaged.
    """

    heads: int = Field(default=1, ge=1)
    together: Literal["concat", "mean"] = Field(default="concat", description="how heads become one vector")

    def width_out(self, width: int) -> int:
        """heads x the width, or the width where they are averaged"""
        return width * (self.heads if self.together == "concat" else 1)

    def build(self, width: int) -> nn.Module:
        """One hidden layer as wide as the input, shared by the heads."""
        from ..nets.attention import AttentionPool

        return AttentionPool(width, self.heads, self.together == "concat")


class ReadLstm(Attend):
    """What an LSTM holds after it has read the positions in order (the encoder of Sutskever et al. 2014)."""

    hidden: int = Field(default=128, ge=1)

    def width_out(self, width: int) -> int:
        """hidden"""
        return self.hidden

    def build(self, width: int) -> nn.Module:
        """One layer, forwards."""
        from ..nets.reading import LstmPool

        return LstmPool(width, self.hidden)
