"""What a model says of rows, over the classes of all models; and what is true of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.errors import bounded, suggest

from .answers import Answers, Array
from .looks import validation

if TYPE_CHECKING:
    from ..predict import Predictor


@dataclass(frozen=True)
class Said:
    """A model by what it answers. classes: the columns of its outputs.  about: what an evaluation says of the model itself."""

    predict: Predictor
    classes: list[str]
    about: Mapping[str, Any]


def truth(table: pa.Table, column: str) -> pa.ChunkedArray:
    """The column of the target, each row's known. Raises StageError."""
    if column not in table.column_names:
        raise StageError(f"the rows have no column {column!r}, which the models learnt; {suggest(column, table.column_names)}")
    known = table[column].is_valid()
    if pa.types.is_floating(table[column].type):
        known = pc.and_kleene(known, pc.is_finite(table[column]))
    missing = table.num_rows - pc.sum(known).as_py()
    if missing:
        raise StageError(
            f"{missing:,} of {table.num_rows:,} test rows have no {column!r}, so that nothing can be right or wrong there; "
            f"leave such rows out before Split"
        )
    return table[column]


def distinct(table: pa.Table) -> None:
    """Raises StageError where two test rows have one id: two runs are paired by it, and each would count as often as the other."""
    ids = pc.value_counts(table["id"].combine_chunks())
    often = ids.filter(pc.greater(ids.field("counts"), 1))
    if len(often):
        raise StageError(
            f"{len(often):,} ids are those of several test rows, {bounded(repr(often[0]['values'].as_py()))} of {often[0]['counts']}; "
            f"give each row an id of its own, or leave repeats out before Split"
        )


def outputs(name: str, said: Said, rows: pa.Table, classes: list[str], kind: type[Answers]) -> Array:
    """[n, classes]: the model's own columns, zero for a class that it never saw; [n, 1] for a number.

    Raises StageError for what is no number, and for what are no probabilities.
    """
    given = said.predict(rows)
    wrong, expected = ~np.isfinite(given).all(axis=1), "finite numbers"
    if not wrong.any():
        wrong, expected = kind.impossible(given)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise StageError(
            f"model {name!r} says {_shown(given[row])} of row {rows['id'][row].as_py()!r}, expected {expected} "
            f"({int(wrong.sum()):,} of {len(given):,} rows are so); mend the model before it is measured"
        )
    return spread(given, said.classes, classes)


def validated(answers: Answers, name: str, said: Said, valid: pa.Table, column: str) -> Answers | None:
    """Its answers to the validation rows whose truth is known, and one of the classes; None without any, or of a number."""
    if not answers.classes:
        return None
    told = answers.told(valid[column])
    known = [place for place, one in enumerate(told) if answers.named([one]) <= set(answers.classes)]
    valid = valid.take(pa.array(known, pa.int64()))
    if not valid.num_rows:
        return None
    found = outputs(name, said, valid, list(answers.classes), type(answers))
    return validation(answers, [told[place] for place in known], found, groups_of(valid))


def groups_of(table: pa.Table) -> Array:
    """The number of each row's group: [n]"""
    return np.asarray(table["group"].combine_chunks().dictionary_encode().indices.to_numpy())


def spread(given: Array, own: list[str], classes: list[str]) -> Array:
    """Outputs over `classes`, from those over `own`; as they are where there are no classes."""
    if not classes or own == classes:
        return given
    found = np.zeros((len(given), len(classes)))
    found[:, [classes.index(label) for label in own]] = given
    return found


def _shown(row: Array) -> str:
    """`[0.7, 0.7], together 1.4`"""
    first = ", ".join(f"{value:.4g}" for value in row[:_SHOWN])
    return f"[{first}{', ...' if len(row) > _SHOWN else ''}], together {row.sum():.6g}" if len(row) > 1 else f"{row[0]:.4g}"


_SHOWN = 5
