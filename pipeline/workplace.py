"""Workplace: a durable folder of a step while it is being made, so that a long stage goes on where a killed one was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from .store import durable
from .store.local import LocalStore
from .store.sealed import file_name
from .store.work import clear, is_over, work_files, work_folder


@dataclass(frozen=True)
class Workplace:
    """Files by name, each there as a whole or not at all; they go when the step's action has been recorded.

    Only the step that is being made uses it, behind the lock of its key.  What they say must not reach the output: a stage that
    finds some gives what it would have given without.  Raises StoreError, and UsageError for a name that is none.
    """

    store: LocalStore
    key: str

    def write(self, name: str, data: bytes) -> None:
        """Write a file, or another in its place; it outlasts a power cut."""
        durable.write(self._file(name), data, self.store.root / "tmp")

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, or None where there is none; they are not verified."""
        return durable.read(self._file(name))

    def names(self) -> list[str]:
        """The files that are there, sorted."""
        return [path.name for path in work_files(work_folder(self.store.root, self.key))]

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is left away. A power cut may bring it back."""
        durable.remove(self._file(name))

    def clear(self) -> None:
        """Remove all: the step has been made."""
        clear(work_folder(self.store.root, self.key))

    def clear_if_over(self) -> None:
        """Remove what a kill spared after its step had been made; what is newer than the step's action is work that was cut off."""
        if is_over(self.store.root, self.key):
            self.clear()

    def _file(self, name: str) -> Path:
        return work_folder(self.store.root, self.key) / file_name(name)


_current: ContextVar[Workplace | None] = ContextVar("workplace", default=None)


@contextmanager
def working(place: Workplace | None) -> Iterator[None]:
    """Have `workplace` give this one inside the block."""
    token = _current.set(place)
    try:
        yield
    finally:
        _current.reset(token)


def workplace() -> Workplace | None:
    """The workplace of the step that is being made in this thread; None outside a run, and for a step made again for its damaged output."""
    return _current.get()
