"""Pretrained: a vector a word, from a file of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pipeline import StageError, report
from pipeline.digest import Json

from .base import Input
from .embed import Embed

if TYPE_CHECKING:
    from torch import nn


class Pretrained(Embed):
    """A vector a word of the vocabulary, from word2vec or GloVe (Mikolov et al. 2013, Pennington et al. 2014), frozen or trained on.

    path: a text file, a word and its numbers a line, with or without the line of word2vec that says how many, packed with gzip
    where its name ends in .gz; or a .safetensors file with one two-dimensional tensor, whose words are a JSON list, in a file beside it
    (`name.json` for `name.safetensors`) or in its metadata under "words".
    width: of the vectors; checked against the file when a run is planned.
    A word is looked for as it is, then in any case.  Words that the file lacks get random vectors of its spread (Kim 2014).
    """

    path: str = Field(min_length=1)
    width: int = Field(ge=1)
    frozen: bool = False
    dropout: float = Field(default=0.2, ge=0, lt=1, description="of single values")

    def width_out(self) -> int:
        """As told: a stored model must know it without the file."""
        return self.width

    def outside(self) -> Mapping[str, Json]:
        """The file or two files. Raises UsageError for one of another width."""
        from ..wordvectors import digests, require_width

        require_width(self.path, self.width)
        return digests(self.path)

    def build(self, given: Input) -> nn.Module:
        """[B, L] -> [B, L, width]"""
        from ..nets.learned import Learned as Module

        module = Module(given.size, self.width, self.dropout)
        module.vectors.weight.requires_grad_(not self.frozen)
        return module

    def begin(self, module: Any, given: Input) -> None:
        """Fill in the vectors of the words that the file has, and say how many. Raises StageError where it has none."""
        from ..nets.pretrained import fill, words_of
        from ..wordvectors import read

        words = words_of(given)
        found = read(self.path, self.width, words)
        if not found:
            raise StageError(
                f"{self.path} has no vector for any of the {len(words):,} words of the vocabulary; take one of their language"
            )
        report(
            0,
            1,
            f"note: {self.path} has vectors for {len(found) / len(words):.0%} of the {len(words):,} words of the vocabulary",
        )
        fill(module, {words[word]: vector for word, vector in found.items()})
