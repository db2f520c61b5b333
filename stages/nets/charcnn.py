"""Words by convolutions over their characters."""

from __future__ import annotations

from torch import Tensor, nn

from . import PADDING
from .convolutions import Convolutions
from .learned import Learned


class CharCnn(nn.Module):
    """[B, L, K] -> [B, L, channels x windows], with dropout on the values."""

    def __init__(self, alphabet: int, width: int, windows: tuple[int, ...], channels: int, dropout: float) -> None:
        super().__init__()
        self.characters = Learned(alphabet, width, dropout=0.0)
        self.convolutions = Convolutions(width, windows, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, characters: Tensor) -> Tensor:
        """A token that is all padding is a vector of zeros."""
        flat = characters.flatten(0, 1)  # [B x L, K]
        real = flat != PADDING
        found = self.convolutions(self.characters(flat), real)  # [B x L, K, channels x windows], none below 0
        greatest = (found * real.unsqueeze(2)).amax(1)
        return self.dropout(greatest).unflatten(0, characters.shape[:2])  # type: ignore[no-any-return]  # nn.Module calls are Any
