"""Merge: where a net reads several columns, their vectors as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Merge(Part):
    """A list of [rows, width] to one; the module is called with the list, in the order of the branches."""

    def width_out(self, widths: Sequence[int]) -> int:
        """The width that it gives for widths. Raises ValueError for some that do not go together."""
        raise TypeError(f"part {type(self).__name__} must define width_out(self, widths)")

    def build(self, widths: Sequence[int]) -> nn.Module:
        """The module for inputs of these widths."""
        raise TypeError(f"part {type(self).__name__} must define build(self, widths)")


class Concat(Merge):
    """Side by side."""

    def width_out(self, widths: Sequence[int]) -> int:
        """All widths together."""
        return sum(widths)

    def build(self, widths: Sequence[int]) -> nn.Module:
        """Nothing to learn."""
        from ..nets.merges import Concatenated

        return Concatenated()
