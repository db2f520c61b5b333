"""An Evaluation as a folder that needs no store: `evaluation.json`, and `predictions.parquet` beside it."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline import Evaluation, LocalStore, Table
from pipeline.publish import load, manifest
from pipeline.record import Outcome, RunRecord
from pipeline.stage import Port
from schemas import Prediction

from .evaluation import evaluation_document

DOCUMENT, ROWS = "evaluation.json", "predictions.parquet"


def export_evaluation(store: LocalStore, record: RunRecord, step: Outcome, folder: Path) -> Evaluation:
    """Write the evaluation of a step to a folder, which appears whole or not at all; returns what was written.

    Raises UsageError for a folder that holds anything but the same, and where what the step made was collected.
    """
    document = evaluation_document(store, record, step.name)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    made = Evaluation(facts=document, files={DOCUMENT: text.encode(), **_predictions(store, step)})
    made.save(folder)
    return made


def _predictions(store: LocalStore, step: Outcome) -> dict[str, bytes]:
    """All fragments of the table of predictions beside an evaluation, as one file; nothing where there is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for port, digest in step.outputs.items():
        if manifest(store, digest)["kind"] == Table.__name__:
            rows = load(store, digest, Port(port, Table, Prediction)).read()
            written = pa.BufferOutputStream()
            pq.write_table(rows, written, compression="zstd")
            return {ROWS: written.getvalue().to_pybytes()}
    return {}
