"""Which source reads a file, by its name."""

from __future__ import annotations

import re
from pathlib import Path

from stages import CsvFile, Source

_PACKED = re.compile(r"\.(gz|zst|zip)$")


def source_of(data: str) -> Source:
    """The source that reads the file, files or URL. Raises UsageError for one that is missing, empty or not readable."""
    source = CsvFile(path=Path(data))
    source.state()
    return source


def as_written(data: str, folder: Path) -> str:
    """The path as a flow names it: relative to the folder where it lies in it, else as it was given."""
    path = Path(data)
    if "://" in data or not path.is_absolute() or not path.is_relative_to(folder):
        return data
    return str(path.relative_to(folder))
