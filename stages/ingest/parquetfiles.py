"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from .files import Files

if TYPE_CHECKING:
    import pyarrow as pa

    from .archives import Part


class ParquetFiles(Files):
    """Rows of Parquet files, some at a time; the line of a row is its number.

    columns: those to read, all when empty.  One that is packed or a member of an archive is unpacked to a temporary file.
    """

    columns: tuple[str, ...] = ()
    batch_rows: int = Field(default=16_384, ge=1, description="rows in memory at a time")

    def rows(self, part: Part) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """One file, some rows at a time. Raises StageError for a file that is not Parquet, is cut off, or lacks a column."""
        from .parquetrows import parquet_rows

        yield from ((rows, []) for rows in parquet_rows(part, self.columns, self.batch_rows))
