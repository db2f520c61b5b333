"""The vocabulary of the fingerprint: a module's names, its imports, and chains of names."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

Target = tuple[str, str]  # (module, name in it, or "" for the module itself)
Imports = dict[str, list[Target]]
Function = ast.FunctionDef | ast.AsyncFunctionDef
# Methods that leave their object as it is; any other, called while a module is imported, may change it.
READS = frozenset(
    {
        "get", "items", "keys", "values", "copy", "index", "count", "split", "rsplit", "join", "format", "lower", "upper",
        "strip", "lstrip", "rstrip", "replace", "startswith", "endswith", "encode", "decode", "match", "search", "fullmatch",
        "findall", "finditer", "sub", "union", "intersection", "difference", "issubset", "issuperset",
    }
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Module:
    """One parsed file. `label` is how messages call it: its path from the folder that holds its package.

    definitions: top-level name -> the statements that bind it or change what it holds, in order.
    imports: name -> all that it may be imported from.  stars: modules imported with a star.  runs: name -> what importing the
    module calls on it or derives from it.
    """

    name: str
    label: str
    file: Path
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: Imports = field(default_factory=dict)
    runs: dict[str, list[Use]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    @property
    def package(self) -> str:
        """Where its relative imports start."""
        return self.name if self.label.endswith("__init__.py") else self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Use:
    """What importing a module does with a name: it calls `chain` or derives a class from it, in the definition of `bound`."""

    chain: tuple[str, ...]
    bound: str
    derives: bool = False


def imports_of(node: ast.Import | ast.ImportFrom, package: str) -> dict[str, Target]:
    """What one import statement binds; `package` is where a relative import starts."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (alias.name if alias.asname else alias.name.partition(".")[0], "")
            for alias in node.names
        }
    base = node.module or ""
    if node.level:
        base = absolute(base, node.level, package)
    return {alias.asname or (f"{base}.*" if alias.name == "*" else alias.name): (base, alias.name) for alias in node.names}


def absolute(name: str, level: int, package: str) -> str:
    """The module that `level` dots and a name stand for in a package."""
    parents = package.split(".")
    return f"{'.'.join(parents[: len(parents) - level + 1])}.{name}".strip(".")


def base(node: ast.expr) -> tuple[str, ...]:
    """The name at the start of `a.b[c].d()`, if there is one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return (node.id,) if isinstance(node, ast.Name) else ()


def dotted(node: ast.expr | None) -> tuple[str, ...]:
    """The names of `a.b.c`, or nothing for an attribute of anything but a name."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()
