"""Which source reads a file, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import UsageError
from stages import CsvFile, Files, JsonLines, ParquetFiles

if TYPE_CHECKING:
    from stages.ingest.archives import Part

_PACKED = re.compile(r"\.(gz|tgz|zst|zip|tar)$")
_KINDS: dict[str, type[Files]] = {
    "parquet": ParquetFiles, "pq": ParquetFiles, "jsonl": JsonLines, "ndjson": JsonLines, "json": JsonLines,
}  # fmt: skip


def source_of(data: str, sha256: str = "") -> Files:
    """The source that reads the file, files or URL. Raises UsageError for one that is missing, empty or not readable."""
    source: Files = CsvFile(path=data, sha256=sha256)
    names = list(source.state())
    kind = _kind(names[0])
    if kind is None and _PACKED.search(_plain(names[0])):  # an archive: the first file in it tells
        with first_part(source, names[0]) as part:
            kind = _kind(part.name)
    if kind is None and re.search(r"\.(tsv|tab)\b", _plain(names[0])):
        return CsvFile(path=data, sha256=sha256, delimiter="\t")
    return kind(path=data, sha256=sha256) if kind else source


@contextmanager
def first_part(source: Files, name: str) -> Iterator[Part]:
    """The bytes of a file, or of the first member of an archive that can be read."""
    reading: Any = source.parts(name)  # it closes the file when it is dropped
    with closing(reading):
        found = next((part for part in reading if not part.refused), None)
        if found is None:
            raise UsageError(f"{name} has no member that can be read; unpack it first")
        yield found


def as_written(data: str, folder: Path) -> str:
    """The path as a flow names it: relative to the folder where it lies in it, else as it was given."""
    path = Path(data)
    if "://" in data or not path.is_absolute() or not path.is_relative_to(folder):
        return data
    return str(path.relative_to(folder))


def _kind(name: str) -> type[Files] | None:
    plain = _plain(name)
    while _PACKED.search(plain):
        plain = _PACKED.sub("", plain)
    return _KINDS.get(plain.rpartition(".")[2])


def _plain(name: str) -> str:
    return re.split("[?#]", name)[0].lower() if "://" in name else name.lower()
