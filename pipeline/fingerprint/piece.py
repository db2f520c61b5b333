"""Piece: what a statement says in its module, and where its names lead. Found once a process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ..digest import digest_bytes
from .dynamic import Lookup, lookups
from .firstparty import is_first_party
from .meaning import targets
from .reading import Reading, reading
from .syntax import Imports, Module, Target

Path = tuple[Target, tuple[str, ...], bool]  # what is imported, the names after its dots, and whether it is passed on by itself


@dataclass(frozen=True)
class Piece:
    """digest: of its text and of what its names are imported as.  names: all in it.  own: those that its module binds.

    paths: to other modules.  words: its attributes and strings, which may be the names of methods.  lookups: by names known when the code runs.
    """

    digest: str
    names: frozenset[str]
    own: tuple[str, ...]
    paths: tuple[Path, ...]
    words: frozenset[str]
    lookups: tuple[Lookup, ...]


@cache
def piece(home: Module, node: ast.stmt) -> Piece:
    """One top-level statement of a module, or one method; of a class all but its methods."""
    found = reading(node, home.package)
    local: Imports = {}
    for name, target in found.imports:
        local.setdefault(name, []).append(target)
    means = "".join(f"\n{name}={home.imports[name]}" for name in found.names if name in home.imports)
    return Piece(
        digest_bytes((found.text + means).encode()),
        frozenset(found.names),
        tuple(dict.fromkeys(_own(home, found))),
        tuple(dict.fromkeys(_paths(home, found, local))),
        found.attributes | found.strings,
        tuple(lookups(home, node, found, local)),
    )


def _own(home: Module, found: Reading) -> Iterator[str]:
    made = home.stars or "__getattr__" in home.definitions or "globals" in home.definitions  # then any name may be one of its
    for name in found.names:
        if made or name in home.definitions or name in home.imports:
            yield name
    for text in found.strings:
        if any(isinstance(node, ast.ClassDef) for node in home.definitions.get(text, ())):
            yield text


def _paths(home: Module, found: Reading, local: Imports) -> Iterator[Path]:
    for _, target in found.imports:
        yield target, (), False
    for chain in found.chains:
        yield from paths(home, chain, local)
    for name in found.bare:
        yield from paths(home, (name,), local)


def paths(home: Module, chain: tuple[str, ...], local: Imports) -> Iterator[Path]:
    """Where `a.b.c` leads, when `a` is imported; of somebody else's module, no further than to it."""
    first = chain[0]
    for target in (*local.get(first, ()), *targets(home, first)):
        yield (target, chain[1:], True) if is_first_party(target[0]) else (target, (), False)
