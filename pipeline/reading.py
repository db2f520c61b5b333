"""Reading: what one piece of first-party code says, docstrings left out. Each piece is read once a process."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache

from .source import Imports, imports_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = Function | ast.ClassDef


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

    package: where a relative import starts.  One pass by hand takes a third of the time of `ast.dump` and `ast.walk`.
    """
    said: list[str] = []
    imports: Imports = {}
    names: dict[str, None] = {}
    chains: dict[tuple[str, ...], None] = {}
    attributes: set[str] = set()

    def read(inner: ast.AST) -> None:
        kind = type(inner)
        said.append(kind.__name__)
        if isinstance(inner, ast.Name):
            names[inner.id] = None
        elif isinstance(inner, ast.Attribute):
            attributes.add(inner.attr)
            chains[_chain(inner)] = None
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            imports.update(imports_of(inner, package))
        for field in kind._fields:
            value = getattr(inner, field, None)
            if isinstance(value, list):
                said.append("[")
                for item in _without_text(value) if field == "body" and isinstance(inner, _Documented) else value:
                    if isinstance(item, ast.AST):
                        read(item)
                    else:
                        said.append(repr(item))
                said.append("]")
            elif not isinstance(value, ast.AST):
                said.append(repr(value))
            elif not isinstance(value, ast.expr_context):
                read(value)

    if isinstance(node, ast.ClassDef):
        rest = [item for item in node.body if not isinstance(item, Function)]
        node = ast.ClassDef(**{**dict(ast.iter_fields(node)), "body": rest})
    read(node)
    chains.pop((), None)
    loaded = tuple(name for name in names if name not in imports)
    return Reading("\n".join(said), imports, loaded, tuple(chains), frozenset(attributes))


def _without_text(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements but for docstrings, those of fields included."""
    return [item for item in body if not _is_text(item)]


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
