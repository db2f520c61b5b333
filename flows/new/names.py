"""Names: what a package and the columns of a file may be called in Python."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path

from pipeline import UsageError
from pipeline.errors import bounded
from pipeline.pipeline import NAME
from schemas import Record

TAKEN = ("id", "text", "label", "split", "group", "tokens")  # what the stages call their own columns
_TYPES = ("str", "int", "float", "bool", "date", "datetime", "list", "bytes")  # an annotation below would mean the field
_OURS = ("pipeline", "schemas", "stages", "flows")
_LONGEST = 40


def require_package_name(name: str, folder: Path) -> None:
    """Raise UsageError unless a package of this name can be made in the folder, and imported from there."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        near = python_name(name, (), "").strip("_")
        way_out = f"; did you mean {near!r}?" if NAME.fullmatch(near) and not keyword.iskeyword(near) else ""
        raise UsageError(
            f"{bounded(name)} is no name for a package and its pipeline: lower-case letters, digits and _, starting with a letter"
            f", no word of Python's own{way_out}"
        )
    if name in _OURS:
        raise UsageError(f"{name!r} is a package of brickwise itself; give yours another name")
    for path in (folder / name, folder / f"{name}.py"):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already, and nothing is written over; give another name, or remove it")
    elsewhere = [entry for entry in sys.path if entry and Path(entry).resolve() != folder.resolve()]
    if name in sys.stdlib_module_names or PathFinder.find_spec(name, elsewhere):
        raise UsageError(f"{name!r} is an installed module, which would be imported instead; give yours another name")


def class_name(name: str) -> str:
    """`sms_spam` -> `SmsSpam`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def field_names(columns: Iterable[str]) -> dict[str, str]:
    """The column's name in the file -> its name in a Record, all different: `Review text (raw)` -> `review_text_raw`.

    One that the stages, Python or pydantic have a use for gets a _ at its end: `class` -> `class_`.
    """
    found: dict[str, str] = {}
    used = set(TAKEN)
    for position, column in enumerate(columns, 1):
        name = python_name(column, used, f"column_{position}")
        used.add(name)
        found[column] = name
    return found


def python_name(text: str, used: Iterable[str], otherwise: str) -> str:
    """A lower-case identifier like the text, none of those in use; `otherwise` where nothing of it is left."""
    name = unicodedata.normalize("NFKC", text)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", name)).strip("_")[:_LONGEST].strip("_")
    name = unicodedata.normalize("NFKC", name)
    if (name and not name.isidentifier()) or name.startswith(
        ("model_dump", "model_validate")
    ):  # pydantic keeps the latter for itself
        name = f"column_{name}"
    if not name.isidentifier():
        name = otherwise
    if _has_a_use(name) or name in used:
        name = f"{name}_"
    plain, number = name.rstrip("_"), 2
    while name in used:
        name, number = f"{plain}_{number}", number + 1
    return name


def _has_a_use(name: str) -> bool:
    return keyword.iskeyword(name) or name in _TYPES or hasattr(Record, name)
