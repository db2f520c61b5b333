"""Lease: the names that a live run relies on, which the collector of garbage therefore keeps.

A name is written down before anybody looks whether the object is there.  The collector reads all leases again before each
batch that it removes, and holds `locks/collect` from that look to the last removal: whatever a run has found, it keeps.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import durable


@dataclass(frozen=True)
class Lease:
    """The pins of one run, in `file`; they count while the run holds the kernel lock beside it."""

    root: Path
    file: Path
    _pinned: set[str] = field(default_factory=set)

    def pin(self, names: Iterable[str]) -> None:
        """Keep these keys and digests until the run is over; each is written once."""
        new = [name for name in dict.fromkeys(names) if name not in self._pinned]
        if new:
            with durable.lock(gate(self.root)):
                lines = "".join(f"\n{name}" for name in new)  # the first ends a line that a full disk has cut
                durable.append(self.file, f"{lines}\n".encode())
            self._pinned.update(new)


def gate(root: Path) -> Path:
    """The lock that a pin and a batch of removals exclude each other by."""
    return root / "locks" / "collect.lock"


@contextmanager
def leased(root: Path) -> Iterator[Lease]:
    """A lease for as long as the block lasts, or its process lives."""
    file = root / "leases" / f"{secrets.token_hex(8)}.pins"
    with durable.lock(file.with_suffix(".lock")):
        try:
            yield Lease(root, file)
        finally:
            with durable.lock(gate(root)):
                durable.remove(file)
                durable.remove(file.with_suffix(".lock"))


def live_pins(root: Path) -> set[str] | None:
    """Every name that a live lease pins, or None when no lease is live; leases of the dead are removed. Call it behind the gate."""
    for held in (root / "leases").glob("*.lock"):
        with durable.lock_if_free(held) as free:
            if free:
                durable.remove(held.with_suffix(".pins"))
                durable.remove(held)
    for pins in (root / "leases").glob("*.pins"):
        if not durable.is_file(pins.with_suffix(".lock")):  # a worker that outlived its run has written once more
            durable.remove(pins)
    return seen_pins(root)


def seen_pins(root: Path) -> set[str] | None:
    """What `live_pins` gives, for looking only: nothing is removed, and no lock is taken or waited for."""
    held = [file for file in sorted((root / "leases").glob("*.lock")) if durable.is_locked(file)]
    pinned: set[str] = set()
    for file in held:
        pinned.update((durable.read(file.with_suffix(".pins")) or b"").decode(errors="replace").split())
    return pinned if held else None
