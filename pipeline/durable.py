"""All durable I/O of the project: nothing else opens a file for writing below a store.

A file appears whole or not at all: it is written beside its target, flushed to the disk, renamed, and the folder that
names it is flushed too. Locks belong to the kernel, so a killed holder blocks nobody.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import StoreError

_READ_ONLY = 0o444


@contextmanager
def _named(path: Path, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            way_out = "free some space and run again"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            way_out = "give this user the right to write there, or choose another store with --store"
        else:
            way_out = "mend the cause, or choose another store with --store"
        raise StoreError(f"cannot {doing} {path}: {error.strerror or error}; {way_out}") from error


def make_folder(path: Path) -> None:
    """Create a folder and its parents. Raises StoreError, also when a file stands in the way."""
    with _named(path, "create the folder"):
        path.mkdir(parents=True, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to the disk."""
    with _named(path, "flush"):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def draft(scratch: Path) -> Iterator[Path]:
    """A new file in `scratch` to write, for `publish`; whatever is left of it goes on leaving. Raises StoreError."""
    make_folder(scratch)
    with _named(scratch, "write in"):
        handle, name = tempfile.mkstemp(dir=scratch)
        os.close(handle)
    path = Path(name)
    try:
        with _named(path, "write"):
            yield path
    finally:
        with suppress(OSError):
            path.unlink()


def publish(path: Path, target: Path, *, read_only: bool = True) -> None:
    """Make a draft appear at `target`, whole and for good; both lie on one file system. Raises StoreError."""
    make_folder(target.parent)
    with _named(target, "write"):
        with path.open("rb") as written:
            os.fsync(written.fileno())
        path.chmod(_READ_ONLY if read_only else 0o644)
        path.replace(target)
    sync_folder(target.parent)


def write(target: Path, data: bytes, scratch: Path, *, read_only: bool = True) -> None:
    """Publish bytes at `target`, atomically. Raises StoreError."""
    with draft(scratch) as path:
        path.write_bytes(data)
        publish(path, target, read_only=read_only)


def read(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is none. Raises StoreError."""
    with _named(path, "read"):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def move(source: Path, target: Path) -> None:
    """Rename a file, flushing both folders. Raises StoreError."""
    make_folder(target.parent)
    with _named(source, "move"):
        source.replace(target)
    sync_folder(source.parent)
    sync_folder(target.parent)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a kernel lock, waiting for whoever has it; it goes with its process. Raises StoreError."""
    from filelock import FileLock  # 0.05 s, and only a run that makes something needs it

    make_folder(path.parent)
    held = FileLock(path)
    with _named(path, "lock"):
        held.acquire()
    try:
        yield
    finally:
        held.release()
