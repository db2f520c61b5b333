"""First-party source files as syntax trees: what each top-level name is, and where an import leads. Imports nothing."""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

from .errors import UsageError

FRAMEWORK = "pipeline"  # carries rows and does not make them: it counts by FORMAT in key.py, not by its code
SHIPPED = frozenset({"schemas", "stages", "flows"})
_PARSING = (
    Lock()
)  # Python 3.11 counts the depth of all trees under construction in one place, and threads confuse it (gh-106905)
Imports = dict[str, tuple[str, str]]  # local name -> (module, name in it, or "" for the module itself)


@dataclass(frozen=True)
class Module:
    """One parsed file. `label` is how messages call it: its path from the folder that holds its package."""

    name: str
    label: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: Imports = field(default_factory=dict)

    @property
    def package(self) -> str:
        """Where its relative imports start."""
        return self.name if self.label.endswith("__init__.py") else self.name.rpartition(".")[0]


@cache
def module(name: str) -> Module | None:
    """A first-party module by dotted name, or None for one of the standard library, of a third party or of nobody."""
    path = _file(name)
    if path is None:
        return None
    try:
        with _PARSING:
            tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError) as error:
        raise UsageError(f"cannot read the code of module {name!r} to fingerprint it: {error}") from error
    depth = name.count(".") + 1 + (path.name == "__init__.py")
    found = Module(name, "/".join(path.parts[-depth:]))
    _collect(tree.body, found.package, found)
    return found


def _collect(body: list[ast.stmt], package: str, found: Module) -> None:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.imports.update(imports_of(node, package))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.definitions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for leaf in ast.walk(target):
                    if isinstance(leaf, ast.Name):
                        found.definitions.setdefault(leaf.id, []).append(node)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            for block in ("orelse",) if _is_type_checking(node) else ("body", "orelse", "finalbody"):
                _collect(getattr(node, block, []), package, found)
            for handler in getattr(node, "handlers", []):
                _collect(handler.body, package, found)


def _is_type_checking(node: ast.stmt) -> bool:
    """Whether a statement is `if TYPE_CHECKING:`, whose body never runs."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", ""))


def imports_of(node: ast.Import | ast.ImportFrom, package: str) -> Imports:
    """What one import statement binds; `package` is where a relative import starts."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (alias.name if alias.asname else alias.name.partition(".")[0], "")
            for alias in node.names
        }
    base = node.module or ""
    if node.level:
        parents = package.split(".")
        start = ".".join(parents[: len(parents) - node.level + 1])
        base = f"{start}.{base}".strip(".")
    return {alias.asname or (f"{base}.*" if alias.name == "*" else alias.name): (base, alias.name) for alias in node.names}


def is_first_party(name: str) -> bool:
    """Whether a module's code counts line by line: the shipped packages, and whatever is not installed."""
    top = name.partition(".")[0]
    return top != FRAMEWORK and (top in SHIPPED or _top(top) is not None)


@cache
def _top(top: str) -> Path | None:
    """The folder or file of a top-level package, unless it is installed or built in."""
    loaded = sys.modules.get(top)
    location = getattr(loaded, "__file__", None)
    if location is None and loaded is None:
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return None
        location = spec.origin if spec else None
        if location is None and spec and spec.submodule_search_locations:
            location = str(Path(next(iter(spec.submodule_search_locations))) / "__init__.py")
    elif location is None and getattr(loaded, "__path__", None):
        location = str(Path(next(iter(loaded.__path__))) / "__init__.py")  # type: ignore[union-attr]  # has __path__
    if location is None or not location.endswith(".py"):
        return None
    path = Path(location)
    if top not in SHIPPED and any(path.is_relative_to(folder) for folder in _installed()):
        return None
    return path


@cache
def _installed() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(Path(sysconfig.get_path(name)) for name in names)


def _file(name: str) -> Path | None:
    if not is_first_party(name):
        return None
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded and loaded.endswith(".py"):
        return Path(loaded)
    top, _, rest = name.partition(".")
    root = _top(top)
    if root is None or (rest and root.name != "__init__.py"):
        return None
    if not rest:
        return root if root.exists() else None
    base = root.parent.joinpath(*rest.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.exists():
            return candidate
    return None
