"""Which source reads a file, by its name."""

from __future__ import annotations

from .csvfile import CsvFile
from .files import Files
from .jsonlines import JsonLines
from .parquetfiles import ParquetFiles
from .places import protocol_of, without_query

_PACKED = ("gz", "zst", "zip", "tar", "tgz")
_KINDS: dict[str, type[Files]] = {
    "jsonl": JsonLines, "ndjson": JsonLines, "json": JsonLines, "parquet": ParquetFiles, "pq": ParquetFiles,
}  # fmt: skip


def source_of(path: str) -> Files:
    """JSON Lines, Parquet or, for all other names, text with separators; `.gz` and the like behind the name do not count."""
    bare = path.partition("?")[0] if protocol_of(path) == "http" else without_query(path)  # elsewhere `?` is a pattern's
    names = bare.lower().split(".")
    while len(names) > 1 and names[-1] in _PACKED:
        names.pop()
    return _KINDS.get(names[-1], CsvFile)(path=path)
