"""Embed: the first slot. Whatever it reads becomes a sequence of vectors, [rows, length, width]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from pipeline.digest import Json

from .base import Input, Kind, Part

if TYPE_CHECKING:
    from torch import nn


class Embed(Part):
    """One column of features as vectors. takes: the kind of column."""

    abstract = True

    takes: ClassVar[Kind] = "tokens"

    def width_out(self) -> int:
        """The width of its vectors."""
        raise TypeError(f"part {type(self).__name__} must define width_out(self)")

    def build(self, given: Input) -> nn.Module:
        """A module from a batch of the column to [rows, length, width]."""
        raise TypeError(f"part {type(self).__name__} must define build(self, given)")

    def outside(self) -> Mapping[str, Json]:
        """Files that its weights start from, as name -> digest: part of the key. Raises UsageError where one is missing."""
        return {}

    def files(self) -> Mapping[str, bytes]:
        """What a stored model must bring so that `build` works elsewhere; given back in `Input.files`."""
        return {}

    def begin(self, module: Any, given: Input) -> None:
        """Fill the weights from the files of `outside`, once, before training."""


class Learned(Embed):
    """A learned vector a token."""

    width: int = Field(default=128, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1, description="of single values")

    def width_out(self) -> int:
        """As told."""
        return self.width

    def build(self, given: Input) -> nn.Module:
        """[B, L] -> [B, L, width]"""
        from ..nets.learned import Learned as Module

        return Module(given.size, self.width, self.dropout)
