"""Which source reads a file, by its name."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from stages import CsvFile, Files, JsonLines, ParquetFiles

_PACKED = re.compile(r"\.(gz|tgz|zst|zip|tar)$")
_KINDS: dict[str, type[Files]] = {
    "parquet": ParquetFiles, "pq": ParquetFiles, "jsonl": JsonLines, "ndjson": JsonLines, "json": JsonLines,
}  # fmt: skip


def source_of(data: str) -> Files:
    """The source that reads the file, files or URL. Raises UsageError for one that is missing, empty or not readable."""
    source: Files = CsvFile(path=data)
    names = list(source.state())
    kind = _kind(names[0])
    if kind is None and _PACKED.search(_plain(names[0])):  # an archive: the first file in it tells
        with closing(source.parts(names[0])) as parts:
            kind = next((_kind(part.name) for part in parts if not part.refused), None)
    if kind is None and re.search(r"\.(tsv|tab)\b", _plain(names[0])):
        return CsvFile(path=data, delimiter="\t")
    return kind(path=data) if kind else source


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
