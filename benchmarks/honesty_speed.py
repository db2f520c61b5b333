"""How long an evaluation and a diff of many predictions take, beside scipy's bootstrap of scikit-learn's metric."""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import stats
from sklearn.metrics import f1_score

from stages import Compare, Evaluate
from stages.evaluate.measure import measure
from stages.evaluate.outputs import Said

Array = np.ndarray[Any, Any]
CLASSES = tuple(f"class {number:02}" for number in range(20))
COLUMNS = ("country", "source", "kind", "age", "device", "month")
VALUES = 5  # of each column: 30 slices
_RESAMPLES, _PEER_SAMPLES = 1000, 2


def speed(n: int) -> dict[str, float]:
    """Seconds of an evaluation of n predictions and of its diff with an earlier one; of the peer, of one metric of one run; GB at most."""
    random = np.random.default_rng(0)
    truth = random.integers(len(CLASSES), size=n)
    rows = _rows(truth, random)
    noise = random.normal(size=(n, len(CLASSES))).astype(np.float32)
    before, _ = _evaluated(rows, truth, noise, 1.5)
    after, evaluation = _evaluated(rows, truth, np.roll(noise, 1, axis=1) * 0.6 + noise * 0.8, 1.55)
    began = time.perf_counter()
    Compare(model="net", baselines=("net",), metric="macro_f1").diff(before, after)
    diff = time.perf_counter() - began
    peer = _beside(rows, truth, noise)
    return {
        "seconds, evaluation": evaluation,
        "seconds, diff": diff,
        "seconds, both (asked: 60)": evaluation + diff,
        "GB at most (asked: 4)": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "seconds, scipy and scikit-learn: macro F1, of one run": peer,
        "its ratio to ours: all metrics, two runs (asked: 10)": peer / (evaluation + diff),
    }


def _rows(truth: Array, random: np.random.Generator) -> pa.Table:
    n = len(truth)
    ids = pa.array(np.arange(n)).cast(pa.string())
    columns = {"id": ids, "group": ids, "split": pa.array(["test"]).take(pa.array(np.zeros(n, np.int8)))}
    columns["label"] = pa.array(CLASSES).take(pa.array(truth))
    values = pa.array([f"value {number}" for number in range(VALUES)])
    return pa.table(columns | {name: values.take(pa.array(random.integers(VALUES, size=n))) for name in COLUMNS})


def _evaluated(rows: pa.Table, truth: Array, noise: Array, signal: float) -> tuple[dict[str, Any], float]:
    outputs = _outputs(truth, noise, signal)
    config = Evaluate(slices=COLUMNS, behaviours=())
    said = Said(lambda asked: outputs[: asked.num_rows], list(CLASSES), {})
    began = time.perf_counter()
    found = measure(config, rows, {"kind": "one_of", "column": "label"}, set(CLASSES), iter([("net", said)]))
    return {"evaluation": found.evaluation, "rows": found.rows}, time.perf_counter() - began


def _outputs(truth: Array, noise: Array, signal: float) -> Array:
    scores = noise.copy()
    scores[np.arange(len(truth)), truth] += signal
    odds = np.exp(signal * scores)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _beside(rows: pa.Table, truth: Array, noise: Array) -> float:
    """Seconds of scipy's bootstrap of macro F1, of all rows and of every slice, by the percentiles; some samples stand for a thousand.

    Neither other metrics nor a second run; BCa, which leaves out each row in turn, would take hours.
    """
    chosen = _outputs(truth, noise, 1.5).argmax(axis=1)
    masks = [np.ones(len(truth), bool)]
    masks += [rows[name].to_numpy() == value for name in COLUMNS for value in rows[name].unique().to_pylist()]
    began = time.perf_counter()
    for mask in masks:
        stats.bootstrap(
            (truth[mask], chosen[mask]), lambda a, b: f1_score(a, b, average="macro"),
            n_resamples=_PEER_SAMPLES, paired=True, vectorized=False, method="percentile", rng=np.random.default_rng(0),
        )  # fmt: skip
    return (time.perf_counter() - began) * _RESAMPLES / _PEER_SAMPLES
