"""Tokenizers: the file that imports the tokenizers library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from pipeline.digest import Json

from ..texts import texts_of
from .words import PADDING, UNKNOWN


@dataclass(frozen=True)
class FittedTokens:
    """A tokenizer for a column of texts."""

    column: str
    tokenizer: Tokenizer

    @property
    def size(self) -> int:
        """Tokens of the vocabulary."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def state(self) -> Json:
        """All of it is in the file."""
        return {}

    @property
    def files(self) -> Mapping[str, bytes]:
        """The tokenizer.json."""
        return {"tokenizer.json": self.tokenizer.to_str(pretty=False).encode()}

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of at least one token number."""
        return pa.array(encode(self.tokenizer, texts_of(rows, self.column)), pa.list_(pa.int64()))


def fit_words(texts: Sequence[str], size: int, min_count: int, max_tokens: int, lowercase: bool) -> Tokenizer:
    """A word-level tokenizer: words and single marks, the most frequent ones; 0 is the padding, 1 the unknown."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = _words_and_marks()
    trainer = trainers.WordLevelTrainer(
        vocab_size=size, min_frequency=min_count, special_tokens=[PADDING, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _words_and_marks() -> pre_tokenizers.PreTokenizer:
    """Letters and digits with the accents on them are one word, so that no word falls apart in lower case, as "İ" would."""
    pattern = Regex(r"[\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]")
    return pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(pattern, "isolated")])


def spans(texts: Sequence[str], max_tokens: int) -> list[list[tuple[int, int]]]:
    """Where each token of `Words` begins and ends in its text, cut in the same way; none for a text with nothing to read."""
    splitter = Tokenizer(models.WordLevel({UNKNOWN: 0}, unk_token=UNKNOWN))
    splitter.pre_tokenizer = _words_and_marks()
    splitter.enable_truncation(max_tokens)
    return [encoding.offsets for encoding in splitter.encode_batch(list(texts))]


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token numbers of each text, at least one, and never the padding: a text that says "[PAD]" holds three tokens."""
    tokenizer.encode_special_tokens = True  # a tokenizer.json does not keep it
    return [encoding.ids or [1] for encoding in tokenizer.encode_batch_fast(list(texts))]


def tokenizer_from(data: bytes) -> Tokenizer:
    """Read a tokenizer.json."""
    return Tokenizer.from_str(data.decode())
