"""Which answers belong to which target, and the one target of several models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline import Model, StageError
from pipeline.errors import suggest

from .answers import Answers
from .number import NumberAnswers
from .one_of import OneOfAnswers
from .ordered import OrderedAnswers
from .several_of import SeveralOfAnswers

KINDS: Mapping[str, type[Answers]] = {
    "one_of": OneOfAnswers, "several_of": SeveralOfAnswers, "number": NumberAnswers, "ordered": OrderedAnswers,
}  # fmt: skip


def target_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Kind and column of the target in the facts of a model or an evaluation, and its levels where they are in order.

    Facts that name none are of a label, one of many.  Raises StageError for a kind nobody knows.
    """
    told = facts.get("target") or {}
    kind, column = told.get("kind", "one_of"), told.get("column", "label")
    if kind not in KINDS:
        raise StageError(f"target {kind!r} is unknown; {suggest(str(kind), KINDS)}")
    return {"kind": kind, "column": column, **({"levels": list(facts["classes"])} if kind == "ordered" else {})}


def shared_target(models: Mapping[str, Model]) -> dict[str, Any]:
    """The target that all models have. Raises StageError, showing both, where two have not the same."""
    targets = {name: target_of(model.facts) for name, model in models.items()}
    (first, target), *others = targets.items()
    for name, other in others:
        if other != target:
            raise StageError(
                f"model {first!r} says {words(target)}, model {name!r} says {words(other)}: they have no metrics in common; "
                f"evaluate them in two steps"
            )
    return target


def words(target: Mapping[str, Any]) -> str:
    """`number of column 'price'`"""
    levels = f" ({' < '.join(target['levels'])})" if "levels" in target else ""
    return f"{target['kind']} of column {target['column']!r}{levels}"
