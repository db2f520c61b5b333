"""Attend: the third slot. All positions of a row as one vector, [rows, length, width] -> [rows, width]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Attend(Part):
    """A sequence to one vector; the module is called with (found, real), real [B, L] being True off the padding."""

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


class Attention(Attend):
    """A mean weighted by a learned score of each position (Yang et al. 2016)."""

    def build(self, width: int) -> nn.Module:
        """One hidden layer as wide as the input."""
        from ..nets.attention import AttentionPool

        return AttentionPool(width)
