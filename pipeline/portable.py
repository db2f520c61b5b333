"""A stage as JSON and back, so that another process can build it; never a pickle."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import reduce
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from .digest import Json
from .stage import Stage, origin

_CLASS, _FIELDS, _BRACKETS = "class", "fields", "brackets"


def describe(stage: Stage) -> Json | None:
    """JSON from which `rebuild` makes an equal stage, or None for one that cannot be made from what its fields say.

    Such are stages of a script or a notebook, and those with a field that JSON does not hold.
    """
    try:
        document = _written(stage)
        return document if rebuild(document) == stage else None
    except Exception:  # noqa: BLE001  # whatever a user's class raises here, it is not portable
        return None


def rebuild(document: Json) -> Any:
    """The stage that `describe` described; its module is imported. Raises what that raises."""
    if isinstance(document, list):
        return [rebuild(item) for item in document]
    if not isinstance(document, dict):
        return document
    if _CLASS not in document:
        return {name: rebuild(value) for name, value in document["items"]}
    kind = _class(document[_CLASS])
    if document[_BRACKETS]:
        kind = kind[tuple(map(rebuild, document[_BRACKETS]))]
    if document[_FIELDS] is None:
        return kind
    return kind.model_validate({name: rebuild(value) for name, value in document[_FIELDS].items()})


def _written(value: Any) -> Json:
    if isinstance(value, BaseModel):
        fields = {name: _written(getattr(value, name)) for name in type(value).model_fields}
        return _named(type(value)) | {_FIELDS: fields}
    if isinstance(value, type):
        return _named(value) | {_FIELDS: None}
    if isinstance(value, Mapping):
        return {"items": [[name, _written(item)] for name, item in value.items()]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_written(item) for item in value]
    return to_jsonable_python(value)


def _named(kind: type) -> Json:
    brackets = getattr(kind, "__pydantic_generic_metadata__", {}).get("args", ())
    named = origin(kind)
    return {_CLASS: f"{named.__module__}:{named.__qualname__}", _BRACKETS: [_written(argument) for argument in brackets]}


def _class(name: str) -> Any:
    module, _, path = name.partition(":")
    if module == "__main__":
        raise ImportError("what a script defines cannot be imported by another process")
    return reduce(getattr, path.split("."), importlib.import_module(module))
