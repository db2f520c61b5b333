"""Tokenizers: the file that imports the tokenizers library."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from .vectorize import PADDING, UNKNOWN


def fit(texts: Sequence[str], size: int, min_count: int, max_tokens: int, lowercase: bool) -> Tokenizer:
    """A word-level tokenizer: words and single marks, the most frequent ones; 0 is the padding, 1 the unknown."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"[\p{L}\p{N}]+|[^\p{L}\p{N}]"), "isolated")]
    )
    trainer = trainers.WordLevelTrainer(
        vocab_size=size, min_frequency=min_count, special_tokens=[PADDING, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token numbers of each text, at least one, and never the padding: a text that says "[PAD]" holds three tokens."""
    tokenizer.encode_special_tokens = True  # a tokenizer.json does not keep it
    return [encoding.ids or [1] for encoding in tokenizer.encode_batch_fast(list(texts))]


def tokenizer_from(data: bytes) -> Tokenizer:
    """Read a tokenizer.json."""
    return Tokenizer.from_str(data.decode())
