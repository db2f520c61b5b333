"""What a name of a module stands for in the end, through imports and re-exports."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .firstparty import FRAMEWORK, RECORDS, is_first_party, machinery
from .source import module
from .syntax import Function, Imports, Module, Target, dotted

Meaning = tuple[Module, str] | str  # a definition of ours, or the full name of somebody else's
# Base classes that call no method of their own accord but those that Python calls, and `model_...`.
_INERT = frozenset({"abc", "dataclasses", "enum", "pydantic", "typing", "typing_extensions", FRAMEWORK})
_MODELS = frozenset({"pydantic", "enum", FRAMEWORK})
_MAKERS = frozenset({("namedtuple",), ("NamedTuple",), ("TypedDict",)})
_PLAIN = frozenset({"staticmethod", "classmethod", "property", "cached_property", "override", "abstractmethod"})
_DEEP = 20  # re-exports in a row; beyond it they go round


def targets(home: Module, name: str) -> Sequence[Target]:
    """All that a name of a module may be imported from, with a star too."""
    return home.imports.get(name) or ([] if name in home.definitions else [(star, name) for star in home.stars])


def meanings(home: Module, chain: Sequence[str], local: Imports | None = None, deep: int = 0) -> Iterator[Meaning]:
    """All that `a.b.c` may stand for in a module; nothing for a builtin, a local variable and a module of ours."""
    if not chain or deep > _DEEP:
        return
    first, *rest = chain
    if first in home.definitions and not (local and first in local):
        yield home, first
    for target, name in (local or {}).get(first) or targets(home, first):
        yield from _inside(target, [name, *rest] if name else rest, deep)


def _inside(target: str, names: list[str], deep: int) -> Iterator[Meaning]:
    if not is_first_party(target):
        yield ".".join([target, *names])
        return
    home = module(target)
    if not names:
        return
    if home is not None and (names[0] in home.definitions or names[0] in home.imports or not module(f"{target}.{names[0]}")):
        yield from meanings(home, names, None, deep + 1)
    else:
        yield from _inside(f"{target}.{names[0]}", names[1:], deep)


def lineage(home: Module, node: ast.ClassDef, deep: int = 0) -> Iterator[tuple[Module, ast.ClassDef] | str]:
    """A class and all that it derives from: our classes, and the full names of somebody else's, "?" for a base that is made."""
    yield home, node
    for parent in node.bases:
        parent = parent.value if isinstance(parent, ast.Subscript) else parent
        if isinstance(parent, ast.Call) and dotted(parent.func)[-1:] not in _MAKERS:
            yield "?"
        for found in meanings(home, dotted(parent)):
            if isinstance(found, str):
                yield found
            elif deep < _DEEP:
                above = found[0].definitions[found[1]]
                for inner in (inner for inner in above if isinstance(inner, ast.ClassDef) and inner is not node):
                    yield from lineage(found[0], inner, deep + 1)


def is_called_by_others(home: Module, node: ast.ClassDef) -> bool:
    """Whether somebody else may call any method of a class.

    Of one that derives, at last, from theirs, as from `nn.Module`; and of a plain one, whose instances are handed to whoever calls
    `write` or `keys` on them.  The methods of models, which stages and records are, are called by name, those of an expectation by its machinery.
    """
    above = {_whose(found) for found in lineage(home, node) if isinstance(found, str)}
    return bool(above - _INERT) or above.isdisjoint(_MODELS)


def _whose(name: str) -> str:
    return FRAMEWORK if machinery(name) == RECORDS else name.partition(".")[0]


def runs(method: Function, mentioned: set[str]) -> bool:
    """Whether a method may run: Python, pydantic or a decorator calls it, or reached code mentions its name."""
    by_itself = (method.name.startswith("_") and method.name.endswith("_")) or method.name.startswith("model_")
    decorators = {getattr(d, "id", getattr(d, "attr", "call")) for d in method.decorator_list}
    return by_itself or method.name in mentioned or bool(decorators - _PLAIN)
