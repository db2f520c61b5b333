"""Words: a text as the numbers of its words and marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from .base import Feature, Fitted

if TYPE_CHECKING:
    import pyarrow as pa

PADDING, UNKNOWN = "[PAD]", "[UNK]"


class Words(Feature):
    """Words and single marks, the most frequent ones; 0 is the padding, 1 the unknown.

    size: how many tokens the vocabulary has at most, those two counted.  A text is cut to `max_tokens`; an empty or missing one is
    one unknown token.
    """

    kind = "tokens"

    column: str = "text"
    size: int = Field(default=20_000, ge=3)
    min_count: int = Field(default=2, ge=1, description="training texts hold a token at least so often")
    max_tokens: int = Field(default=128, ge=1)
    lowercase: bool = True

    def sources(self) -> Mapping[str, str | None]:
        """The text."""
        return {self.column: "string"}

    def fit(self, rows: pa.Table) -> Fitted:
        """Count the words."""
        from ..texts import texts_of
        from .tokenizing import FittedTokens, fit_words

        texts = texts_of(rows, self.column)
        return FittedTokens(self.column, fit_words(texts, self.size, self.min_count, self.max_tokens, self.lowercase))

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """Read a tokenizer.json."""
        from .tokenizing import FittedTokens, tokenizer_from

        return FittedTokens(self.column, tokenizer_from(files["tokenizer.json"]))
