"""Fingerprint: the first-party code that a class can reach, a digest a function, class or constant.

From the class it follows every name that a reached definition loads, across modules and through imports inside
functions.  A method of a reached class counts when reached code mentions an attribute of its name, or when Python calls
it by itself.  Comments, formatting, docstrings and type-only imports do not count; neither does the framework itself.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .digest import digest_bytes
from .errors import UsageError
from .reading import Function, reading
from .source import FRAMEWORK, Imports, Module, is_first_party, module
from .stage import origin

_PLAIN = frozenset({"staticmethod", "classmethod", "property", "cached_property", "override"})


@dataclass(frozen=True)
class Fingerprint:
    """code: "stages/clean.py: normalise()" -> digest.  packages: top-level names of the third-party imports met."""

    code: Mapping[str, str]
    packages: frozenset[str]


def fingerprint(roots: Iterable[type], entries: Iterable[str]) -> Fingerprint:
    """Follow classes from the methods named in `entries`. Raises UsageError for code that no file holds."""
    reach = _Reach(set(entries))
    for root in dict.fromkeys(origin(kind) for kind in roots):
        if root.__module__.partition(".")[0] == FRAMEWORK or not _is_ours(root):
            continue
        home = module(root.__module__)
        if home is None or root.__qualname__ not in home.definitions:
            raise UsageError(
                f"{root.__qualname__} is not defined at the top level of a module file, where its code can be followed; "
                f"move it there (found in {root.__module__!r})"
            )
        reach.name(home, root.__qualname__)
    reach.finish()
    return Fingerprint(dict(sorted(reach.code.items())), frozenset(reach.packages))


def _is_ours(root: type) -> bool:
    return root.__module__ == "__main__" or is_first_party(root.__module__)


@dataclass
class _Reach:
    """The work list: what has been reached, and the methods that wait for their name to be mentioned."""

    attributes: set[str]
    code: dict[str, str] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)
    waiting: list[tuple[Module, str, Function]] = field(default_factory=list)

    def name(self, home: Module, name: str) -> None:
        """Reach what a name means at the top level of a module."""
        if (home.name, name) in self.seen:
            return
        self.seen.add((home.name, name))
        if name in home.definitions:
            for node in home.definitions[name]:
                self.definition(home, name, node)
        elif name in home.imports:
            self.imported(*home.imports[name])
        else:
            for target, found in list(home.imports.values()):
                if found == "*":
                    self.imported(target, name)

    def imported(self, target: str, name: str) -> None:
        """Reach what an import binds: a name of a module, or a module as a whole (then its attributes are reached)."""
        top = target.partition(".")[0]
        if top == FRAMEWORK:
            return
        if not is_first_party(target):
            if top not in sys.stdlib_module_names:
                self.packages.add(top)
            return
        home = module(target)
        if home is not None and name:
            self.name(home, name)
            if name not in home.definitions and name not in home.imports:
                self.imported(f"{target}.{name}", "")

    def definition(self, home: Module, name: str, node: ast.stmt) -> None:
        """Take one top-level statement into the fingerprint, and follow what it loads."""
        called = "()" if isinstance(node, Function) else ""
        self.take(home, f"{home.label}: {name}{called}", node)
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, Function):
                    self.waiting.append((home, f"{home.label}: {name}.{item.name}()", item))

    def take(self, home: Module, label: str, node: ast.stmt) -> None:
        """Digest what a statement says, and reach the names and attributes in it."""
        found = reading(node, home.package)
        self.code[label] = digest_bytes((self.code.get(label, "") + found.text).encode())
        self.attributes |= found.attributes
        for target in found.imports.values():
            self.imported(*target)
        for name in found.names:
            self.name(home, name)
        for chain in found.chains:
            self.dotted(home, chain, found.imports)

    def dotted(self, home: Module, chain: tuple[str, ...], local: Imports) -> None:
        """Reach `module.name`, where the module was imported as a whole."""
        first, *names = chain
        bound = local.get(first) or home.imports.get(first)
        if bound is None:
            return
        target = ".".join(part for part in bound if part)
        for attribute in names:
            here = module(target) if is_first_party(target) else None
            if here is None:
                return
            self.name(here, attribute)
            if attribute in here.definitions or attribute in here.imports:
                return
            target = f"{target}.{attribute}"

    def finish(self) -> None:
        """Take waiting methods until no reached code mentions another."""
        while ready := [entry for entry in self.waiting if _runs(entry[2], self.attributes)]:
            self.waiting = [entry for entry in self.waiting if entry not in ready]
            for home, label, method in ready:
                self.take(home, label, method)


def _runs(method: Function, mentioned: set[str]) -> bool:
    by_itself = method.name.startswith("__") and method.name.endswith("__")
    decorators = {getattr(d, "id", getattr(d, "attr", "call")) for d in method.decorator_list}
    return by_itself or method.name in mentioned or bool(decorators - _PLAIN)
