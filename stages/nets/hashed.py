"""N-grams of tokens, hashed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import PADDING

_PRIME = 2**31 - 1  # products of two numbers below it fit 64 bits
_FACTOR = 1_103_515_245


class Hashed(nn.Module):
    """[B, L] -> [B, L, E]: the vector of each token and of the n-grams that end at it, added up, with dropout on the values.

    One table: the tokens' vectors, then those of the buckets.
    """

    def __init__(self, vocabulary: int, width: int, ngrams: int, buckets: int, dropout: float) -> None:
        super().__init__()
        self.vocabulary, self.ngrams, self.buckets = vocabulary, ngrams, buckets
        self.vectors = nn.Embedding(vocabulary + (buckets if ngrams > 1 else 0), width, padding_idx=PADDING)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.vectors.weight, std=0.1)
        with torch.no_grad():
            self.vectors.weight[PADDING].zero_()

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, L] -> [B, L, E]"""
        found = self.vectors(tokens)
        for places in self._places(tokens):
            found = found + self.vectors(places)
        return self.dropout(found)  # type: ignore[no-any-return]  # nn.Module calls are Any

    def _places(self, tokens: Tensor) -> list[Tensor]:
        """Where in the table the n-gram lies that ends at each position, for n = 2, 3, ...: each [B, L], the padding's where none does.

        The hash is a polynomial over a prime (Carter and Wegman 1979): multiplications alone, so that it is the same on every device.
        """
        sums, real, places = tokens % _PRIME, tokens != PADDING, []
        for back in range(1, self.ngrams):
            before = F.pad(tokens, (back, 0))[:, : tokens.shape[1]]  # the token so many positions to the left
            sums = (sums * _FACTOR + before) % _PRIME
            real = real & (before != PADDING)
            places.append(torch.where(real, self.vocabulary + sums % self.buckets, PADDING))
        return places
