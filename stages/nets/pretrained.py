"""Vectors of words, put into the table of a net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from tokenizers import Tokenizer

from pipeline import StageError

from ..features.words import PADDING as PADDING_WORD
from ..features.words import UNKNOWN
from ..parts.base import Input
from . import PADDING
from .learned import Learned


def words_of(given: Input) -> dict[str, int]:
    """Word -> number of a column that the feature Words made. Raises StageError for any other column."""
    data = given.files.get("tokenizer.json")
    found = dict(Tokenizer.from_str(data.decode()).get_vocab()) if data else {}
    if len(found) != given.size or PADDING_WORD not in found:
        raise StageError("Pretrained has vectors of words, which the column is not made of; make it with the feature Words")
    return {word: number for word, number in found.items() if word not in (PADDING_WORD, UNKNOWN)}


def fill(module: Learned, vectors: Mapping[int, Sequence[float]]) -> None:
    """number of a word -> its vector; all other words get normal random ones of the same spread."""
    known = torch.tensor(list(vectors.values()))  # [words, E]
    weight = module.vectors.weight
    with torch.no_grad():
        weight.normal_(std=float(known.std()) if known.numel() > 1 else 0.1)
        weight[torch.tensor(list(vectors))] = known.to(weight)
        weight[PADDING].zero_()
