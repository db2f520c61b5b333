"""JSON Lines files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from pipeline import report

from .files import Files

if TYPE_CHECKING:
    import pyarrow as pa

    from .archives import Part


class JsonLines(Files):
    """Rows of files with a JSON object a line (.jsonl, .ndjson), in UTF-8 unless a byte order mark says otherwise.

    Columns are all keys of a file, in the order in which they come; a key that a row does not have is null.  Objects become structs,
    arrays lists.  Where a column holds values of several types, whole and other numbers aside, all of it is text, as JSON writes it.  Turned
    away, with its line, is a line that is no JSON object, names a key twice, or is longer than `max_row` bytes.

    A file is read twice, first for its columns: one that is packed or a member of an archive is unpacked to a temporary file.
    """

    max_row: int = Field(default=16 * 2**20, ge=1, le=2**30, description="bytes of one line")

    def rows(self, part: Part) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """One file, a block at a time. Raises StageError for a file that is one JSON array."""
        from .jsonrows import json_rows

        yield from json_rows(part, self.max_row, lambda found: report(0, 1, f"note: {part.name} {found}"))
