"""Runs of the real stages whose answers a test decides: a linear model that has learnt one word a class, and rows that say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from pipeline import Model, Table
from schemas import SplitText
from stages import Baseline, Compare, Evaluate, TfidfLogistic

WORDS = {"a": "crimson", "b": "azure", "c": "olive"}


@cache
def linear(classes: str = "ab") -> Model:
    """Whatever word a text has, that class; less sure where it has others too."""
    texts, labels = [WORDS[name] for name in classes] * 40, list(classes) * 40
    return Baseline(model=TfidfLogistic()).run(split(texts, labels, "train"))


def split(texts: Sequence[str], labels: Sequence[str], part: str, ids: Sequence[str] = (), **columns: Any) -> Table[SplitText]:
    """Rows of one part, each a group of its own."""
    ids = ids or [f"r{i:05}" for i in range(len(texts))]
    table = {"id": list(ids), "text": list(texts), "label": list(labels), "split": [part] * len(texts), "group": list(ids)}
    return Table.of(SplitText, pa.table(table | columns))


def says(right: Sequence[bool], truth: Sequence[str]) -> list[str]:
    """Texts whose word is that of the truth, or of the other class where the answer is to be wrong."""
    return [WORDS[label if one else "ab"[label == "a"]] for one, label in zip(right, truth, strict=True)]


def evaluated(
    texts: Sequence[str],
    truth: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    models: Mapping[str, Model] | None = None,
    config: Mapping[str, Any] | None = None,
    **columns: Any,
) -> dict[str, Any]:
    """What `Compare` reads: the evaluation of test rows and its predictions. truth: a and b in turn unless told; columns: to slice by."""
    truth = truth or ["ab"[i % 2] for i in range(len(texts))]
    rows = split(texts, truth, "test", ids, **columns)
    stage = Evaluate(**{"slices": tuple(columns), "behaviours": (), "resamples": 200, **(config or {})})
    return stage.run(rows, models or {"net": linear()})._asdict()


def run_of(right: Sequence[bool], **more: Any) -> dict[str, Any]:
    """A run that is right in these rows."""
    truth = more.pop("truth", None) or ["ab"[i % 2] for i in range(len(right))]
    return evaluated(says(right, truth), truth, **more)


def compare(**config: Any) -> Compare:
    """By the accuracy of `net`, unless told otherwise."""
    return Compare(**{"model": "net", "baselines": ("linear",), "resamples": 1000, **config})
