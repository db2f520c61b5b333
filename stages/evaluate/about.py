"""What an evaluation says of its test rows, its metrics and its models, beside what it measured."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Model
from pipeline.digest import Json, digest_json

from ..checks.normal import normal
from ..metrics.own import Metric
from ..metrics.table import METRICS
from .answers import Answers

_LABELS = 10_000
_CONFIG = "config.json"  # of a net


def data_of(everything: pa.Table, tests: pa.Table, told: list[str], kind: type[Answers]) -> dict[str, Json]:
    """rows: a digest of the sorted ids and truths, alike for the same test rows.  labels: how often each is true; None for numbers.

    overlap: ids, groups and texts of test rows that training rows have too, texts as the check of leakage reads them; None where there
    is no text.
    """
    train = everything.filter(pc.equal(everything["split"], "train"))
    counts = Counter(told) if kind.named(told) or kind.__name__ == "OrderedAnswers" else None
    return {
        "rows": digest_json(sorted(zip(tests["id"].to_pylist(), told, strict=True))),
        "labels": dict(sorted(counts.items())[:_LABELS]) if counts else None,
        "overlap": {
            "ids": _shared(tests, train, "id"),
            "groups": _shared(tests, train, "group"),
            "texts": _shared(tests, train, "text") if "text" in tests.column_names else None,
        },
    }


def _shared(tests: pa.Table, train: pa.Table, column: str) -> int:
    own, theirs = (normal(table[column]) if column == "text" else table[column] for table in (tests, train))
    return int(pc.sum(pc.is_in(own, value_set=theirs.combine_chunks())).as_py() or 0)


def definitions(metrics: Mapping[str, Mapping[str, Any]], own: Sequence[Metric]) -> dict[str, str]:
    """metric -> what it is; of one's own, where it is defined and a digest of how."""
    found = {name: METRICS[name].definition for measured in metrics.values() for name in measured if name in METRICS}
    for metric in own:
        kind = type(metric)
        digest = hashlib.sha256(inspect.getsource(kind).encode()).hexdigest()[:16]
        found[metric.name] = f"{kind.__module__}:{kind.__qualname__} {digest}, {'higher' if kind.higher else 'lower'} is better"
    return found


def about(model: Model) -> dict[str, Json]:
    """family, parameters (None where nobody counted them), bytes, and the slots: the parts of a net; None of other models."""
    return {
        "family": model.facts.get("family"),
        "parameters": model.facts.get("parameters"),
        "bytes": sum(len(content) if isinstance(content, bytes) else content.size for content in model.files.values()),
        "slots": json.loads(model.read(_CONFIG)) if _CONFIG in model.files else None,
    }
