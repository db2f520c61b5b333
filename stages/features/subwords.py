"""Subwords: a text as the tokens of a Hugging Face encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pipeline.digest import Json

from ..encoders.files import CONFIG, TOKENIZER, encoder_digests, encoder_files
from .base import Feature, Fitted

if TYPE_CHECKING:
    import pyarrow as pa

SHIFT = 1  # our number of a token is the encoder's own + SHIFT, so that 0 is the padding whatever the encoder pads with


class Subwords(Feature):
    """The tokens of an encoder's own tokenizer, special ones among them; 0 is the padding, every other number the encoder's + 1.

    path: a folder, or `owner/model` of the Hugging Face hub that lies in its cache.  A text is cut to `max_tokens`, special ones
    counted.  Nothing is fitted, and a stored vocabulary keeps the tokenizer.
    """

    kind = "tokens"

    packages = ("transformers",)

    path: str = Field(min_length=1)
    revision: str = "main"
    column: str = "text"
    max_tokens: int = Field(default=128, ge=3)

    def sources(self) -> Mapping[str, str | None]:
        """The text."""
        return {self.column: "string"}

    def outside(self) -> Mapping[str, Json]:
        """The tokenizer, and the config that says how long a text may be."""
        digests = encoder_digests(self.path, self.revision)
        return {f"{self.path}: {name}": digests[name] for name in (CONFIG, TOKENIZER)}

    def fit(self, rows: pa.Table) -> Fitted:
        """Read the tokenizer. Raises StageError for more tokens than the encoder has positions."""
        from ..encoders.module import encoder_tokenizer
        from .pieces import FittedSubwords

        files = encoder_files(self.path, self.revision)
        tokenizer = encoder_tokenizer(files[TOKENIZER].read_bytes(), files[CONFIG].read_bytes(), self.max_tokens)
        return FittedSubwords(self.column, tokenizer)

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """Read the tokenizer."""
        from .pieces import FittedSubwords
        from .tokenizing import tokenizer_from

        return FittedSubwords(self.column, tokenizer_from(files[TOKENIZER]))
