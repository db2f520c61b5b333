"""Hashed: n-grams of tokens as vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from .base import Input
from .embed import Embed

if TYPE_CHECKING:
    from torch import nn


class Hashed(Embed):
    """A vector a token, and one for each n-gram that ends at it, added up (Joulin et al. 2016, fastText).

    Tokens have vectors of their own, longer n-grams share those of `buckets`.  With Bag, Mean and Perceptron() it is fastText's
    classifier.
    """

    width: int = Field(default=64, ge=1)
    ngrams: int = Field(default=2, ge=1, le=10, description="tokens of the longest")
    buckets: int = Field(default=100_000, ge=1, lt=2**31)
    dropout: float = Field(default=0.2, ge=0, lt=1, description="of single values")

    def width_out(self) -> int:
        """As told."""
        return self.width

    def build(self, given: Input) -> nn.Module:
        """[B, L] -> [B, L, width]"""
        from ..nets.hashed import Hashed as Module

        return Module(given.size, self.width, self.ngrams, self.buckets, self.dropout)
