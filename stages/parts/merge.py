"""Merge: where a net reads several columns, their vectors as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from .base import Part

if TYPE_CHECKING:
    from torch import nn


class Merge(Part):
    """A list of [rows, width] to one; the module is called with the list, in the order of the branches."""

    abstract = True

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


class Sum(Merge):
    """Added up, channel by channel: all branches must be equally wide."""

    def width_out(self, widths: Sequence[int]) -> int:
        """The one width. Raises ValueError where there are several."""
        if len(set(widths)) != 1:
            raise ValueError(
                f"widths {', '.join(map(str, widths))} cannot be added up, expected one for all; "
                f"set those of the branches, or merge by Concat or Gate"
            )
        return widths[0]

    def build(self, widths: Sequence[int]) -> nn.Module:
        """Nothing to learn."""
        from ..nets.merges import Summed

        return Summed()


class Gate(Merge):
    """A mean of all branches, with weights of its own for each row (after Arevalo et al. 2017, with one softmax for all)."""

    width: int = Field(default=128, ge=1, description="to which each branch is projected")

    def width_out(self, widths: Sequence[int]) -> int:
        """As told."""
        return self.width

    def build(self, widths: Sequence[int]) -> nn.Module:
        """A projection a branch, and the gate, which looks at all of them."""
        from ..nets.merges import Gated

        return Gated(widths, self.width)
