"""Scraps: what the dead leave in a store beside objects and documents. Each function says what there is, or removes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from . import durable
from .lease import gate


class Amount(NamedTuple):
    """How many files, and how many bytes they have."""

    files: int = 0
    bytes: int = 0


def amount(paths: Iterable[Path]) -> Amount:
    """How many there are; one that vanishes meanwhile does not count."""
    sizes = [size for path in paths if (size := durable.size(path)) is not None]
    return Amount(len(sizes), sum(sizes))


def inside(folder: Path) -> list[Path]:
    """What lies in a folder, sorted. Raises StoreError."""
    with durable.named(folder, "read"):
        return sorted(folder.iterdir()) if folder.is_dir() else []


def drop(paths: Iterable[Path]) -> Amount:
    """Remove files; one that is gone already does not count."""
    sizes = [size for path in paths if (size := durable.size(path)) is not None and durable.remove(path)]
    return Amount(len(sizes), sum(sizes))


def idle_locks(root: Path) -> list[Path]:
    """Lock files of keys that nobody holds at this moment."""
    return [path for path in _locks(root) if not durable.is_locked(path)]


def drop_locks(root: Path) -> Amount:
    """Remove the lock files of keys that nobody holds; whoever waits for one sees that it is unlinked, and makes it anew."""
    number = 0
    for path in idle_locks(root):
        with durable.lock_if_free(path) as free:
            number += free and durable.remove(path)
    return Amount(number)


def _locks(root: Path) -> list[Path]:
    return [
        path for path in inside(root / "locks") if path.suffix == ".lock" and path not in (gate(root), root / "locks/gc.lock")
    ]
