"""The rows that a model may be fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline import StageError, Table
from pipeline.errors import bounded

if TYPE_CHECKING:
    import pyarrow as pa


def training_rows(rows: Table[Any], columns: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    """Columns of the training split and of the validation split, `label` among them; the latter may have no rows.

    Raises StageError when the training rows hold fewer than two labels, or a row has none.
    """
    import pyarrow.compute as pc

    table = rows.read(list(dict.fromkeys([*columns, "label", "split"])))
    training, validation = (table.filter(pc.equal(table["split"], part)) for part in ("train", "valid"))
    missing = training["label"].null_count + validation["label"].null_count
    if missing:
        raise StageError(
            f"{missing:,} rows to learn from have no label, expected one each; let the contract of their step refuse them"
        )
    require_two_classes(training["label"].to_pylist())
    return training, validation


def require_two_classes(labels: list[str]) -> None:
    """Raises StageError unless there are two different labels to tell apart."""
    found = sorted(set(labels))
    if len(found) < 2:
        shown = bounded(found[0]) if found else "none"
        raise StageError(
            f"the training rows hold {len(found)} label ({shown}), expected at least 2; look at the labels and at how Split groups"
        )
