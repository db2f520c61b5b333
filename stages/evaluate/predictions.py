"""The rows that an evaluation gives out: a prediction a model for each test row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .answers import Answers
from .slices import Slice


def predictions(table: pa.Table, name: str, told: list[str], answers: Answers, slices: pa.Array) -> pa.Table:
    """Of one model. slices: the names of those that each row is in, as `names_of_slices` gives them."""
    n, width = answers.outputs.shape
    offsets = pa.array(np.arange(0, n * width + 1, width, dtype=np.int64))
    values = pa.LargeListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(answers.outputs, np.float64).ravel()))
    return pa.table(
        {
            "id": table["id"],
            "model": pa.array([name] * n, pa.string()),
            "label": pa.array(told, pa.string()),
            "prediction": pa.array(answers.chosen_texts(), pa.string()),
            "group": table["group"],
            "values": values.cast(pa.list_(pa.float64())),
            "loss": pa.array(answers.row_losses(), pa.float64()),
            "slices": slices,
        }
    )


def names_of_slices(slices: Sequence[Slice], n: int) -> pa.Array:
    """The names of the slices that each row is in: [n] lists"""
    member = np.stack([one.mask for one in slices], axis=1) if slices else np.zeros((n, 0), bool)
    names = pa.array([one.name for one in slices], pa.string())
    offsets = np.concatenate([[0], np.cumsum(member.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(np.nonzero(member)[1])))
