"""GRU and LSTM, in layers, in both directions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .lstm import WrittenLstm

_CELLS: dict[str, Any] = {"GRU": nn.GRU, "LSTM": nn.LSTM, "written": WrittenLstm}


class Recurrent(nn.Module):
    """Layers of a GRU or LSTM; backwards each reads a row from its own last position, not from the padding."""

    def __init__(self, cell: str, width: int, hidden: int, bidirectional: bool, layers: int, dropout: float) -> None:
        super().__init__()
        widths = [width] + [hidden * (1 + bidirectional)] * (layers - 1)
        self.forwards = nn.ModuleList(_CELLS[cell](wide, hidden, batch_first=True) for wide in widths)
        self.backwards = nn.ModuleList(_CELLS[cell](wide, hidden, batch_first=True) for wide in widths if bidirectional)
        self.between = nn.Dropout(dropout)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """[B, L, E] -> [B, L, hidden], twice as wide when bidirectional

        What it gives where the padding is means nothing, and reaches no real position: forwards these come first, backwards
        they are turned round alone.
        """
        turned = _turned(real) if self.backwards else None
        for layer, forwards in enumerate(self.forwards):
            given = found if layer == 0 else self.between(found)
            found, _ = forwards(given)
            if turned is not None:
                back, _ = self.backwards[layer](_take(given, turned))
                found = torch.cat([found, _take(back, turned)], dim=2)
        return found


def _turned(real: Tensor) -> Tensor:
    """Positions that turn each row's real ones round and leave the padding where it is. [B, L] -> [B, L]"""
    positions = torch.arange(real.shape[1], device=real.device).unsqueeze(0)
    last = real.sum(1, keepdim=True) - 1
    return torch.where(real, last - positions, positions)


def _take(found: Tensor, positions: Tensor) -> Tensor:
    return found.gather(1, positions.unsqueeze(2).expand(-1, -1, found.shape[2]))
