"""HuggingFace: tokens by an encoder that somebody else has trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pipeline import StageError, UsageError
from pipeline.digest import Json

from ..encoders.files import CONFIG, TOKENIZER, WEIGHTS, encoder_digests, encoder_files, width_of
from .base import Input
from .embed import Embed

if TYPE_CHECKING:
    from torch import nn


class HuggingFace(Embed):
    """An encoder of the Hugging Face kind, as it is (frozen) or trained on: a vector a token, in the light of the others.

    path: a folder, or `owner/model` of the hub that lies in its cache, the same as that of the feature Subwords which makes the
    column.  width: of its vectors, `hidden_size` in its config.json.  Weights are read from safetensors alone, and code that
    comes with a model is never run.
    """

    packages = ("transformers",)

    path: str = Field(min_length=1)
    width: int = Field(ge=1)
    revision: str = "main"
    frozen: bool = True

    def width_out(self) -> int:
        """As told: a stored model must know it without the folder."""
        return self.width

    def outside(self) -> Mapping[str, Json]:
        """The encoder's files. Raises UsageError for another width than is told."""
        width = width_of(self.files()[CONFIG], self.path)
        if width != self.width:
            raise UsageError(
                f"encoder {self.path} has vectors of width {width}, HuggingFace says {self.width}; set width={width}"
            )
        digests = encoder_digests(self.path, self.revision)
        return {f"{self.path}: {name}": digests[name] for name in (CONFIG, WEIGHTS)}

    def files(self) -> Mapping[str, bytes]:
        """The config: what is built from, also where the folder is not."""
        return {CONFIG: encoder_files(self.path, self.revision)[CONFIG].read_bytes()}

    def build(self, given: Input) -> nn.Module:
        """[B, L] -> [B, L, width]"""
        from ..nets.huggingface import HuggingFace as Module

        return Module((given.files if CONFIG in given.files else self.files())[CONFIG], given.size, self.frozen)

    def begin(self, module: Any, given: Input) -> None:
        """Read the weights. Raises StageError for a column that another tokenizer made."""
        from ..nets.huggingface import fill, same_tokens

        files = encoder_files(self.path, self.revision)
        if not same_tokens(given.files.get(TOKENIZER), files[TOKENIZER].read_bytes()):
            raise StageError(
                f"the column has other tokens than encoder {self.path}; make it with the feature Subwords(path={self.path!r})"
            )
        fill(module, files[WEIGHTS].read_bytes())
