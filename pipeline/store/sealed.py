"""Sealed documents: JSON that carries the digest of its place and its content, so that one altered or swapped is known."""

from __future__ import annotations

import json
import re

from ..digest import Json, canonical, digest_json
from ..errors import UsageError, bounded

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def seal(place: str, document: Json) -> bytes:
    """The bytes to write for a document, a mapping, at a place such as `actions/<key>`."""
    return canonical({**document, "seal": digest_json([place, document])})


def opened(place: str, data: bytes) -> Json | None:
    """The document that was sealed for this place, or None for bytes that were not."""
    try:
        document = json.loads(data)
        del document["seal"]
        return document if seal(place, document) == data else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def file_name(text: str) -> str:
    """A name that stays inside its folder. Raises UsageError."""
    if not NAME.fullmatch(text):
        raise UsageError(f"{bounded(text)!r} is not a name in a store, expected letters, digits, '_', '-' and '.'")
    return text
