"""Several vectors as one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Concatenated(nn.Module):
    """List of [B, Hi] -> [B, sum of Hi]"""

    def forward(self, found: list[Tensor]) -> Tensor:
        """Side by side."""
        return torch.cat(found, dim=1)


class Summed(nn.Module):
    """List of [B, H] -> [B, H]"""

    def forward(self, found: list[Tensor]) -> Tensor:
        """Added up."""
        return torch.stack(found).sum(0)


class Gated(nn.Module):
    """List of [B, Hi] -> [B, M]"""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.projections = nn.ModuleList(nn.Linear(wide, width) for wide in widths)
        self.gate = nn.Linear(sum(widths), len(widths))

    def forward(self, found: list[Tensor]) -> Tensor:
        """A row's weights of its branches sum to 1."""
        weights = self.gate(torch.cat(found, dim=1)).softmax(1)  # [B, branches]
        sides = [torch.tanh(project(side)) for project, side in zip(self.projections, found, strict=True)]  # each [B, M]
        return (torch.stack(sides, dim=1) * weights.unsqueeze(2)).sum(1)  # type: ignore[no-any-return]  # [B, M]; nn.Module calls are Any
