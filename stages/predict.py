"""Predict: a stored model as a function from rows to its outputs, and its answers for rows given in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline import Model, StageError, UsageError
from pipeline.errors import bounded

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# n rows with their source columns -> [n, classes], rows sum to 1 where the classes exclude each other; [n, 1] for a number
Predictor = Callable[["pa.Table"], "np.ndarray[Any, Any]"]

_FAMILIES = ("majority", "nb_svm", "tfidf_logistic", "boosting", "encoder_logistic", "net", "average", "stack")


class Answer(NamedTuple):
    """What a model says of a row, and how sure it is, from 0 to 1."""

    label: str
    probability: float


def predict_rows(model: Model, rows: Sequence[str | Mapping[str, Any]]) -> list[Any]:
    """What a model says of each row, in their order: `predict_rows(Model.load("folder"), ["a text", "another"])`.

    rows: texts, or dictionaries with the columns that the model reads.  Gives an `Answer` a row; for a target of several classes a
    list of them, those likelier than not, the likeliest first; for a number a float.  Reads the model anew: for many calls take
    `predictor(model)` once.  Raises UsageError for rows that are neither, StageError for rows that lack a column.
    """
    import pyarrow as pa

    if isinstance(rows, str | Mapping) or not all(isinstance(row, str | Mapping) for row in rows):
        raise UsageError(f"rows are {bounded(rows)}, expected a list of texts or of dictionaries; put one row in brackets")
    given = [{"text": row} if isinstance(row, str) else row for row in rows]
    columns = list(dict.fromkeys(name for row in given for name in row)) or ["text"]
    found = predictor(model)(pa.table({name: [row.get(name) for row in given] for name in columns}))
    classes, kind = list(model.facts["classes"]), dict(model.facts.get("target") or {}).get("kind", "one_of")
    if kind == "number":
        return [float(value) for value in found[:, 0]]
    answers = [sorted(map(Answer, classes, map(float, row)), key=lambda answer: -answer.probability) for row in found]
    if kind == "several_of":
        return [[answer for answer in row if answer.probability > 0.5] for row in answers]
    return [row[0] for row in answers]


def predictor(model: Model) -> Predictor:
    """Read a model; its columns are `model.facts["classes"]`. Raises StageError for a family nobody knows."""
    import numpy as np
    from safetensors import SafetensorError

    try:
        predict = _of_family(model)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, SafetensorError) as error:
        family = bounded(model.facts.get("family"))
        raise StageError(
            f"the model's files cannot be read as {family}: {bounded(error, 300)}; make the model again"
        ) from error

    width = len(model.facts.get("classes") or ()) or 1

    def answer(rows: pa.Table) -> np.ndarray[Any, Any]:
        if not rows.num_rows:
            return np.zeros((0, width))
        try:
            found = predict(rows)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StageError(
                f"the model cannot answer rows with the columns {bounded(', '.join(rows.column_names))}: {bounded(str(error), 200)}; "
                f"give each row the columns that the model was fitted on, of the same types"
            ) from error
        if found.shape[1] != width:
            raise StageError(f"the model says {found.shape[1]} values a row and names {width} classes; make the model again")
        return found

    return answer


def _of_family(model: Model) -> Predictor:
    match model.facts.get("family"):
        case "majority":
            from .baseline.majority import load_majority

            return load_majority(model)
        case "tfidf_logistic":
            from .baseline.tfidf_logistic import load_tfidf_logistic

            return load_tfidf_logistic(model)
        case "nb_svm":
            from .baseline.nb_svm import load_nb_svm

            return load_nb_svm(model)
        case "boosting":
            from .baseline.boosting import load_boosting

            return load_boosting(model)
        case "encoder_logistic":
            from .baseline.encoder_logistic import load_encoder_logistic

            return load_encoder_logistic(model)
        case "net":
            from .train.model import load_net

            return load_net(model)
        case "average":
            from .ensemble.average import load_average

            return load_average(model)
        case "stack":
            from .ensemble.stacking import load_stack

            return load_stack(model)
        case family:
            raise StageError(f"model family {family!r} is unknown, expected one of {', '.join(_FAMILIES)}")
