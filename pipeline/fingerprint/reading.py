"""Reading: what one piece of first-party code says, docstrings left out. Each piece is read once a process."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .syntax import READS, Function, Target, base, dotted, imports_of

_Documented = Function | ast.ClassDef
_BUILTINS = frozenset(dir(builtins))
_NAME = re.compile(r"[^\W\d]\w*")
_PLAIN = frozenset({str, int, type(None)})
_HINTS = ("annotation", "returns")


@dataclass(frozen=True)
class Reading:
    """text: the syntax, without comments, formatting, docstrings and the annotations of local variables.

    imports: those inside it, as (local name, target).  names: what it loads or binds.  bare: names that no dot follows.
    chains: `a.b.c` as ("a", "b", "c").  attributes: every name after a dot.  strings: constants that could be a name.
    alters: names whose object it may change.
    """

    text: str
    imports: tuple[tuple[str, Target], ...]
    names: tuple[str, ...]
    bare: frozenset[str]
    chains: tuple[tuple[str, ...], ...]
    attributes: frozenset[str]
    strings: frozenset[str]
    alters: frozenset[str]


@cache
def reading(node: ast.stmt, package: str) -> Reading:
    """Read a statement; of a class all but its methods, which are read one by one.

    package: where a relative import starts.  One pass by hand takes a third of the time of `ast.dump` and `ast.walk`.
    """
    reader = _Reader(package)
    if isinstance(node, ast.ClassDef):
        rest = [item for item in node.body if not isinstance(item, Function)]
        node = ast.ClassDef(**{**dict(ast.iter_fields(node)), "body": rest})
    reader.read(node)
    return Reading(
        "\n".join(reader.said),
        tuple(reader.imports),
        tuple(reader.names),
        frozenset(reader.bare),
        tuple(reader.chains),
        frozenset(reader.attributes),
        frozenset(reader.strings),
        frozenset(reader.alters),
    )


class _Reader:
    def __init__(self, package: str) -> None:
        self.package = package
        self.said: list[str] = []
        self.imports: list[tuple[str, Target]] = []
        self.names: dict[str, None] = {}
        self.bare: set[str] = set()
        self.chains: dict[tuple[str, ...], None] = {}
        self.attributes: set[str] = set()
        self.strings: set[str] = set()
        self.alters: set[str] = set()
        self.dotted: ast.AST | None = None  # the inside of a chain that has been taken whole
        self.local = False  # in a function's own scope, where annotations of variables are not evaluated
        self.hint = False

    def read(self, inner: ast.AST) -> None:
        kind = type(inner)
        said = self.said
        said.append(kind.__name__)
        note = _NOTES.get(kind)
        if note is not None:
            note(self, inner)
        if kind is ast.Name:
            said.append(repr(inner.id))  # type: ignore[attr-defined]  # a Name has it
        elif kind in _SCOPES:
            local, self.local = self.local, kind is not ast.ClassDef
            self.fields(inner, kind._fields)
            self.local = local
        elif kind is ast.AnnAssign and self.local:
            self.fields(inner, ("target", "value", "simple"))
        elif kind._fields:
            self.fields(inner, kind._fields)

    def fields(self, inner: ast.AST, names: tuple[str, ...]) -> None:
        said, read = self.said, self.read
        for field in names:
            if field == "ctx":
                continue
            value: Any = getattr(inner, field, None)
            kind = type(value)
            if kind in _PLAIN:
                said.append(repr(value))
            elif kind is list:
                if not value and field == "type_params":  # newer Pythons have it, and say nothing with it
                    continue
                said.append("[")
                for item in _without_text(value) if field == "body" and isinstance(inner, _Documented) else value:
                    if isinstance(item, ast.AST):
                        read(item)
                    else:
                        said.append(repr(item))
                said.append("]")
            elif not isinstance(value, ast.AST):
                said.append(repr(value))
            elif field in _HINTS:
                hint, self.hint = self.hint, True
                read(value)
                self.hint = hint
            else:
                read(value)

    def name(self, inner: ast.Name) -> None:
        self.names[inner.id] = None
        if inner is not self.dotted:
            self.bare.add(inner.id)

    def attribute(self, inner: ast.Attribute) -> None:
        self.attributes.add(inner.attr)
        if inner is not self.dotted:
            chain = dotted(inner)
            if chain:
                self.chains[chain] = None
                self.dotted = inner.value
        else:
            self.dotted = inner.value
        self.stored(inner)

    def stored(self, inner: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(inner.ctx, ast.Load):
            self.alters.update(base(inner))

    def called(self, inner: ast.Call) -> None:
        if isinstance(inner.func, ast.Attribute):
            if inner.func.attr not in READS:
                self.alters.update(base(inner.func))
        elif not (isinstance(inner.func, ast.Name) and inner.func.id in _BUILTINS):
            self.alters.update(given.id for given in inner.args if isinstance(given, ast.Name))

    def constant(self, inner: ast.Constant) -> None:
        if isinstance(inner.value, str):
            if inner.value.isidentifier():
                self.strings.add(inner.value)
            if self.hint:
                self.strings.update(_NAME.findall(inner.value))

    def imported(self, inner: ast.Import | ast.ImportFrom) -> None:
        self.imports.extend(imports_of(inner, self.package).items())

    def matched(self, inner: ast.MatchClass) -> None:
        self.attributes.update(inner.kwd_attrs)

    def declared(self, inner: ast.Global) -> None:
        self.names.update(dict.fromkeys(inner.names))
        self.alters.update(inner.names)


_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_NOTES: dict[type[ast.AST], Callable[[_Reader, Any], None]] = {
    ast.Name: _Reader.name,
    ast.Attribute: _Reader.attribute,
    ast.Subscript: _Reader.stored,
    ast.Call: _Reader.called,
    ast.Constant: _Reader.constant,
    ast.Import: _Reader.imported,
    ast.ImportFrom: _Reader.imported,
    ast.MatchClass: _Reader.matched,
    ast.Global: _Reader.declared,
}


def _without_text(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements but for docstrings, those of fields included."""
    return [item for item in body if not _is_text(item)]


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
