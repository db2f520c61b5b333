"""First-party source files, parsed: what each top-level name of a module is. Imports nothing."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from threading import Lock

from ..errors import UsageError
from .firstparty import file_of
from .syntax import Module
from .toplevel import collect

# Python 3.11 counts the depth of all trees under construction in one place, and threads confuse it (gh-106905).
_PARSING = Lock()


@cache
def module(name: str) -> Module | None:
    """A first-party module by dotted name, or None for one of the standard library, of a third party or of nobody."""
    path = file_of(name)
    if path is None:
        return None
    try:
        with _PARSING:
            tree = ast.parse(source_bytes(path), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"cannot read the code of module {name!r} to fingerprint it: {error}") from error
    depth = name.count(".") + 1 + (path.name == "__init__.py")
    found = Module(name, "/".join(path.parts[-depth:]), path)
    collect(tree.body, found)
    return found


@cache
def source_bytes(path: Path) -> bytes:
    """What a source file holds. Raises OSError."""
    return path.read_bytes()
