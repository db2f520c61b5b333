"""Part: one slot's config, read by its name; Input: what a part is told of the column that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import ValidatorFunctionWrapHandler, model_validator

from pipeline.errors import suggest
from pipeline.frozen import Frozen

Kind = Literal["tokens", "characters", "numbers"]

# What a column of each kind is in a table, and as a batch.
COLUMNS: Mapping[Kind, str] = {"tokens": "list<int64>", "characters": "list<list<int64>>", "numbers": "list<double>"}
AXES: Mapping[Kind, str] = {
    "tokens": "[rows, length]",
    "characters": "[rows, length, characters]",
    "numbers": "[rows, numbers]",
}


@dataclass(frozen=True)
class Input:
    """One column of features.

    size: how many tokens its vocabulary has, characters its alphabet, or numbers each row; padding and unknown counted.
    files: name -> bytes of the vocabulary or of the stored model that it comes with.
    """

    kind: Kind
    size: int
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


class Part(Frozen):
    """One slot's config. packages: distributions that it needs beside those of the stage.

    abstract, in a class's own body: it is no part, but what several have in common.
    """

    abstract: ClassVar[bool] = True
    packages: ClassVar[tuple[str, ...]] = ()
    reaches: ClassVar[tuple[Any, ...]] = ()  # its subclasses are looked up by name to read a config: the one in use counts

    @model_validator(mode="wrap")
    @classmethod
    def _by_name(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        """Take the name of a subclass, or {name: fields}, for the slot of a base class."""
        if isinstance(value, str):
            value = {value: {}}
        if isinstance(value, Mapping) and len(value) == 1 and not set(value) & set(cls.model_fields):
            ((name, fields),) = value.items()
            known = {kind.__name__: kind for kind in _kinds(cls)}
            if name not in known:
                raise ValueError(
                    f"{cls.__name__} has no part {name!r}; {suggest(str(name), known)}; one of your own is known once its module is imported"
                )
            return known[name](**fields) if known[name] is not cls else read(fields)
        return read(value)


def by_name(value: Any) -> Any:
    """A part as JSON, each part in it as {its class: its fields}: a class is looked up by its name, never imported."""
    if isinstance(value, Part):
        return {type(value).__name__: {name: by_name(inner) for name, inner in value}}
    if isinstance(value, Mapping):
        return {name: by_name(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [by_name(inner) for inner in value]
    return value


def _kinds(part: type[Part]) -> Iterator[type[Part]]:
    """Those that are no base of others alone; of two of one name the shipped one is last, so that nobody takes its place unseen."""
    found = list(_below(part))
    yield from sorted(found, key=lambda kind: kind.__module__.startswith(__package__.partition(".")[0] + "."))


def _below(part: type[Part]) -> Iterator[type[Part]]:
    for kind in part.__subclasses__():
        yield from _below(kind)
    if "abstract" not in vars(part):
        yield part
