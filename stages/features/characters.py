"""Characters: the words of a text, each as the numbers of its characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from .base import Feature, Fitted

if TYPE_CHECKING:
    import pyarrow as pa


class Characters(Feature):
    """The tokens of Words, each as its characters, the most frequent ones; 0 is the padding, 1 the unknown.

    size: how many characters the alphabet has at most, those two counted.  A token is cut to `max_characters`, a text to
    `max_tokens`, as Words does: with the same `max_tokens` the two have as many tokens.
    """

    kind = "characters"

    column: str = "text"
    size: int = Field(default=256, ge=3)
    min_count: int = Field(default=2, ge=1, description="training texts hold a character at least so often")
    max_tokens: int = Field(default=128, ge=1)
    max_characters: int = Field(default=20, ge=1, description="of a token")

    def sources(self) -> Mapping[str, str | None]:
        """The text."""
        return {self.column: "string"}

    def fit(self, rows: pa.Table) -> Fitted:
        """Count the characters."""
        from .spelling import FittedCharacters, alphabet

        letters = alphabet(rows, self.column, self.size - 2, self.min_count)
        return FittedCharacters(self.column, letters, self.max_tokens, self.max_characters)

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """From its state."""
        from .spelling import FittedCharacters

        return FittedCharacters(self.column, state, self.max_tokens, self.max_characters)
