"""The templates of a kind of page: everything escaped, one theme, and a policy that lets run what is hashed and nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import words

TEMPLATES = Path(__file__).parent / "templates"
_FILTERS = ("shown", "count", "figure", "distinct", "told", "rule")


def environment(generator: str, *folders: Path, styles: Sequence[Path] = (), script: Path | None = None) -> Environment:
    """Templates of `folders` and of the pages. styles: sheets after the common one.  script: the one file that a page may run."""
    sheets = [TEMPLATES / "style.css", *styles]
    style = "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    code = script.read_text(encoding="utf-8") if script else ""
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update({name: getattr(words, name) for name in _FILTERS})
    told: dict[str, Any] = {"style": Markup(style), "script": Markup(code)}  # noqa: S704  # our own files
    told |= {"style_hash": _hash(style), "script_hash": _hash(code) if code else ""}
    made.globals.update({"share": words.share, "unit": words.UNIT, "generator": generator, **told})
    return made


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
