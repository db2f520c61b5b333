"""Feature: the config of one column of numbers; Fitted: what it learned of the training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pipeline.digest import Json

from ..parts.base import Kind, Part

if TYPE_CHECKING:
    import pyarrow as pa


class Fitted(Protocol):
    """A feature that can be computed of any rows, also of one that comes as a request years later.

    size: see `Input`.  state, files: all that `Feature.load` needs to make it again, as JSON and as bytes by name.
    """

    @property
    def size(self) -> int:
        """How many tokens, characters or numbers there are."""

    @property
    def state(self) -> Json:
        """Small, as JSON."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Large, as bytes."""

    def apply(self, rows: pa.Table) -> pa.Array:
        """The feature of n rows, in their order: n lists, none empty or null."""


class Feature(Part):
    """One column of features. kind: what a net gets of it."""

    abstract = True

    kind: ClassVar[Kind]

    def sources(self) -> Mapping[str, str | None]:
        """The columns of the rows that it reads, each with the types that it can have (see `Stage.columns_read`)."""
        raise TypeError(f"feature {type(self).__name__} must define sources(self)")

    def outside(self) -> Mapping[str, Json]:
        """Files that it reads beside the rows, as name -> digest: part of the key. Raises UsageError where one is missing."""
        return {}

    def fit(self, rows: pa.Table) -> Fitted:
        """Learn from the training rows."""
        raise TypeError(f"feature {type(self).__name__} must define fit(self, rows)")

    def load(self, state: Any, files: Mapping[str, bytes]) -> Fitted:
        """What was fitted, from what it said of itself."""
        raise TypeError(f"feature {type(self).__name__} must define load(self, state, files)")
