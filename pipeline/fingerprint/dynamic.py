"""Look-ups by a name that is only known when the code runs: followed where the name is a constant, else told."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ..errors import bounded
from . import source
from .firstparty import is_first_party
from .meaning import meanings
from .reading import Reading
from .syntax import Function, Imports, Module, absolute, dotted

# What is called -> which arguments hold names; None: it may reach anything.
_CALLS: dict[str, slice | None] = {
    "getattr": slice(1, 2),
    "setattr": slice(1, 2),
    "delattr": slice(1, 2),
    "importlib.import_module": slice(0, 1),
    "__import__": slice(0, 1),
    "operator.attrgetter": slice(0, None),
    "operator.methodcaller": slice(0, 1),
    "pkgutil.resolve_name": slice(0, 1),
    "inspect.getmembers": None,
    "runpy.run_path": None,
    "runpy.run_module": None,
    "importlib.util.spec_from_file_location": None,
    "eval": None,
    "exec": None,
    "compile": None,
}
_ATTRIBUTES = frozenset({"__subclasses__", "__getattribute__"})
_TABLES = ("globals", "locals", "vars", "sys.modules", "__dict__")  # what is looked into with [...] or .get(...)
_IMPORTS = ("importlib.import_module", "__import__", "sys.modules", "pkgutil.resolve_name")
_MODULES = frozenset(name.partition(".")[0] for name in (*_CALLS, *_TABLES) if "." in name)
_NAMES = frozenset(name.rpartition(".")[2] for name in (*_CALLS, *_TABLES))
_DOTTED = frozenset(name.rpartition(".")[2] for name in (*_CALLS, *_TABLES) if "." in name or name == "__dict__") | _ATTRIBUTES


@dataclass(frozen=True)
class Lookup:
    """One look-up. text: the expression, where it cannot be followed.

    Else the attributes it names, with what they are looked up on in `chains`; modules that it imports; names of its own module.
    """

    text: str
    followed: bool
    attributes: tuple[str, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    imported: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


def lookups(home: Module, node: ast.stmt, found: Reading, local: Imports) -> Iterator[Lookup]:
    """The look-ups in a statement; in a class all but those in its methods."""
    if _NAMES.isdisjoint(found.names) and _DOTTED.isdisjoint(found.attributes) and _aliases(home).isdisjoint(found.names):
        return
    scan = _Scan(home, local, node)
    looked_into: set[ast.expr] = set()
    called: set[ast.expr] = set()
    for inner in _walk(node):
        if isinstance(inner, ast.Call):
            called.add(inner.func)
        elif isinstance(inner, ast.Name | ast.Attribute) and inner not in called and isinstance(inner.ctx, ast.Load):
            if scan.called(inner) in _CALLS:
                yield Lookup(f"{ast.unparse(inner)}, handed on", followed=False)
            elif (
                isinstance(inner, ast.Attribute)
                and inner.attr == "__dict__"
                and inner not in looked_into
                and scan.is_module(inner.value)
            ):
                yield Lookup(bounded(ast.unparse(inner)), followed=False)
        if isinstance(inner, ast.Attribute) and inner.attr in _ATTRIBUTES:
            yield Lookup(bounded(ast.unparse(inner)), followed=False)
        whole, table, given = _opened(inner)
        if table is not None and (what := scan.table(table)):
            looked_into.add(table)
            yield scan.lookup(what, whole, _of(table), given, [])
        elif isinstance(inner, ast.Call):
            what = scan.called(inner.func)
            if what in _CALLS:
                where = _CALLS[what]
                yield scan.lookup(what, inner, inner.args[0] if what.endswith("attr") and inner.args else None,
                                  inner.args[where] if where else [], inner.args[1:2])  # fmt: skip
            elif inner not in looked_into and (what == "globals" or (what == "vars" and all(map(scan.is_module, inner.args)))):
                yield scan.lookup(what, inner, None, [], [])


@cache
def _aliases(home: Module) -> frozenset[str]:
    """Names under which a module imports what looks up."""
    known = {*_CALLS, *_TABLES}
    return frozenset(
        name
        for name, targets in home.imports.items()
        if any(module in _MODULES and f"{module}.{inside}" in known for module, inside in targets)
    )


class _Scan:
    def __init__(self, home: Module, local: Imports, node: ast.stmt) -> None:
        self.home, self.local, self.node = home, local, node
        self.words = _NAMES | _aliases(home) | local.keys()
        self.names: Mapping[str, tuple[str, ...]] = {}

    def called(self, node: ast.expr) -> str:
        """The full name of what an expression stands for, "" for what is ours."""
        chain = dotted(node)
        if self.words.isdisjoint(chain):
            return ""
        known = next(meanings(self.home, chain, self.local), ".".join(chain))
        return known if isinstance(known, str) else ""

    def is_module(self, node: ast.expr) -> bool:
        """Whether an expression is the name of a first-party module."""
        name = getattr(node, "id", "")
        bound = self.local.get(name) or self.home.imports.get(name) or ()
        return any(is_first_party(module) and (not inside or source.module(f"{module}.{inside}")) for module, inside in bound)

    def table(self, node: ast.expr) -> str:
        """Which of the tables an expression is, or ""."""
        if isinstance(node, ast.Attribute) and node.attr == "__dict__":
            return "__dict__"
        what = self.called(node.func if isinstance(node, ast.Call) else node)
        return what if what in _TABLES else ""

    def constants(self, node: ast.expr) -> tuple[str, ...]:
        """All that an expression can be, where the code says it; else nothing."""
        if not isinstance(node, ast.Name):
            return _texts([node])
        if not self.names:
            self.names = {**_looped(self.node), "__name__": (self.home.name,), "__package__": (self.home.package,)}
        return self.names.get(node.id, ())

    def lookup(
        self, what: str, whole: ast.expr, of: ast.expr | None, given: Sequence[ast.expr], start: Sequence[ast.expr]
    ) -> Lookup:
        """of: where the names are looked up.  start: the package in which a relative import starts."""
        found = [self.constants(value) for value in given]
        names = tuple(name for each in found for name in each)
        within = [self.constants(value) for value in start]
        if not found or not all(found) or (names[0].startswith(".") and not any(within)):
            return Lookup(bounded(ast.unparse(whole), 60), False)
        if what in _IMPORTS:
            plain = (name.partition(":")[0] for name in names)
            return Lookup("", True, imported=tuple(_absolute(name, within[0] if within else ()) for name in plain))
        if what == "globals":
            return Lookup("", True, own=names)
        chain = dotted(of) if of is not None else ()
        parts = tuple(tuple(name.split(".")) for name in names)
        attributes = tuple(part for each in parts for part in each)
        return Lookup("", True, attributes, tuple((*chain, *each) for each in parts) if chain else ())


def _absolute(name: str, package: tuple[str, ...]) -> str:
    level = len(name) - len(name.lstrip("."))
    return absolute(name[level:], level, package[0]) if level else name


def _looped(node: ast.stmt) -> dict[str, tuple[str, ...]]:
    """Loop variables that are bound once, to texts that stand there: `for name in ("a", "b")`."""
    bound = [inner.id if isinstance(inner, ast.Name) else inner.arg for inner in ast.walk(node)
             if isinstance(inner, ast.arg) or (isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))]  # fmt: skip
    return {
        loop.target.id: _texts(loop.iter.elts)
        for loop in ast.walk(node)
        if isinstance(loop, ast.For | ast.comprehension) and isinstance(loop.iter, ast.Tuple | ast.List | ast.Set)
        if isinstance(loop.target, ast.Name) and bound.count(loop.target.id) == 1
    }


def _texts(values: Sequence[ast.expr]) -> tuple[str, ...]:
    """The constants, where all are texts; else nothing."""
    found = [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    return tuple(found) if len(found) == len(values) else ()


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All inside a statement, in a class but for its methods; a subscript before what stands in it."""
    whole = isinstance(node, ast.ClassDef)
    for inner in ast.iter_child_nodes(node):
        if not (whole and isinstance(inner, Function)):
            yield from ast.walk(inner)


def _opened(node: ast.AST) -> tuple[ast.expr, ast.expr | None, list[ast.expr]]:
    """Of `table[name]` and `table.get(name)`: the expression, the table, and the name."""
    if isinstance(node, ast.Subscript):
        return node, node.value, [node.slice]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
        return node, node.func.value, node.args[:1]
    return ast.Constant(None), None, []


def _of(table: ast.expr) -> ast.expr | None:
    """Whose table it is: x of `vars(x)` and `x.__dict__`."""
    if isinstance(table, ast.Call):
        return table.args[0] if table.args else None
    return table.value if isinstance(table, ast.Attribute) and table.attr == "__dict__" else None
