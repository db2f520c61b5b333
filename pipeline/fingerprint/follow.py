"""Fingerprint: the first-party code that a class can reach, a digest a function, class or constant.

From the class it follows every name that a reached definition loads, across modules and through imports inside
functions.  A method of a reached class counts when reached code mentions an attribute (or holds a string) of its name, when
Python calls it by itself, and when the class derives from one of a third party, which may call it.  Comments, formatting,
docstrings and type-only imports do not count; neither does the framework itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ..digest import digest_bytes
from ..errors import UsageError, bounded
from ..stage import origin
from .dynamic import Lookup
from .firstparty import SHIPPED, is_first_party, is_third_party, machinery, whole_digest
from .meaning import is_called_by_others, runs, targets
from .piece import Piece, paths, piece
from .registered import fillers, is_open, uses
from .source import module
from .syntax import Function, Module, Target


@dataclass(frozen=True)
class Fingerprint:
    """code: "stages/clean.py: normalise()" -> digest.  packages: top-level names of the third-party imports met.

    unfollowed: look-ups that cannot be followed, as "stages/x.py: pick(): getattr(handlers, name)", sorted.
    """

    code: Mapping[str, str]
    packages: frozenset[str]
    unfollowed: tuple[str, ...] = ()


def fingerprint(roots: Iterable[type], entries: Iterable[str], reaches: Iterable[Any] = ()) -> Fingerprint:
    """Follow classes from the methods named in `entries`, and what is declared in `reaches`.

    reaches: functions, classes, modules, or import strings ("package.module", "package.module:name") of them.  Raises
    UsageError for code that no file holds.
    """
    reach = _Reach(set(entries))
    for root in dict.fromkeys(origin(kind) for kind in roots):
        if root.__module__ == "__main__" or is_first_party(root.__module__):
            reach.root(root.__module__, root.__qualname__)
        elif whole_folder := machinery(root.__module__):
            reach.machine(whole_folder)
    for declared in reaches:
        reach.root(*_place(declared))
    reach.finish()
    code, unfollowed = dict(sorted(reach.code.items())), tuple(sorted(reach.unfollowed))
    return Fingerprint(code, frozenset(reach.packages), unfollowed)


def _place(declared: Any) -> Target:
    if isinstance(declared, ModuleType):
        return declared.__name__, ""
    if isinstance(declared, str):
        name, _, inside = declared.partition(":")
        return name, inside
    if hasattr(declared, "__module__") and hasattr(declared, "__qualname__"):
        return declared.__module__, declared.__qualname__.partition(".")[0]
    raise UsageError(
        f"`reaches` holds {bounded(declared)}; expected functions, classes, modules, or their import strings such as 'package.module:name'"
    )


@dataclass
class _Reach:
    """The work list: what has been reached, and what waits for its name to be mentioned."""

    attributes: set[str]
    code: dict[str, str] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    unfollowed: set[str] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)
    open: dict[tuple[Module, str], None] = field(default_factory=dict)
    waiting: list[tuple[Module, str, Function]] = field(default_factory=list)
    handed: dict[str, Module] = field(default_factory=dict)
    walked: set[tuple[str, ...]] = field(default_factory=set)
    looked: set[tuple[tuple[Module, str], str]] = field(default_factory=set)

    def root(self, where: str, name: str) -> None:
        """Reach a class, a function or a whole module by name. Raises UsageError where no file holds it."""
        home = module(where)
        if home is None and where != "__main__" and not is_first_party(where):
            return
        if home is None or (name and name not in home.definitions):
            raise UsageError(
                f"{name or 'the module'} is not defined at the top level of a module file, where its code can be followed; "
                f"move it there (found in {where!r})"
            )
        for each in [name] if name else [*home.definitions, *home.imports]:
            self.name(home, each)

    def machine(self, folder: str) -> None:
        """Take in a folder that counts as one."""
        self.code[f"{folder.replace('.', '/')}/"] = whole_digest(folder)

    def others(self, target: str) -> None:
        """Note whose code it is that counts as a whole: a folder's digest, or a package that has a version."""
        if whole := machinery(target):
            self.machine(whole)
        elif is_third_party(target):
            self.packages.add(target.partition(".")[0])

    def name(self, home: Module, name: str) -> None:
        """Reach what a name means at the top level of a module."""
        if (home.name, name) in self.seen:
            return
        self.seen.add((home.name, name))
        nodes = home.definitions.get(name, ())
        for node in nodes:
            self.definition(home, name, node)
        for target, inside in targets(home, name):
            self.along(target, inside)
        if nodes:
            if is_open(home, name):
                self.open[home, name] = None
            for bound in uses(home, name):
                self.name(home, bound)
        elif name not in home.imports:
            for maker in ("__getattr__", "globals"):  # names that are made when the module is imported or asked
                if maker in home.definitions:
                    self.name(home, maker)

    def along(self, target: str, name: str, *rest: str, whole: bool = False) -> None:
        """Reach what an import binds, and the names after its dots; whole: a module at their end waits for mentions."""
        if (step := (target, name, *rest, str(whole))) in self.walked:
            return
        self.walked.add(step)
        if not is_first_party(target):
            self.others(target)
            return
        home = module(target)
        if not name and rest:
            self.along(target, *rest, whole=whole)
        elif home is None:
            if name:  # a folder without __init__.py
                self.along(f"{target}.{name}", "", *rest, whole=whole)
        elif not name:
            if whole:
                self.handed[target] = home
        elif name not in home.definitions and name not in home.imports and module(f"{target}.{name}"):
            self.along(f"{target}.{name}", "", *rest, whole=whole)
        else:
            self.name(home, name)
            if rest or whole:
                for where, inside in targets(home, name):
                    self.along(where, inside, *rest, whole=whole)

    def definition(self, home: Module, name: str, node: ast.stmt) -> None:
        """Take one top-level statement into the fingerprint, and follow what it loads."""
        found = self.take(home, f"{home.label}: {name}{'()' if isinstance(node, Function) else ''}", node)
        if isinstance(node, ast.ClassDef):
            called = is_called_by_others(home, node)
            for item in node.body:
                if isinstance(item, Function):
                    label = f"{home.label}: {name}.{item.name}()"
                    if called or item.name in found.names:
                        self.take(home, label, item)
                    else:
                        self.waiting.append((home, label, item))

    def take(self, home: Module, label: str, node: ast.stmt) -> Piece:
        """Note the digest of a statement, and reach the names and attributes in it."""
        found = piece(home, node)
        self.code[label] = digest_bytes((self.code[label] + found.digest).encode()) if label in self.code else found.digest
        self.attributes |= found.words
        for name in found.own:
            self.name(home, name)
        for target, rest, whole in found.paths:
            self.along(*target, *rest, whole=whole)
        for lookup in found.lookups:
            self.look_up(home, label, lookup)
        return found

    def look_up(self, home: Module, label: str, lookup: Lookup) -> None:
        """Follow a look-up by a constant name; note another."""
        if not lookup.followed:
            self.unfollowed.add(f"{label}: {lookup.text}")
        self.attributes.update(lookup.attributes)
        for imported in lookup.imported:
            self.along(imported, "", whole=True)
        for own in lookup.own:
            self.name(home, own)
        for chain in lookup.chains:
            for target, rest, whole in paths(home, chain, {}):
                self.along(*target, *rest, whole=whole)

    def finish(self) -> None:
        """Take what waits until no reached code mentions more of it, and what fills the tables that were reached."""
        known = -1
        while known != (known := len(self.code) + len(self.seen)):
            ready = [entry for entry in self.waiting if runs(entry[2], self.attributes)]
            self.waiting = [entry for entry in self.waiting if entry not in ready]
            for home, label, method in ready:
                self.take(home, label, method)
            for home in list(self.handed.values()):
                for name in (home.definitions.keys() | home.imports.keys()) & self.attributes:
                    self.name(home, name)
            tops = _tops(name for name, _ in self.seen)
            for key in [(name, top) for name in self.open for top in sorted(tops)]:
                if key not in self.looked:
                    self.looked.add(key)
                    for other, bound in fillers(*key[0], key[1]):
                        self.name(other, bound)


def _tops(seen: Iterable[str]) -> set[str]:
    """The first-party packages of some modules, and of what these import: any of them may fill a table of another."""
    found: set[str] = set()
    waiting = set(seen)
    visited: set[str] = set()
    while waiting:
        name = waiting.pop()
        visited.add(name)
        top = name.partition(".")[0]
        found.add(top)
        if top in SHIPPED:  # they import nobody's but each other's
            found.update(SHIPPED[top])
            continue
        home = module(name)
        imported = {target for bound in home.imports.values() for target, _ in bound} if home else set()
        waiting |= {target for target in imported if is_first_party(target)} - visited
    return found
