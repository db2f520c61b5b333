"""An LSTM that reads a sequence to its end."""

from __future__ import annotations

from torch import Tensor, nn

from .pools import last


class LstmPool(nn.Module):
    """[B, L, H] -> [B, hidden]"""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.read = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Its state at the last real position."""
        states, _ = self.read(found)  # [B, L, hidden]
        return last(states, real)
