"""Documents: sources of which each file is one row, and whose items are groups of files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from pipeline import LINE, SOURCE, StageError, turned_away
from pipeline.digest import Json, digest_bytes, digest_json

from .credentials import quoting
from .files import Files
from .places import named, state

if TYPE_CHECKING:
    import pyarrow as pa

    from .archives import Part

GROUP = 512  # files to an item, on average: one new file has as many read again, at a millisecond each
_BATCH = 256  # rows at a time
_BATCH_BYTES = 2**24


class Documents(Files):
    """Files, or members of archives, each of them a document: a row, or one for each mail of an mbox.

    path: a folder, with all that is below it, or what `Files` takes: a pattern, an archive, a URL.  Hidden files are left out.
    label: a pattern (a regular expression) that is looked for in a document's id; its first group is the label, and a document that it
    does not fit is turned away.  Without it the label is the name of the folder that holds the document.
    largest: bytes; a larger document is turned away.

    Columns: id (the path below the folder, the pattern's fixed part or the archive), label, and those of the subclass.

    Files are many and small: an item is a group of neighbours in the order of their names, about 500 of them, so that a
    fragment is worth a file.  A group begins where a file's name says so, by its digest: a file that comes or goes changes its own
    group, and the others are not read again.
    """

    label: str = ""
    largest: int = Field(default=64 * 2**20, ge=1)

    @field_validator("label")
    @classmethod
    def _with_a_group(cls, label: str) -> str:
        try:
            if label and not re.compile(label).groups:
                raise ValueError(f"{label!r} has no group; write the part that is the label in round brackets")
        except re.error as error:
            raise ValueError(f"{label!r} is no regular expression: {error}") from error
        return label

    def state(self) -> Mapping[str, Json]:
        """The digest of each group of files. Raises UsageError where there is no file, or one is not readable."""
        _groups.cache_clear()
        return {first: self._state(names) for first, names in self._groups().items()}

    def state_of(self, name: str) -> Json:
        """The digest of the group that begins with a file."""
        return self._state(self._group(name))

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """The documents of one group, some hundred at a time. Raises StageError for an archive that cannot be read."""
        import pyarrow as pa

        schema = pa.schema([*self.columns(), (SOURCE, pa.string()), (LINE, pa.int64())])
        held: list[dict[str, Any]] = []
        away: list[pa.Table] = []
        size = 0
        yield schema.empty_table(), []
        for part in (part for file in self._group(name) for part in self.parts(file)):
            for line, data, refused in self._documents(part):
                row: dict[str, Any] = {"id": self._id(part.name, line), SOURCE: part.name, LINE: line}
                try:
                    if refused:
                        raise ValueError(refused)
                    held.append(row | {"label": self._label(row["id"], part.name)} | self.document(data))
                    size += len(data)
                except ValueError as error:
                    away.append(turned_away(pa.Table.from_pylist([row]), str(error)))
                if len(held) + len(away) >= _BATCH or size >= _BATCH_BYTES:
                    yield pa.Table.from_pylist(held, schema=schema), away
                    held, away, size = [], [], 0
        yield pa.Table.from_pylist(held, schema=schema), away

    def columns(self) -> list[tuple[str, Any]]:
        """Name and Arrow type of each column, in order."""
        raise TypeError(f"source {type(self).__name__} must define columns(self)")

    def document(self, data: bytes) -> dict[str, Any]:
        """The columns beside id and label of one document. Raises ValueError, with the reason, for one that is turned away."""
        raise TypeError(f"source {type(self).__name__} must define document(self, data)")

    def split(self, part: Part) -> Iterator[tuple[int | None, bytes]]:
        """The documents of one file, each with its line where there are several; one byte more than `largest` is enough of each."""
        yield None, part.stream.read(self.largest + 1)

    def _documents(self, part: Part) -> Iterator[tuple[int | None, bytes, str]]:
        if part.refused:
            yield None, b"", part.refused
            return
        with quoting(part.name, "read"):
            for line, data in self.split(part):
                yield line, data, f"is larger than {self.largest:,} bytes" if len(data) > self.largest else ""

    def _groups(self) -> Mapping[str, list[str]]:
        return _groups(self.path, self.sha256, os.getcwd())  # noqa: PTH109  # a Path costs more

    def _group(self, first: str) -> list[str]:
        if first not in self._groups():
            raise StageError(f"source {first} is not there any more, or not first of its group; run again")
        return self._groups()[first]

    def _state(self, names: list[str]) -> Json:
        return digest_json({_below(self.path, name): state(name, self.sha256, empty=True) for name in names})

    def _id(self, name: str, line: int | None) -> str:
        return _below(self.path, name) if line is None else f"{_below(self.path, name)}:{line}"

    def _label(self, name: str, source: str) -> str | None:
        if not self.label:
            return source.replace("\\", "/").rpartition("/")[0].rpartition("/")[2] or None
        found = re.search(self.label, name)
        if found is None or found[1] is None:
            raise ValueError(f"has an id that label={self.label!r} does not fit")
        return found[1]


@lru_cache(maxsize=8)
def _groups(path: str, sha256: str, _folder: str) -> Mapping[str, list[str]]:
    """First file -> files of each group.

    Listed once for all groups, when a run is planned, or at a process's first: what the groups are read for is the state of
    these files, which is looked at again after reading; a file that comes meanwhile is the next run's.
    """
    found: dict[str, list[str]] = {}
    group: list[str] = []
    for name in sorted(named(path, sha256, folders=True)):
        if not group or _begins(_below(path, name)):
            group = found.setdefault(name, [])
        group.append(name)
    return found


def _below(path: str, name: str) -> str:
    """A file's name without what all files of a path have in common."""
    folder = path.rstrip("/")
    if not name.startswith(f"{folder}/"):
        folder = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
    return name[len(folder) :].lstrip("/")


def _begins(name: str) -> bool:
    """Whether a group begins with a file of this name: one in GROUP does."""
    return int(digest_bytes(name.encode("utf-8", "surrogatepass"))[:8], 16) % GROUP == 0
