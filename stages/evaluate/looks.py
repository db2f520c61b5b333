"""More looks at the same predictions: is the model as sure as it is right, where is it weakest, which labels may be wrong?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..metrics.interval import intervals
from ..metrics.sample import Sample, sample
from .answers import Answers, Array
from .behaviour import behave
from .calibration import calibration
from .one_of import OneOfAnswers
from .selective import selective
from .slices import MISSING
from .suspects import suspects
from .weakest import weakest

if TYPE_CHECKING:
    from .stage import Evaluate

_SHOWN = 200


def looks(
    config: Evaluate,
    answers: Answers,
    valid: Answers | None,
    table: pa.Table,
    predict: Callable[[pa.Table], Array],
    target: Mapping[str, Any],
) -> dict[str, Any]:
    """Of one model: calibration and selective prediction where it says probabilities of one class, weakest slices, behaviour tests.

    valid: its answers to the validation rows, on which temperature and thresholds are fitted, and nothing else is.  table: the test rows.
    """
    found: dict[str, Any] = {"calibration": None, "selective": None}
    if isinstance(answers, OneOfAnswers):
        kept = None if valid is None else (valid.truth, valid.outputs, valid.groups)
        found["calibration"] = calibration(answers.truth, answers.outputs, answers.groups, kept and kept[:2])
        found["selective"] = selective(answers.truth, answers.outputs, answers.groups, kept)
    wrong = ~answers.right() if answers.classes else answers.row_losses()
    found["weakest"] = weakest(_columns(config, table, target), wrong, answers.groups, config.seed)
    found["behaviour"] = behave(config.behaviours, predict, table, answers.classes, config.seed, target["kind"])
    return found


def suspected(samples: Mapping[str, Sample], table: pa.Table, samples_drawn: int, seed: int) -> dict[str, Any] | None:
    """Test rows whose label the models together doubt, and every metric without them; None for what is not one class of several.

    Rows are judged by the mean of the models' probabilities, none of which has learnt from them.  That models measure better without
    the rows that they doubt is no merit: what is to be seen is whether their order changes.
    """
    first = next(iter(samples.values()))
    if not isinstance(first.answers, OneOfAnswers):
        return None
    doubted = suspects(first.answers.truth, {name: one.answers.outputs for name, one in samples.items()})
    order = np.flatnonzero(doubted.mask)[np.argsort(doubted.score[doubted.mask], kind="stable")]
    ids, classes = table["id"].take(pa.array(order)).to_pylist(), first.answers.classes
    kept = ~doubted.mask
    return {
        "n": len(order),
        "by": list(samples),
        "reason": doubted.reason,
        "ids": sorted(ids),
        "rows": [
            {
                "id": ids[place],
                "label": classes[first.answers.truth[row]],
                "suggested": classes[doubted.suggested[row]],
                "score": float(doubted.score[row]),
            }
            for place, row in enumerate(order[:_SHOWN])
        ],
        "metrics": {
            name: intervals(sample(one.answers, one.block, one.weights, kept, own=one.own), samples_drawn, seed)
            for name, one in samples.items()
        }
        if len(order)
        else {},
    }


def validation(answers: Answers, told: list[str], outputs: Array, groups: Array) -> Answers:
    """A model's answers to the validation rows."""
    return replace(answers, truth=answers.read(told, answers.classes), outputs=outputs, groups=groups)


def _columns(config: Evaluate, table: pa.Table, target: Mapping[str, Any]) -> dict[str, Array]:
    """What rows may be weak by: the columns of the slices, the length of the text, and the class."""
    found: dict[str, Array] = {}
    for name in config.slices:
        if name == "length":
            if "text" in table.column_names:
                found[name] = pc.fill_null(pc.utf8_length(table["text"]), 0).to_numpy().astype(np.float64)
        else:
            column = table[name]
            number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
            found[name] = column.to_numpy().astype(np.float64) if number else _texts(column)
    if target["kind"] in ("one_of", "ordered"):
        found[target["column"]] = _texts(table[target["column"]])
    return found


def _texts(column: pa.ChunkedArray) -> Array:
    return np.asarray(pc.fill_null(column.cast(pa.string()), MISSING).to_numpy(zero_copy_only=False))
