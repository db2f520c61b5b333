"""Times of models: the file that runs them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Model, Report, StageError, Table, report
from pipeline.digest import Json

from .measure import machine
from .predict import predictor
from .threads import on_threads

if TYPE_CHECKING:
    from .measure import Measure

_WARM = 2  # calls before any is timed


def measure(config: Measure, rows: Table[Any], models: Mapping[str, Model]) -> Report:
    """Time every model on the same rows."""
    table = rows.read()
    tests = table.filter(pc.equal(table["split"], "test"))
    table = tests if tests.num_rows else table
    if not table.num_rows:
        raise StageError("there are no rows, so that there is nothing to time models with")
    table = table.take(pa.array(np.arange(max(config.batch, config.calls)) % table.num_rows))
    found = {}
    with on_threads(config.threads):
        for position, (name, model) in enumerate(models.items()):
            report(position, len(models), name)
            found[name] = _times(config, model, table)
    return Report(
        facts={
            "kind": "speed",
            "machine": machine(),
            "threads": config.threads,
            "batch": config.batch,
            "order": list(found),
            "models": found,
        }
    )


def _times(config: Measure, model: Model, table: pa.Table) -> dict[str, Json]:
    predictor(model)  # imports what it needs, which is not the model's time
    start = time.perf_counter()
    predict = predictor(model)
    loaded = time.perf_counter() - start
    many = table.slice(0, config.batch)
    single = _clock(lambda call: predict(table.slice(call % table.num_rows, 1)), config.calls, config.seconds)
    batches = _clock(lambda _: predict(many), config.calls, config.seconds)
    return {
        "parameters": model.facts.get("parameters"),
        "bytes": sum(len(content) if isinstance(content, bytes) else content.size for content in model.files.values()),
        "load_seconds": loaded,
        "p50_ms": 1000 * float(np.quantile(single, 0.5)),
        "p95_ms": 1000 * float(np.quantile(single, 0.95)),
        "calls": len(single),
        "rows_per_second": config.batch / float(np.median(batches)),
    }


def _clock(call: Callable[[int], Any], most: int, seconds: float) -> list[float]:
    """Seconds of each call: at most so many, and no more once the time is up; one at least."""
    for number in range(_WARM):
        call(number)
    times: list[float] = []
    while len(times) < most and (not times or sum(times) < seconds):
        start = time.perf_counter()
        call(len(times))
        times.append(time.perf_counter() - start)
    return times
