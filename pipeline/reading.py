"""Reading: what one piece of first-party code says, docstrings left out. Each piece is read once a process."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache

from .source import Imports, imports_of

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Reading:
    """text: the syntax, without comments, formatting and docstrings.  imports: those inside it.

    names: what it loads or binds, imports left out.  chains: `a.b.c` as ("a", "b", "c"), and ("a", "b").
    attributes: every name after a dot.
    """

    text: str
    imports: Imports
    names: tuple[str, ...]
    chains: tuple[tuple[str, ...], ...]
    attributes: frozenset[str]


@cache
def reading(node: ast.stmt, package: str) -> Reading:
    """Read a statement; of a class all but its methods, which are read one by one.

    package: where a relative import starts.  The tree loses its docstrings, those of fields included.
    """
    if isinstance(node, ast.ClassDef):
        rest = [item for item in node.body if not isinstance(item, Function)]
        node = ast.ClassDef(**{**dict(ast.iter_fields(node)), "body": rest})
    nodes = list(ast.walk(node))
    for inner in nodes:
        if isinstance(inner, Function | ast.ClassDef):
            inner.body = [item for item in inner.body if not _is_text(item)]
    imports: Imports = {}
    for inner in nodes:
        if isinstance(inner, ast.Import | ast.ImportFrom):
            imports |= imports_of(inner, package)
    names = dict.fromkeys(inner.id for inner in nodes if isinstance(inner, ast.Name) and inner.id not in imports)
    dotted = [inner for inner in nodes if isinstance(inner, ast.Attribute)]
    chains = dict.fromkeys(chain for chain in map(_chain, dotted) if chain)
    return Reading(ast.dump(node), imports, tuple(names), tuple(chains), frozenset(inner.attr for inner in dotted))


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _chain(node: ast.Attribute) -> tuple[str, ...]:
    """The names of `a.b.c`, or nothing for an attribute of anything but a name."""
    names = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    return (inner.id, *reversed(names)) if isinstance(inner, ast.Name) else ()
