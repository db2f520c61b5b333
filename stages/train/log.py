"""The training log: findings, one row an epoch, one row a step. It is drawn where it is shown: a chart's library is no reason to train again."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import Report

from .loop import metric_of
from .stage import Train
from .state import State


def log_of(config: Train, state: State) -> Report:
    """The artifact. No time goes into it: the same training gives the same bytes.

    facts: "epochs" and "findings" in order, "best_epoch" from 1, "metric" it was chosen by, "at_most" epochs allowed.
    files: steps.parquet (step, loss, norm of the gradient before it was clipped, rate).
    """
    loss, norm, rate = zip(*state.curve, strict=True)
    steps = pa.table({"step": pa.array(range(1, len(loss) + 1), pa.int64()), "loss": loss, "norm": norm, "rate": rate})
    sink = io.BytesIO()
    pq.write_table(steps, sink)
    return Report(
        facts={
            "kind": "training",
            "metric": metric_of(config),
            "best_epoch": state.best_epoch + 1,
            "steps": state.step,
            "at_most": config.epochs,
            "epochs": state.history,
            "findings": state.findings,
        },
        files={"steps.parquet": sink.getvalue()},
    )
