"""CharCnn: words by their characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .base import Input
from .embed import Embed

if TYPE_CHECKING:
    from torch import nn


class CharCnn(Embed):
    """Convolutions of several widths over the characters of each token, of each the greatest value (Kim et al. 2016)."""

    takes = "characters"

    width: int = Field(default=16, ge=1, description="of a character's vector")
    windows: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(2, 3, 4, 5), min_length=1)
    channels: int = Field(default=25, ge=1, description="of each window")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="of single values of a token's vector")

    def width_out(self) -> int:
        """channels x the number of windows"""
        return self.channels * len(self.windows)

    def build(self, given: Input) -> nn.Module:
        """[B, L, K] -> [B, L, channels x windows]"""
        from ..nets.charcnn import CharCnn as Module

        return Module(given.size, self.width, self.windows, self.channels, self.dropout)
