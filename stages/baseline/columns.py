"""Columns of numbers and of categories as trees read them: fp64, NaN where a value is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.errors import bounded

Array = np.ndarray[Any, Any]

# A lone row whose value is None has a column of type null.
_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)


def number_columns(rows: pa.Table, names: Sequence[str]) -> Iterator[Array]:
    """Each column as [n] fp64, truth values as 0 and 1. Raises StageError for one that holds no numbers."""
    for name in names:
        kind = rows[name].type
        if not any(is_kind(kind) for is_kind in _NUMERIC):
            raise StageError(f"column {bounded(name)} holds {kind}, expected numbers; name it among the categories")
        column = rows[name].cast(pa.int8()) if pa.types.is_boolean(kind) else rows[name]
        yield np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def category_values(rows: pa.Table, name: str) -> list[str]:
    """The values that a column has, as text, sorted: value i is category i."""
    return sorted(pc.unique(pc.drop_null(_texts(rows, name))).to_pylist())


def category_codes(rows: pa.Table, name: str, values: Sequence[str]) -> Array:
    """The number of each row's value: [n] fp64, NaN for one that is missing or not among the values."""
    found = pc.index_in(_texts(rows, name), value_set=pa.array(values, pa.string()), skip_nulls=True)
    return np.asarray(pc.cast(found, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _texts(rows: pa.Table, name: str) -> Any:
    column = rows[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return column.cast(pa.string()).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise StageError(
            f"column {bounded(name)} holds {column.type}, expected categories: text, numbers, truth values or dates"
        ) from None
