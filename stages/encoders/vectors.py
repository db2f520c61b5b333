"""Sentence vectors: the mean of an encoder's token vectors, of length 1 (Reimers and Gurevych 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from pipeline import report

from ..threads import on_threads
from .module import Encoder

_TOKENS = 4096  # of a batch, padding counted


@torch.inference_mode()
def sentence_vectors(encoder: Encoder, tokenizer: Tokenizer, texts: Sequence[str], threads: int) -> np.ndarray[Any, Any]:
    """One vector a text, in their order: [n, H] fp32.

    Computed on the CPU in batches of texts of like length, a text that comes again once.  A text without any token has the
    vector 0.
    """
    own = list(dict.fromkeys(texts))
    numbers = [encoding.ids for encoding in tokenizer.encode_batch_fast(own)]
    found = np.zeros((len(own), encoder.width), np.float32)
    done = 0
    with on_threads(threads):
        for rows in _batches([len(one) for one in numbers]):
            found[rows] = _mean(encoder, [numbers[row] for row in rows]).numpy()
            done += len(rows)
            report(done, len(own), "sentence vectors")
    place = {text: row for row, text in enumerate(own)}
    return found[[place[text] for text in texts]]


def _mean(encoder: Encoder, numbers: list[list[int]]) -> Tensor:
    lengths = torch.tensor([len(one) for one in numbers])
    real = torch.arange(int(lengths.max())) < lengths[:, None]  # [B, L]
    tokens = torch.zeros(real.shape, dtype=torch.long)
    tokens[real] = torch.tensor([number for one in numbers for number in one])
    found = encoder(tokens, real) * real[:, :, None]  # [B, L, H]
    return F.normalize(found.sum(1) / lengths[:, None], dim=1)  # [B, H]


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Row numbers, the longest texts first, so that a machine too small for them says so at once; rows of no token left out."""
    batch: list[int] = []
    for row in sorted((row for row, length in enumerate(lengths) if length), key=lambda row: -lengths[row]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > _TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
