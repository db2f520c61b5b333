"""What models said, out of the rows of predictions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..evaluate.answers import Answers
from ..evaluate.outputs import groups_of, spread


def of_model(table: pa.Table, model: str) -> pa.Table:
    """The predictions of one model."""
    return table.filter(pc.equal(table["model"], model))


def answers_of(kind: type[Answers], table: pa.Table, own: list[str], classes: list[str]) -> Answers:
    """Answers over `classes`, from values over `own` classes."""
    lists = table["values"].combine_chunks()
    values = lists.flatten().to_numpy().reshape(table.num_rows, -1) if table.num_rows else np.zeros((0, max(1, len(own))))
    return kind(kind.read(table["label"].to_pylist(), classes), spread(values, own, classes), groups_of(table), tuple(classes))


def common(before: pa.Table, after: pa.Table) -> pa.Table:
    """Positions of the rows that both have with the same id and label, columns `before` and `after`, in the order of their ids."""
    sides = [
        half.select(["id", "label"]).append_column(name, pa.array(np.arange(half.num_rows)))
        for name, half in (("before", before), ("after", after))
    ]
    return sides[0].join(sides[1], ["id", "label"], join_type="inner").sort_by("id")
