"""The rows that a model may be fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline import StageError, Table
from pipeline.errors import bounded

from .targets import Number, Ordered, SeveralOf, Target

if TYPE_CHECKING:
    import pyarrow as pa


def training_rows(rows: Table[Any], columns: Sequence[str], target: Target) -> tuple[pa.Table, pa.Table]:
    """Columns of the training split and of the validation split, the target's among them; the latter may have no rows.

    Raises StageError when the training rows hold fewer than two labels or numbers, or a level never declared, or where a row has
    no truth.
    """
    import pyarrow.compute as pc

    table = rows.read(list(dict.fromkeys([*columns, target.column, "split"])))
    training, validation = (table.filter(pc.equal(table["split"], part)) for part in ("train", "valid"))
    missing = sum(_missing(part[target.column], target) for part in (training, validation))
    if missing:
        raise StageError(
            f"{missing:,} rows to learn from have no {target.column}, expected one each; let the contract of their step refuse them"
        )
    _require_two(training[target.column].to_pylist(), target)
    return training, validation


def _missing(truth: pa.ChunkedArray, target: Target) -> int:
    """How many rows have no truth; NaN and infinities are no numbers."""
    import pyarrow.compute as pc

    if isinstance(target, Number):
        return len(truth) - (pc.sum(pc.is_finite(truth)).as_py() or 0)
    return int(truth.null_count)


def _require_two(truth: list[Any], target: Target) -> None:
    if isinstance(target, Number):
        found = sorted(set(truth))
        if len(found) < 2:
            shown = f"one value alone, {found[0]:g}," if found else "no value"
            raise StageError(f"the training rows hold {shown} in column {target.column!r}, expected at least two")
        return
    if isinstance(target, Ordered) and (strange := sorted(set(truth) - set(target.levels))):
        raise StageError(
            f"column {target.column!r} holds {bounded(strange[0])}, expected one of the levels {', '.join(target.levels)}"
        )
    require_two_classes([name for names in truth for name in names] if isinstance(target, SeveralOf) else truth)


def require_two_classes(labels: list[str]) -> None:
    """Raises StageError unless there are two different labels to tell apart."""
    found = sorted(set(labels))
    if len(found) < 2:
        shown = bounded(found[0]) if found else "none"
        raise StageError(
            f"the training rows hold {len(found)} label ({shown}), expected at least 2; look at the labels and at how Split groups"
        )
