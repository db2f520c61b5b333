"""No context."""

from __future__ import annotations

from torch import Tensor, nn


class Unchanged(nn.Module):
    """[B, L, E] -> the same."""

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """The mask is not looked at."""
        return found
