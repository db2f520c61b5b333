"""Artifacts other than tables: small facts, and files that cannot run code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from .digest import Json

if TYPE_CHECKING:
    import pyarrow as pa


class Objects(Protocol):
    """Where the bytes of a digest are found."""

    def get(self, digest: str) -> bytes:
        """The bytes, verified. Raises DamagedError."""

    def map(self, digest: str) -> memoryview:
        """The bytes as a map of a file, verified. Raises DamagedError."""

    def head(self, digest: str, count: int) -> bytes:
        """The first bytes, not verified; none where there is no such object."""


@dataclass(frozen=True)
class Stored:
    """A file in the store, by the digest of its bytes. rows: of a fragment of a table."""

    store: Objects = field(repr=False, compare=False)
    digest: str
    size: int
    rows: int | None = None

    def read(self) -> bytes:
        """The bytes, verified as they are read. Raises DamagedError."""
        return self.store.get(self.digest)

    def map(self) -> pa.Buffer:
        """The bytes as a memory map of the file, verified through it; nothing is copied. Raises DamagedError."""
        import pyarrow as pa

        return pa.py_buffer(self.store.map(self.digest))

    def head(self, count: int) -> bytes:
        """The first bytes, not verified: they say of which format it is."""
        return self.store.head(self.digest, count)


@dataclass(frozen=True)
class Artifact:
    """An immutable value that the store can write and read.

    facts: a JSON document, small: what plans, reports and people read without opening the files.
    files: name -> bytes (not stored yet) or Stored.  Only formats that cannot run code: safetensors, JSON, Parquet, Arrow.
    digest: empty until the artifact has been stored.
    """

    port: ClassVar[str]  # what a stage's only output of this class is called
    facts: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[str, bytes | Stored] = field(default_factory=lambda: MappingProxyType({}))
    digest: str = ""

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises KeyError for a name the artifact does not have."""
        content = self.files[name]
        return content if isinstance(content, bytes) else content.read()

    def save(self, folder: str | Path) -> Path:
        """Write it to a folder of its own, which `load` reads with no store. Raises UsageError for one that is taken."""
        from .folder import save

        return save(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What `save` wrote, verified; nothing of the folder is ever run. Raises UsageError and StoreError."""
        from .folder import load

        return load(cls, folder)


class Vocabulary(Artifact):
    """How text becomes numbers: a `tokenizer.json`, fitted on the training rows."""

    port = "vocabulary"


class Model(Artifact):
    """Everything a prediction needs: `facts["family"]` says which code reads the files."""

    port = "model"


class Evaluation(Artifact):
    """Metrics of models on the test rows, each with its interval, in `facts`."""

    port = "evaluation"


class Report(Artifact):
    """Comparisons and their verdicts, in `facts`."""

    port = "report"


class Diff(Artifact):
    """Two runs on the same rows, in `facts`; row by row, in `rows.parquet`."""

    port = "diff"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from .notebook import diff_html

        return diff_html(self.facts)
