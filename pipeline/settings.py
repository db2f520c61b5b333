"""A model's config: as a document for the key, and changed by `step.field=value` from the command line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from .digest import Json, canonical
from .errors import UsageError, bounded, suggest
from .stage import Stage, origin

M = TypeVar("M", bound=BaseModel)


def config(value: Any) -> Json:
    """A config value as JSON; a model carries its class, since two classes may have the same fields.

    A field declared with `exclude=True` is left out: it says how something is made, and not what.
    """
    if isinstance(value, BaseModel):
        counted = [name for name, field in type(value).model_fields.items() if not field.exclude]
        return {"class": class_name(type(value)), **{name: config(getattr(value, name)) for name in counted}}
    if isinstance(value, type):
        return class_name(value)
    if isinstance(value, Mapping):
        return ordered({str(name): config(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return [config(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((config(item) for item in value), key=canonical)
    if isinstance(value, Enum):
        return {"class": class_name(type(value)), "name": value.name, "value": config(value.value)}
    if is_dataclass(value):
        return {"class": class_name(type(value)), **{one.name: config(getattr(value, one.name)) for one in fields(value)}}
    return to_jsonable_python(value)


def require_config(stage: BaseModel) -> None:
    """Raise UsageError for a field that no JSON can hold, and so no key."""
    for name in type(stage).model_fields:
        try:
            canonical(config(getattr(stage, name)))
        except (ValueError, TypeError) as error:  # pydantic's own are ValueErrors
            raise UsageError(
                f"field {name!r} of {type(stage).__name__} is {bounded(getattr(stage, name))}, which has no place in a key ({error}); "
                f"expected finite numbers, text, dates, enums, models, and lists, sets or mappings of them"
            ) from None


def ordered(found: dict[str, Json]) -> dict[str, Json]:
    """A mapping, with the order of its names where that is not their own: JSON forgets it, and a stage may go by it."""
    return found if list(found) == sorted(found) else {**found, "(order)": list(found)}


def class_name(kind: type) -> str:
    """`stages.clean:Clean[schemas.text:Text]`: where a class is written, not where its brackets were first filled in."""
    written = origin(kind)
    brackets = getattr(kind, "__pydantic_generic_metadata__", {}).get("args", ())
    inner = f"[{', '.join(class_name(a) if isinstance(a, type) else str(a) for a in brackets)}]" if brackets else ""
    return f"{written.__module__}:{written.__qualname__}{inner}"


def classes(value: Any) -> Iterator[type]:
    """The class of a model and of every model, dataclass, Enum and class among its values: where its code begins."""
    if isinstance(value, type):
        yield value
    elif isinstance(value, BaseModel):
        yield type(value)
        for name in type(value).model_fields:
            yield from classes(getattr(value, name))
    elif isinstance(value, Enum):
        yield type(value)
    elif dataclasses.is_dataclass(value):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from classes(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from classes(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from classes(item)


def with_settings(step: str, stage: Stage, settings: Iterable[tuple[str, str]]) -> Stage:
    """The stage with `(field or field.inner, text)` settings applied, in order; inside a mapping goes by key, a sequence by position.

    A value is JSON where it parses as JSON and the field takes it, else a string.  Raises UsageError naming the field and what
    it expects.
    """
    for path, text in settings:
        try:
            stage = _with(step, stage, path.split("."), _value(text))
        except UsageError as error:
            try:
                stage = _with(step, stage, path.split("."), text)
            except UsageError:
                raise error from None
    return stage


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or a number or a nesting that Python refuses
        return text


def _with(where: str, model: M, path: list[str], value: Any) -> M:
    name, *rest = path
    fields = type(model).model_fields
    if name not in fields:
        raise UsageError(f"--set {where}: {type(model).__name__} has no field {name!r}; {suggest(name, fields)}")
    if rest:
        value = _inside(f"{where}.{name}", getattr(model, name), rest, value)
    try:
        return type(model).model_validate({field: getattr(model, field) for field in fields} | {name: value})
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise UsageError("\n".join(_complaint(f"{where}.{name}", value, detail) for detail in details)) from None


def _inside(where: str, outer: Any, path: list[str], value: Any) -> Any:
    """The same model, mapping or sequence with the value at the end of the path: a field, a key or a position a step."""
    if isinstance(outer, BaseModel):
        return _with(where, outer, path, value)
    name, *rest = path
    if isinstance(outer, Mapping):
        if rest and name not in outer:
            raise UsageError(f"--set {where}: it has no key {name!r}; {suggest(name, outer)}")
        return {**outer, name: _inside(f"{where}.{name}", outer[name], rest, value) if rest else value}
    if isinstance(outer, list | tuple):
        places = [str(place) for place in range(len(outer))]
        if name not in places:
            raise UsageError(f"--set {where}: it has no position {name!r}; {suggest(name, places)}")
        changed = list(outer)
        changed[int(name)] = _inside(f"{where}.{name}", outer[int(name)], rest, value) if rest else value
        return changed
    raise UsageError(f"--set {where}: it has no inner fields; set it whole, as JSON")


def _complaint(where: str, value: Any, detail: Mapping[str, Any]) -> str:
    """One finding in a line. A rule over several fields finds fault with the whole model; what was set is shown all the same."""
    loc = detail["loc"]
    place = ".".join([where.rpartition(".")[0], *map(str, loc)]) if loc else where
    found = bounded(detail["input"] if loc else value)
    if detail["type"] == "value_error":  # a rule's own words, which say what it expects
        return f"--set {place}: found {found}; {detail['ctx']['error']}"
    return f"--set {place}: found {found}, expected: {detail['msg']}"
