"""Members: models inside a model, each with its files under its name. Nothing is copied: what is stored stays where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import Model, StageError
from pipeline.digest import Json
from pipeline.errors import bounded

from ..predict import Predictor, predictor

Array = np.ndarray[Any, Any]


def together(family: str, models: Mapping[str, Model], facts: Mapping[str, Json], files: Mapping[str, bytes]) -> Model:
    """One model that holds others. facts, files: its own; a file of its own has no folder."""
    require_agreement(models)
    first = next(iter(models.values()))
    return Model(
        facts={
            "family": family,
            "target": target_of(first),
            "classes": list(first.facts["classes"]),
            "parameters": sum(int(model.facts.get("parameters") or 0) for model in models.values())
            + int(facts["own_parameters"]),
            "members": {name: dict(model.facts) for name, model in models.items()},
            **facts,
        },
        files={f"{name}/{file}": content for name, model in models.items() for file, content in model.files.items()}
        | dict(files),
    )


def members_of(model: Model) -> dict[str, Model]:
    """The models inside, by name, in the order that they were given in. Raises StageError for facts that name none."""
    found = model.facts.get("members")
    if not isinstance(found, Mapping) or not found:
        raise StageError(f"the model is of family {bounded(model.facts.get('family'))!r} and has no members; make it again")
    order = model.facts.get("order", list(found))
    return {
        name: Model(
            facts=found[name],
            files={file.removeprefix(f"{name}/"): data for file, data in model.files.items() if file.startswith(f"{name}/")},
        )
        for name in order
    }


def asked(models: Mapping[str, Model]) -> Predictor:
    """What each member says, classes in the order of the first: n rows -> [n, members, C]"""
    classes = list(next(iter(models.values())).facts["classes"])
    members = [(predictor(model), _places(classes, model)) for model in models.values()]

    def ask(rows: pa.Table) -> Array:
        return np.stack([predict(rows)[:, places] for predict, places in members], axis=1)

    return ask


def target_of(model: Model) -> dict[str, Json]:
    """What a model says something of; a model that does not say has one label of several."""
    return dict(model.facts.get("target") or {"kind": "one_of", "column": "label"})


def require_agreement(models: Mapping[str, Model]) -> None:
    """Raise StageError, naming two models and what differs, unless all say the same thing of a row."""
    if len(models) < 2:
        raise StageError(f"an ensemble of {', '.join(models) or 'nothing'} is none; give it two models or more")
    (first, one), *others = models.items()
    for name, other in others:
        ours, theirs = (tuple(target_of(model).get(key) for key in ("kind", "column")) for model in (one, other))
        if ours != theirs:
            raise StageError(
                f"models {first!r} and {name!r} differ in their target: {ours[0]} of column {ours[1]!r}, and {theirs[0]} of column "
                f"{theirs[1]!r}; train them on one target"
            )
        ours, theirs = tuple(one.facts["classes"]), tuple(other.facts["classes"])
        if set(ours) != set(theirs):
            alone = sorted(set(ours) ^ set(theirs), key=str)
            owner = first if alone[0] in ours else name
            raise StageError(
                f"models {first!r} and {name!r} differ in their classes: {bounded(alone[0])!r} is known to {owner!r} alone"
                f"{f' (and {len(alone) - 1} more)' if len(alone) > 1 else ''}; train them on the same rows"
            )


def _places(classes: list[str], model: Model) -> list[int]:
    """Where a member has each of the classes; a number has one column."""
    own = list(model.facts["classes"])
    return [own.index(name) for name in classes] if classes else [0]
