"""The truth of rows as rungs read it, and what a stored rung says of its target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.digest import Json

from ..targets import Number, Ordered, SeveralOf, Target

Array = np.ndarray[Any, Any]


def classes_of(target: Target, column: pa.ChunkedArray) -> list[str]:
    """The classes of training rows, sorted; the levels of an `Ordered` from the lowest, also those that no row has; none of a number."""
    match target:
        case Ordered():
            return list(target.levels)
        case SeveralOf():
            return sorted({name for names in column.to_pylist() for name in names})
        case Number():
            return []
    return sorted(set(column.to_pylist()))


def numbers_of(column: pa.ChunkedArray, classes: list[str]) -> Array:
    """The place of each row's class among the classes, of which it is one: [n]"""
    return np.asarray(pc.index_in(column, value_set=pa.array(classes)).to_numpy())


def memberships_of(column: pa.ChunkedArray, classes: list[str]) -> Array:
    """1 where a row has a class, else 0: [n, C]"""
    return np.asarray([[name in names for name in classes] for names in map(set, column.to_pylist())], np.int64)


def target_facts(target: Target, **learnt: float) -> dict[str, Json]:
    """Kind and column, as every family of models names them, and what turns an output into a value."""
    return {"kind": target.kind, "column": target.column, **learnt}
