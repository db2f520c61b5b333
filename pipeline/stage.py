"""Stage: a frozen config, whose `run` (or `map`) declares its ports by its signature."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from .artifact import Artifact
from .digest import Json
from .errors import UsageError
from .frozen import Frozen
from .table import Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Outside:
    """One item outside the pipeline, a file or a package, in the state (digest or version) that `Stage.outside` found."""

    name: str
    state: Json


class Stage(Frozen):
    """One kind of work on artifacts.

    Fields are its config.  A subclass defines one of

        def run(self, rows: Table[A], model: Model) -> Table[B]     # whole artifacts
        def map(self, rows: Table[A]) -> Table[B]                   # one fragment at a time
        def map(self, item: Outside) -> Table[B]                    # one item of what `outside` lists at a time

    whose parameters are the input ports and whose return annotation gives the outputs: one artifact (its port is called
    `rows`, `model`, ... after its class), or a NamedTuple of artifacts (a port a field).  `Mapping[str, Model]` reads
    several steps, by step name.  A parameter with the default None may stay unwired.

    `Iterator[Table[B]]` gives a table part by part, each stored as it comes, so that no more than a part is in memory.
    What `map` made of a fragment or an item is kept and used again while that fragment or item, the code, the config and the packages are
    the same: it may look at nothing else.  `packages` of the models in its config count beside its own.

    `reaches` holds functions, classes and modules (or their import strings, "package.module:name") that the code finds by a name
    which is known only when it runs: they count for the key, whole modules with all that is in them.  A class that declares it,
    `reaches = ()` included, is not warned about; so does one of its config's models, and what derives from it.
    """

    packages: ClassVar[
        tuple[str, ...]
    ] = ()  # distributions whose version can change the output; "name?": where it is installed
    reaches: ClassVar[tuple[Any, ...]] = ()
    collective: ClassVar[bool] = False  # `run` meets itself in the other processes that torchrun started
    together: ClassVar[tuple[str, ...]] = ()  # ports that one and the same step must feed
    keeps_rows: ClassVar[bool] = True  # rows in = rows out + quarantined, where both ports are called `rows`

    def outside(self) -> Mapping[str, Json]:
        """What is read from outside the pipeline, as name -> version or digest: part of the key.

        Raises UsageError where it is missing or not readable, so that `plan` says so before anything runs.
        """
        return {}

    def unchanged(self, item: Outside) -> bool:
        """Whether an item is still in the state that `outside` found, asked when it has been read."""
        return bool(self.outside().get(item.name) == item.state)

    def columns_read(self) -> Mapping[str, Sequence[str] | Mapping[str, str | None]]:
        """Columns that the config names, by port, beside those of the port's Record: wiring looks for them.

        A mapping gives the type that each must have, in the words of `Record.columns`, or None for any: `int64 or decimal` is either,
        decimals of all sizes among them.
        """
        return {}

    def derived(self) -> Mapping[str, Sequence[str]]:
        """Columns that are computed from others, each with those: a person who puts a row right leaves them to `derive`."""
        return {}

    def derive(self, rows: pa.Table) -> pa.Table:
        """Rows that were put right here, or in a step that gets rows from here, with these columns computed anew."""
        return rows


@dataclass(frozen=True)
class Port:
    """One input or output: the artifact class, for a table its Record, and whether several steps may feed it."""

    name: str
    kind: type
    record: Any = None
    many: bool = False
    required: bool = True

    def __str__(self) -> str:
        shown = f"{self.kind.__name__}[{self.record.__name__}]" if self.record else self.kind.__name__
        return f"Mapping[str, {shown}]" if self.many else shown


@dataclass(frozen=True)
class Ports:
    """The ports of a stage, in the order of its signature.

    mapped: it defines `map`, over the fragments of its one input or, where it has none, over the items that are outside.
    """

    inputs: dict[str, Port]
    outputs: dict[str, Port]
    mapped: bool


def ports(stage: Stage) -> Ports:
    """Read a stage's ports off its signature. Raises UsageError for one that declares none or wrong ones."""
    return _ports(type(stage))


def origin(kind: type) -> type:
    """The class as written in a file: `Clean` for `Clean[Docstring]`."""
    return getattr(kind, "__pydantic_generic_metadata__", {}).get("origin") or kind


def record_of(stage: Stage) -> Any:
    """The Record in the brackets: `Docstring` for `Clean[Docstring](...)`, also of a subclass of `Clean[Docstring]`."""
    return next(iter(_brackets(type(stage)).values()))


def _brackets(kind: type) -> dict[Any, Any]:
    """Type variable -> what stands for it in the brackets, of a class or of the nearest class that it derives from."""
    for ancestor in kind.__mro__:
        found = vars(ancestor).get("__pydantic_generic_metadata__", {})
        if found.get("args"):
            return dict(zip(found["origin"].__pydantic_generic_metadata__["parameters"], found["args"], strict=True))
    return {}


@cache
def _ports(kind: type[Stage]) -> Ports:
    name = kind.__name__
    found = [method for method in ("run", "map") if callable(getattr(kind, method, None))]
    if len(found) != 1:
        raise UsageError(f"stage {name} must define either run or map; it defines {' and '.join(found) or 'neither'}")
    function = getattr(kind, found[0])
    variables = _brackets(kind)
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise UsageError(f"stage {name}: the annotations of {found[0]} do not resolve: {error}") from error
    inputs = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.name not in hints:
            raise UsageError(f"stage {name}: parameter {parameter.name!r} of {found[0]} has no annotation")
        if hints[parameter.name] is Outside and found[0] == "map":
            continue
        required = parameter.default is inspect.Parameter.empty
        inputs[parameter.name] = _port(name, parameter.name, hints[parameter.name], variables, required)
    returned = hints.get("return")
    several = typing.get_origin(returned) or returned  # `Features[R]` is the tuple `Features`, whose own R it is
    if isinstance(several, type) and issubclass(several, tuple) and hasattr(several, "_fields"):
        outputs = {field: _port(name, field, hint, variables) for field, hint in typing.get_type_hints(several).items()}
    else:
        if typing.get_origin(returned) in (Iterator, Iterable):
            (returned,) = typing.get_args(returned)
        port = _port(name, "return", returned, variables)
        outputs = {port.kind.port: Port(port.kind.port, port.kind, port.record)}  # type: ignore[attr-defined]  # every artifact class has `port`
    parameters = len(inspect.signature(function).parameters) - 1
    if found[0] == "map" and (
        parameters != 1
        or any(p.kind is not Table or p.many for p in (*inputs.values(), *outputs.values()))
        or len(outputs) != 1
    ):
        raise UsageError(
            f"stage {name}: map reads one Table or one Outside and returns one Table; define run for anything else"
        )
    return Ports(inputs, outputs, found[0] == "map")


def _port(stage: str, name: str, hint: Any, variables: dict[Any, Any], required: bool = True) -> Port:
    many = typing.get_origin(hint) in (Mapping, dict)
    if many:
        hint = typing.get_args(hint)[1]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
    record = None
    if typing.get_origin(hint) is Table:
        record = typing.get_args(hint)[0]
        hint = Table
        if isinstance(record, typing.TypeVar):
            if record not in variables:
                raise UsageError(f"stage {stage} needs its Record in brackets: {stage}[YourRecord](...)")
            record = variables[record]
    if not (isinstance(hint, type) and (hint is Table or issubclass(hint, Artifact))):
        raise UsageError(
            f"stage {stage}: port {name!r} is annotated {hint!r}; expected Table[Record] or an Artifact such as Model"
        )
    return Port(name, hint, record, many, required)
