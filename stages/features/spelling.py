"""Spelling: words as the numbers of their characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import pyarrow as pa

from pipeline.digest import Json

from ..texts import texts_of
from .tokenizing import spans

_FIRST = 2  # 0 is the padding, 1 the unknown


@dataclass(frozen=True)
class FittedCharacters:
    """An alphabet, its most frequent character first."""

    column: str
    alphabet: str
    max_tokens: int
    max_characters: int
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Characters, with the padding and the unknown."""
        return _FIRST + len(self.alphabet)

    @property
    def state(self) -> Json:
        """The alphabet."""
        return self.alphabet

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of at least one token, each a list of at least one character."""
        numbers = {letter: _FIRST + place for place, letter in enumerate(self.alphabet)}

        @cache
        def spelt(word: str) -> list[int]:
            return [numbers.get(letter, 1) for letter in word]

        texts = texts_of(rows, self.column)
        most = self.max_characters
        found = [
            [spelt(text[start : min(end, start + most)]) for start, end in tokens] or [[1]]
            for text, tokens in zip(texts, spans(texts, self.max_tokens), strict=True)
        ]
        return pa.array(found, pa.list_(pa.list_(pa.int64())))


def alphabet(rows: pa.Table, column: str, most: int, least: int) -> str:
    """The characters that occur so often, space aside, by how often they do, then by their order."""
    counts = Counter[str]()
    for text in texts_of(rows, column):
        counts.update(text)
    often = [letter for letter, count in counts.items() if count >= least and not letter.isspace()]
    return "".join(sorted(often, key=lambda letter: (-counts[letter], letter))[:most])
