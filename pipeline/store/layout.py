"""The layout of a store's folder, and its number: a store of another one is refused, not misread."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import StoreError, bounded
from . import durable

FORMAT = 2  # raise it when an older brickwise would misread what this one writes
FOLDERS = ("objects", "actions", "runs", "accepts", "refs", "index", "tmp", "locks", "leases", "work", "aside")
DIGEST = re.compile(r"[0-9a-f]{64}")


def check_layout(root: Path) -> None:
    """Raise StoreError for a file in place of the folder, for a link in place of an inner folder, and for another format."""
    with durable.named(root, "read"):
        if root.exists() and not root.is_dir():
            raise StoreError(f"the store {root} is a file, expected a folder; choose another with --store")
        for name in FOLDERS:
            refuse_link(root / name)
        found = durable.read(root / "format") if root.is_dir() else None
        if found is None and not (root / "actions").exists():
            return
    require_format(f"the store {root}", found, "choose another store with --store")


def require_format(store: str, found: bytes | None, way_out: str) -> None:
    """Raise StoreError for a store of another format than ours. found: its file `format`; the first format had none."""
    number = (found or b"1").decode(errors="replace").strip()
    if number != str(FORMAT):
        newer = number.isdecimal() and int(number) > FORMAT
        raise StoreError(
            f"{store} has format {bounded(number)}, this brickwise reads and writes {FORMAT}; "
            f"{'upgrade brickwise, or ' if newer else ''}{way_out}"
        )


def object_path(digest: str) -> str:
    """Where an object lies in a store. Raises StoreError for what is no digest."""
    if not DIGEST.fullmatch(digest):
        raise StoreError(f"{bounded(digest)!r} is not a digest, expected 64 hex digits")
    return f"objects/{digest[:2]}/{digest[2:]}"


def refuse_link(path: Path) -> None:
    """Raise StoreError for a symbolic link where a folder of the store belongs."""
    with durable.named(path, "read"):
        link = path.is_symlink()
    if link:
        raise StoreError(
            f"{path} is a symbolic link, and what a store holds must lie inside it; "
            f"put the folder itself there, or move the whole store and name it with --store"
        )


def mark(root: Path) -> None:
    """Give a new store its number."""
    if not durable.is_file(root / "format"):
        durable.write(root / "format", f"{FORMAT}\n".encode(), root / "tmp", read_only=False)
