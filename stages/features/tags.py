"""Tags: the part of speech of each word of an English text."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pipeline import UsageError
from pipeline.digest import Json, digest_file

from .base import Feature, Fitted

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "tagger.json.gz"


class Tags(Feature):
    """The universal part of speech (UPOS) of each token of Words, one to one with the same `max_tokens`; 0 is the padding.

    The tagger is the averaged perceptron that the package denckring-en-pos ships as JSON: 0.934 of the test tokens of UD
    English-EWT are right, says its author.  Nothing is fitted, and a stored vocabulary keeps the tagger.  1 stands for a text with
    nothing to read.
    """

    kind = "tokens"

    column: str = "text"
    max_tokens: int = Field(default=128, ge=1)

    def sources(self) -> Mapping[str, str | None]:
        """The text."""
        return {self.column: "string"}

    def outside(self) -> Mapping[str, Json]:
        """The tagger's file."""
        return {"denckring-en-pos": digest_file(tagger_file())}

    def fit(self, rows: pa.Table) -> Fitted:
        """Take the tagger of the package."""
        return self.load(None, {FILE: tagger_file().read_bytes()})

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """Read the tagger."""
        from .tagging import FittedTags, read_tagger

        return FittedTags(self.column, self.max_tokens, read_tagger(files[FILE]), {FILE: files[FILE]})


def tagger_file() -> Path:
    """Where the package keeps its model; no code of the package is run. Raises UsageError without it."""
    spec = find_spec("denckring_en_pos")
    path = Path(spec.submodule_search_locations[0], "data", FILE) if spec and spec.submodule_search_locations else None
    if path is None or not path.is_file():
        raise UsageError("Tags needs the tagger of the package denckring-en-pos; install brickwise[tags]")
    return path
