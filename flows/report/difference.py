"""The difference of two runs, with all the facts and not only what the record kept."""

from __future__ import annotations

from pipeline import BrickwiseError, LocalStore, UsageError
from pipeline.compare import compared
from pipeline.digest import Json
from pipeline.record import Difference, RunRecord, load_run

from ..load import load_pipeline


def runs(store: LocalStore, named: str | None, other: str | None) -> tuple[RunRecord, RunRecord | None, str]:
    """A run, the earlier one it is held against, and why there is none. Raises UsageError."""
    ids = store.run_ids()
    if not named and not ids:
        raise UsageError(f"no runs in {store.root}; next: brickwise run docstrings")
    record = load_run(store, named or ids[-1])
    if other is None:
        other, asked = record.diff.against, False
        if other is None:
            return record, None, ""
    else:
        asked = True
    try:
        earlier = load_run(store, other)
    except BrickwiseError as error:
        if asked:
            raise
        return record, None, f"run {other}, which it was compared with, cannot be read: {error}"
    if earlier.pipeline != record.pipeline:
        raise UsageError(
            f"run {earlier.run_id} is of {earlier.pipeline!r}, {record.run_id} of {record.pipeline!r}; expected the same pipeline"
        )
    return record, earlier, ""


def difference(store: LocalStore, record: RunRecord, earlier: RunRecord | None, gone: str) -> tuple[Difference, Json]:
    """What the pipeline's own stage says of two runs: the verdict with its details, and the facts; none where it cannot be asked."""
    if earlier is None:
        return record.diff.model_copy(update={"note": record.diff.note or gone}), {}
    kept = record.diff if record.diff.against == earlier.run_id and (record.diff.verdict or record.diff.note) else None
    try:
        pipeline = load_pipeline(record.origin or record.pipeline).set(record.settings)
    except BrickwiseError as error:
        return kept or Difference(against=earlier.run_id, note=f"the pipeline cannot be loaded: {error}"), {}
    names = f"run {earlier.run_id}", f"run {record.run_id}"
    found, reason = compared(pipeline, store, earlier.steps, record.steps, names, rows=False)
    told = Difference(against=earlier.run_id, verdict=found.verdict, details=tuple(found.details), note=reason)
    return kept or told, dict(found.facts)
