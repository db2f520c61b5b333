"""All durable I/O of the project: nothing else opens a file for writing below a store.

A file appears whole or not at all: it is written beside its target, flushed to the disk, renamed, and the folder that
names it is flushed too.  Locks belong to the kernel, so a killed holder blocks nobody.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from ..errors import StoreError

_READ_ONLY = 0o444
T = TypeVar("T")

Watch = Callable[[str, Path, Path | None], None]  # (operation, path, where it is renamed to)
watch: Watch | None = None  # hears of every operation just before it is done; what it raises happens in its place


def _do(operation: str, path: Path, target: Path | None = None) -> None:
    if watch is not None:
        watch(operation, path, target)


@contextmanager
def named(path: Path, doing: str) -> Iterator[None]:
    """Raise as a StoreError, with the path and the way out, what the system refuses inside the block."""
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
    """Create a folder and its parents, each flushed into the one above. Raises StoreError, also when a file stands in the way."""
    with named(path, "create the folder"):
        missing = []
        while not path.is_dir():
            missing.append(path)
            path = path.parent
        for folder in reversed(missing):
            _do("create folder", folder)
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to the disk."""
    with named(path, "flush"):
        _do("flush folder", path)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_file(path: Path) -> None:
    """Flush a file's bytes to the disk. Raises StoreError."""
    with named(path, "flush"):
        _flush(path)


def _flush(path: Path) -> None:
    _do("flush", path)
    with path.open("rb") as written:
        os.fsync(written.fileno())


@contextmanager
def draft(scratch: Path) -> Iterator[Path]:
    """A new file in `scratch` to write, for `publish`; whatever is left of it goes on leaving. Raises StoreError."""
    make_folder(scratch)
    with named(scratch, "write in"):
        _do("create", scratch)
        handle, name = tempfile.mkstemp(dir=scratch)
        os.close(handle)
    path = Path(name)
    try:
        with named(path, "write"):
            _do("write", path)
            yield path
    finally:
        with suppress(OSError):
            path.unlink()


def publish(path: Path, target: Path, *, read_only: bool = True, flushed: bool = True) -> None:
    """Make a draft appear at `target`, whole and (when flushed) for good; both lie on one file system. Raises StoreError."""
    make_folder(target.parent)
    with named(target, "write"):
        if flushed:
            _flush(path)
        path.chmod(_READ_ONLY if read_only else 0o644)
        _do("rename", path, target)
        path.replace(target)
    if flushed:
        sync_folder(target.parent)


def write(target: Path, data: bytes, scratch: Path, *, read_only: bool = True, flushed: bool = True) -> None:
    """Publish bytes at `target`, atomically. Raises StoreError.

    flushed: wait for the disk; what a power cut may take, since it can be found out again, need not.
    """
    with draft(scratch) as path:
        path.write_bytes(data)
        publish(path, target, read_only=read_only, flushed=flushed)


def append(path: Path, data: bytes) -> None:
    """Add bytes at the end of a file; it is not flushed. Raises StoreError, and a part of them may be there then."""
    make_folder(path.parent)
    with named(path, "write"):
        _do("append", path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            while data:  # a full disk takes a part, and says so the next time
                data = data[os.write(handle, data) :]
        finally:
            os.close(handle)


def read(path: Path, most: int = -1) -> bytes | None:
    """The bytes of a file, or so many of them, or None where there is none; a symbolic link is not followed. Raises StoreError."""
    return _opened(path, lambda file: file.read(most))


def read_mapped(path: Path) -> memoryview | None:
    """What `read` gives, as a map of the file: it stays as it is when the name is removed, and nothing is copied."""
    return _opened(
        path, lambda file: memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if _length(file) else b"")
    )


def _length(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size  # nothing can be mapped of an empty one


def _opened(path: Path, read: Callable[[IO[bytes]], T]) -> T | None:
    with named(path, "read"):
        try:
            with open(path, "rb", opener=_no_link) as file:  # Path.open takes no opener
                return read(file)
        except FileNotFoundError:
            return None


def is_file(path: Path) -> bool:
    """Whether a file is there. Raises StoreError where that cannot be told."""
    with named(path, "read"):
        try:
            return stat.S_ISREG(path.lstat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False


def size(path: Path) -> int | None:
    """Bytes of a file, or of a link itself, or None where there is none. Raises StoreError."""
    found = _status(path)
    return found.st_size if found else None


def changed(path: Path) -> float | None:
    """When a file was last written, in seconds since 1970, or None where there is none. Raises StoreError."""
    found = _status(path)
    return found.st_mtime if found else None


def _status(path: Path) -> os.stat_result | None:
    with named(path, "read"):
        try:
            return path.lstat()
        except FileNotFoundError:
            return None


def _no_link(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NOFOLLOW)


def move(source: Path, target: Path) -> None:
    """Rename a file, flushing both folders; one that is gone already is left gone. Raises StoreError."""
    make_folder(target.parent)
    with named(source, "move"):
        _do("rename", source, target)
        try:
            source.replace(target)
        except FileNotFoundError:
            return
    sync_folder(source.parent)
    sync_folder(target.parent)


def remove(path: Path) -> bool:
    """Remove a file; says whether it was there. It is not flushed: one that comes back after a power cut is removed again."""
    with named(path, "remove"):
        try:
            _do("remove", path)
            path.unlink()
        except FileNotFoundError:
            return False
    return True


def remove_folder(path: Path) -> None:
    """Remove a folder if it is empty; likewise not flushed."""
    with named(path, "remove"):
        try:
            _do("remove folder", path)
            path.rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                raise


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a kernel lock, waiting for whoever has it; it goes with its process. Raises StoreError."""
    with _lock(path, -1):
        yield


@contextmanager
def lock_if_free(path: Path) -> Iterator[bool]:
    """Hold a kernel lock unless somebody has it; gives whether it is held. Raises StoreError."""
    with _lock(path, 0) as held:
        yield held


def is_locked(path: Path) -> bool:
    """Whether somebody holds a kernel lock; nothing is touched, not even where there is no such file. Raises StoreError."""
    import fcntl

    with named(path, "read"):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False


@contextmanager
def _lock(path: Path, seconds: float) -> Iterator[bool]:
    from filelock import FileLock, Timeout  # 0.05 s, and only a run that makes something needs it

    make_folder(path.parent)
    with named(path, "lock"):
        _do("lock", path)
        lock = FileLock(path, timeout=seconds, poll_interval=0.01, fallback_to_soft=False, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            held = False
        else:
            held = True
    try:
        yield held
    finally:
        lock.release()
