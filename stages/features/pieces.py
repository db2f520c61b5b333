"""Pieces: texts as the numbers of an encoder's tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..texts import texts_of
from .subwords import SHIFT
from .tokenizing import FittedTokens, encode


@dataclass(frozen=True)
class FittedSubwords(FittedTokens):
    """An encoder's tokenizer for a column of texts."""

    @property
    def size(self) -> int:
        """Tokens of the encoder, and our padding."""
        return super().size + SHIFT

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of at least one token number."""
        found = encode(self.tokenizer, texts_of(rows, self.column))
        flat = np.fromiter((number for numbers in found for number in numbers), np.int64) + SHIFT
        offsets = pa.array(np.cumsum([0, *map(len, found)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, pa.array(flat))
