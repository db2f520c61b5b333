"""What fills a table from afar: decorators that register, functions called at import, subclasses that are counted.

A table, a class that watches its subclasses or a single-dispatch function holds what other modules put into it when they are
imported.  So every module of the packages at hand is searched for statements that do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from ..errors import UsageError
from .firstparty import siblings
from .meaning import lineage, meanings
from .reading import reading
from .source import module, source_bytes
from .syntax import Function, Module, dotted
from .toplevel import is_table

Found = tuple[Module, str]
_OF_CLASS = (("classmethod",), ("staticmethod",))


def uses(home: Module, name: str) -> Iterator[str]:
    """The definitions of a module that are decorated by a method of one of its names: `@name.register`."""
    for use in home.runs.get(name, ()):
        if (
            len(use.chain) > 1
            and not use.derives
            and any(isinstance(node, Function | ast.ClassDef) for node in home.definitions[use.bound])
        ):
            yield use.bound


@cache
def is_open(home: Module, name: str) -> bool:
    """Whether what a name stands for may be filled or bound by what is called when a module is imported."""
    if b"global " in source_bytes(home.file) and _writers(home, name):
        return True
    return any(
        is_table(node) or _is_dispatch(node) or _watches(home, node) or _is_register(home, node)
        for node in home.definitions[name]
    )


@cache
def fillers(home: Module, name: str, top: str) -> tuple[Found, ...]:
    """What modules of the package `top` put into an open name when they are imported, and the functions that they do it by."""
    return tuple(dict.fromkeys(_fillers(home, name, top)))


def _fillers(home: Module, name: str, top: str) -> Iterator[Found]:
    watching = any(_watches(home, node) for node in home.definitions[name])
    writers = _writers(home, name)
    wanted = {name, *writers}
    for other in {home.name: home, **_mentioning(top, wanted)}.values():
        for use in (use for found in other.runs.values() for use in found):
            for meaning in meanings(other, use.chain):
                where, what = meaning if not isinstance(meaning, str) else (None, "")
                if where is not home or what not in wanted or (use.derives and not (watching and what == name)):
                    continue
                if use.derives or what in writers or (other is not home and _decorates(other, use.bound)):
                    yield other, use.bound
                    yield home, what
        yield from _called(home, other, writers, wanted)


def _called(home: Module, other: Module, writers: set[str], wanted: set[str]) -> Iterator[Found]:
    """Names of `other` with a statement, run for what it does, in which they mean a wanted one."""
    if other is home:
        for name in writers:
            if any(not isinstance(node, Function | ast.ClassDef) for node in home.definitions[name]):
                yield home, name
        return
    for local in other.imports.keys() & other.definitions.keys():
        chains = {
            chain for node in other.definitions[local] for chain in reading(node, other.package).chains if chain[0] == local
        }
        for meaning in (found for chain in [(local,), *chains] for found in meanings(other, chain)):
            if not isinstance(meaning, str) and meaning[0] is home and meaning[1] in wanted:
                yield other, local
                yield meaning


def _decorates(other: Module, bound: str) -> bool:
    return any(isinstance(node, Function | ast.ClassDef) for node in other.definitions[bound])


def _writers(home: Module, name: str) -> set[str]:
    """Functions and classes of a module that change what a name of it holds, directly or by way of one another."""
    found: set[str] = set()
    pieces = {
        other: [reading(piece, home.package) for node in nodes for piece in _pieces(node)]
        for other, nodes in home.definitions.items()
        if other != name
    }
    while more := {
        other
        for other, read in pieces.items()
        if other not in found and any(name in piece.alters or not found.isdisjoint(piece.names) for piece in read)
    }:
        found |= more
    return found


def _pieces(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, Function):
        yield node
    elif isinstance(node, ast.ClassDef):
        yield node
        yield from (item for item in node.body if isinstance(item, Function))


def _watches(home: Module, node: ast.stmt) -> bool:
    """Whether a class hears of its subclasses: by `__init_subclass__` or a metaclass of ours, also of a class it derives from."""
    return isinstance(node, ast.ClassDef) and any(_hears(*found) for found in lineage(home, node) if not isinstance(found, str))


def _hears(home: Module, node: ast.ClassDef) -> bool:
    makers = (dotted(word.value) for word in node.keywords if word.arg == "metaclass")
    return any(getattr(item, "name", "") == "__init_subclass__" for item in node.body) or any(
        not isinstance(found, str) for maker in makers for found in meanings(home, maker)
    )


def _is_register(home: Module, node: ast.stmt) -> bool:
    """Whether a class keeps what its class methods are given."""
    return isinstance(node, ast.ClassDef) and any(
        not reading(item, home.package).alters.isdisjoint(("cls", node.name))
        for item in node.body
        if isinstance(item, Function) and any(dotted(d) in _OF_CLASS for d in item.decorator_list)
    )


def _is_dispatch(node: ast.stmt) -> bool:
    """Whether a function has others registered with it: by `functools.singledispatch`."""
    return isinstance(node, Function) and any("singledispatch" in ast.unparse(decorator) for decorator in node.decorator_list)


def _mentioning(top: str, wanted: set[str]) -> dict[str, Module]:
    """The modules of a package whose file holds one of the names. One that Python cannot parse is nobody's."""
    found: dict[str, Module] = {}
    words = [name.encode() for name in wanted]
    for name, path in siblings(top):
        text = source_bytes(path)
        if any(word in text for word in words):
            with suppress(UsageError):
                other = module(name)
                if other is not None:
                    found[name] = other
    return found
