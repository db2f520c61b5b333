"""Tokens by an encoder that somebody else has trained."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from pipeline import StageError

from ..encoders.module import build_encoder
from ..features.subwords import SHIFT
from . import PADDING


class HuggingFace(nn.Module):
    """[B, L] -> [B, L, E], zeros where the padding is. frozen: it is never trained, and its own dropout never on.

    vocabulary: tokens of the column, our padding counted.
    """

    def __init__(self, config: bytes, vocabulary: int, frozen: bool) -> None:
        super().__init__()
        self.config, self.frozen = config, frozen
        self.encoder = build_encoder(config)
        own: Any = self.encoder.inner.config
        if vocabulary - SHIFT > own.vocab_size:
            raise StageError(
                f"the column has {vocabulary - SHIFT:,} tokens, the encoder knows {own.vocab_size:,}; use its Subwords"
            )
        self.padding = int(own.pad_token_id or 0)
        if frozen:
            self.encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> HuggingFace:
        """As any module, but for a frozen encoder."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, L] -> [B, L, E]"""
        real = tokens != PADDING
        own = torch.where(real, tokens - SHIFT, self.padding)  # the encoder's own numbers
        return self.encoder(own, real) * real.unsqueeze(2)  # type: ignore[no-any-return]  # nn.Module calls are Any


def fill(module: HuggingFace, weights: bytes) -> None:
    """Take the weights of a safetensors file. Raises StageError for some that do not fit."""
    module.encoder.load_state_dict(build_encoder(module.config, weights).state_dict())


def same_tokens(ours: bytes | None, theirs: bytes) -> bool:
    """Whether two tokenizers number the same tokens alike."""
    return ours is not None and _numbers(ours) == _numbers(theirs)


def _numbers(data: bytes) -> dict[str, int]:
    return dict(Tokenizer.from_str(data.decode()).get_vocab())
