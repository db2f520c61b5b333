"""Whose code a module is, and where its file lies. Imports nothing of it."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from functools import cache
from pathlib import Path

from ..digest import digest_bytes

FRAMEWORK = "pipeline"  # carries rows and does not make them: it counts by FORMAT in key.py, not by its code
SHIPPED = {"schemas": (), "stages": ("schemas",), "flows": ("schemas", "stages")}  # each with those that it imports
# What judges rows, of which every step reaches nearly all: each folder counts as one, to the byte. Following it took longer than all the rest.
RECORDS = "schemas.record"
MACHINERY = (RECORDS, "schemas.expectations", "schemas.gx")


@cache
def is_first_party(name: str) -> bool:
    """Whether a module's code counts line by line: the shipped packages, and whatever is not installed."""
    top = name.partition(".")[0]
    return top != FRAMEWORK and not machinery(name) and (top in SHIPPED or _top(top) is not None)


def is_third_party(name: str) -> bool:
    """Whether a module that is not first-party is neither of the framework nor of Python itself."""
    top = name.partition(".")[0]
    return top != FRAMEWORK and not machinery(name) and top not in sys.stdlib_module_names


def machinery(name: str) -> str:
    """The folder of MACHINERY that a module belongs to, as a dotted name; empty for others."""
    return next((whole for whole in MACHINERY if name == whole or name.startswith(f"{whole}.")), "")


@cache
def whole_digest(whole: str) -> str:
    """The digest of every source file in a folder of MACHINERY."""
    root = _top(whole.partition(".")[0])
    folder = root.parent.joinpath(*whole.split(".")[1:]) if root else Path(whole)
    files = sorted(folder.rglob("*.py"))
    return digest_bytes(b"".join(b"%d %s\n" % (len(data), data) for file in files for data in (file.read_bytes(),)))


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
def siblings(top: str) -> tuple[tuple[str, Path], ...]:
    """Every module in the folder of a top-level first-party package, or the one that it is, as (dotted name, file), sorted."""
    root = _top(top)
    if root is None:
        return ()
    if root.name != "__init__.py":
        return ((top, root),)
    found = (
        (".".join([top, *Path(folder).relative_to(root.parent).parts]), Path(folder, file))
        for folder, _, files in os.walk(root.parent)
        for file in files
        if file.endswith(".py")
    )
    return tuple(sorted((package if path.stem == "__init__" else f"{package}.{path.stem}", path) for package, path in found))


@cache
def _installed() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(Path(sysconfig.get_path(name)) for name in names)


def file_of(name: str) -> Path | None:
    """The source file of a first-party module, or None for anybody else's."""
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
