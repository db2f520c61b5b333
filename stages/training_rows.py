"""The rows that a model may be fitted on."""

from __future__ import annotations

from typing import Any

from pipeline import StageError, Table
from pipeline.errors import bounded


def training_rows(rows: Table[Any]) -> tuple[list[str], list[str]]:
    """Texts and labels of the training split. Raises StageError when they hold fewer than two labels."""
    import pyarrow.compute as pc

    table = rows.read(["text", "label", "split"])
    table = table.filter(pc.equal(table["split"], "train"))
    labels = table["label"].to_pylist()
    require_two_classes(labels)
    return table["text"].to_pylist(), labels


def require_two_classes(labels: list[str]) -> None:
    """Raises StageError unless there are two different labels to tell apart."""
    found = sorted(set(labels))
    if len(found) < 2:
        shown = bounded(found[0]) if found else "none"
        raise StageError(
            f"the training rows hold {len(found)} label ({shown}), expected at least 2; look at the labels and at how Split groups"
        )
