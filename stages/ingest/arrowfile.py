"""Arrow files of `SavedDataset`: streams of record batches, whose labels are numbers of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError, sift

from .away import placed

_END = b"\xff\xff\xff\xff\0\0\0\0"  # without it a stream may have lost whole batches


def rows_of(path: Path) -> Iterator[pa.Table]:
    """A batch of rows at a time, the first one empty, with SOURCE and LINE. Raises StageError for a damaged file."""
    count = 0
    try:
        with path.open("rb") as file:
            file.seek(-min(len(_END), path.stat().st_size), 2)
            if file.read() != _END:
                raise StageError(f"source {path} is cut off: it does not end as a stream of Arrow does; save the dataset again")
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
            yield _plain(reader.schema.empty_table(), path, 0)
            for batch in reader:
                batch.validate(full=True)
                yield _plain(pa.Table.from_batches([batch]), path, count)
                count += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StageError(f"source {path} is damaged after row {count}: {error}; save the dataset again") from error


def labelled(rows: pa.Table, features: Mapping[str, Any]) -> tuple[pa.Table, list[pa.Table]]:
    """Names in place of the numbers of classes; the second holds the rows with a number that no class has."""
    classes = {name: names for name in rows.column_names if (names := _classes(features.get(name)))}
    rows, away = sift(rows, [("is the number of no class", name, _unknown(rows[name], len(classes[name]))) for name in classes])
    for name, names in classes.items():
        column = rows[name].combine_chunks()
        rows = rows.set_column(rows.schema.get_field_index(name), name, _named(column, pa.array(names, pa.string())))
    return rows, away


def _plain(rows: pa.Table, path: Path, count: int) -> pa.Table:
    columns = [column.cast(column.type.storage_type) if _extended(column.type) else column for column in rows.columns]
    rows = pa.table(dict(zip(rows.column_names, columns, strict=True)))
    return placed(rows, str(path), range(count + 1, count + 1 + rows.num_rows))


def _extended(kind: Any) -> bool:
    return isinstance(kind, pa.BaseExtensionType)


def _classes(feature: Any) -> list[str]:
    """The names of a ClassLabel, or of a list of it."""
    if isinstance(feature, list) and len(feature) == 1:  # as older versions write a list
        return _classes(feature[0])
    if not isinstance(feature, Mapping):
        return []
    if feature.get("_type") in ("List", "LargeList", "Sequence"):
        return _classes(feature.get("feature"))
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []


def _unknown(column: pa.ChunkedArray, count: int) -> Any:
    """A mask of the rows with a number below -1 or past the last."""
    if not pa.types.is_list(column.type) and not pa.types.is_large_list(column.type):
        return pc.fill_null(pc.or_(pc.less(column, -1), pc.greater_equal(column, count)), False)
    values = pc.list_flatten(column)
    wrong = pc.list_parent_indices(column).filter(pc.fill_null(_unknown(values, count), False))
    return pc.is_in(pa.array(range(len(column)), pa.int64()), value_set=wrong.cast(pa.int64()).unique())


def _named(column: pa.Array, names: pa.Array) -> pa.Array:
    if not pa.types.is_list(column.type) and not pa.types.is_large_list(column.type):
        return names.take(pc.if_else(pc.equal(column, -1), pa.scalar(None, column.type), column))
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths.cast(pa.int64()))])
    values = _named(column.flatten(), names)
    return pa.ListArray.from_arrays(offsets.cast(pa.int32()), values, mask=column.is_null())
