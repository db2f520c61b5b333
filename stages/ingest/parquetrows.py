"""Rows of Parquet files, with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import LINE, SOURCE, StageError
from pipeline.errors import suggest

from .archives import seekable
from .away import placed
from .places import BLOCK

if TYPE_CHECKING:
    from .archives import Part


def parquet_rows(part: Part, columns: tuple[str, ...], batch_rows: int) -> Iterator[pa.Table]:
    """One file's rows, a table without rows first. Raises StageError."""
    with seekable(part) as file:
        try:
            found = pq.ParquetFile(file, buffer_size=BLOCK, pre_buffer=False)
            schema = _schema(part.name, found.schema_arrow, columns)
            yield placed(schema.empty_table(), part.name, [])
            count = 0
            for batch in found.iter_batches(batch_rows, columns=schema.names, use_threads=False):
                rows = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                yield placed(rows, part.name, np.arange(count + 1, count + 1 + rows.num_rows))
                count += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise StageError(f"source {part.name} is no Parquet file, or is damaged or cut off: {error}") from error


def _schema(name: str, found: pa.Schema, columns: tuple[str, ...]) -> pa.Schema:
    if len(set(found.names)) < len(found.names) or {SOURCE, LINE} & set(found.names):
        raise StageError(f"source {name} names a column twice, or as no column may be called")
    for column in columns:
        if column not in found.names:
            raise StageError(f"source {name} has no column {column!r}; {suggest(column, found.names)}")
    return pa.schema([found.field(column) for column in columns or found.names])
