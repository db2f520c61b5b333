"""LocalStore: content-addressed objects, actions, run records and refs, in one folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from ..digest import Json, digest_bytes, digest_file
from ..errors import DamagedError, StoreError, UsageError, bounded, suggest
from . import durable
from .layout import DIGEST, check_layout, mark, object_path, refuse_link
from .lease import Lease, leased
from .sealed import NAME, file_name, opened, seal

T = TypeVar("T", bytes, memoryview)


class LocalStore:
    """Everything that lasts, below one folder; nothing is created before the first write.

    format                   the number of the layout below
    objects/ab/cdef...       content-addressed, read-only
    actions/<key>.json       what a key gave: outputs with the parts of the key, receipts, fragments
    runs/<run-id>.json       one immutable record a run
    accepts/<id>.json        one immutable record each time that a person made a run the champion; ids sort by time
    refs/<pipeline>/<name>   the champion, and the newest key of each step
    work/<key>/<name>        what a step that is being made has done so far
    index/runs               a line a run, derived from its record; safe to lose
    tmp/  locks/  leases/    drafts; kernel locks; what live runs rely on;  aside/ holds damaged objects

    A document carries a seal, the digest of its name and its content, so that one that was altered or swapped is known.
    Raises StoreError when the folder is a file, is of another format, has links for folders, or cannot be read or written.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()
        check_layout(self.root)
        self._scratch = self.root / "tmp"
        self._marked = False
        self._lease: Lease | None = None
        self._leasing = Lock()
        self._inside = 0
        self._end: ExitStack | None = None

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Keep whatever this store finds or writes inside the block from being collected.

        One inside another is the same, also in another thread: it ends when the last of them is left.
        """
        with self._leasing:
            if self._lease is None:
                self._end = ExitStack()
                self._lease = self._end.enter_context(leased(self.root))
            self._inside += 1
        try:
            self._begin()
            yield
        finally:
            with self._leasing:
                self._inside -= 1
                if not self._inside and self._end is not None:
                    self._lease, end, self._end = None, self._end, None
                    end.close()

    def join(self, lease: Path) -> LocalStore:
        """Pin in the lease of another process, which outlives this one. Returns itself."""
        self._lease = Lease(self.root, lease)
        return self

    @property
    def lease_file(self) -> Path | None:
        """What `join` takes."""
        return self._lease.file if self._lease else None

    def pin(self, names: Iterable[str]) -> None:
        """Keep these keys and digests while the lease lasts; done before anybody looks whether they are there."""
        if self._lease is not None:
            self._lease.pin(names)

    # objects

    def put(self, data: bytes) -> str:
        """Store bytes; returns their digest."""
        digest = digest_bytes(data)
        self.pin([digest])
        self._begin()
        if self.intact(digest):
            durable.sync_folder(self._object(digest).parent)  # who wrote it may have been killed before doing so
        else:
            durable.write(self._object(digest), data, self._scratch)
        return digest

    def new_object(self) -> AbstractContextManager[Path]:
        """A path to write a file of any size to, for `adopt`."""
        self._begin()
        return durable.draft(self._scratch)

    def adopt(self, draft: Path) -> str:
        """Store a file from `new_object`; returns its digest."""
        digest = digest_file(draft)
        self.pin([digest])
        if self.intact(digest):
            durable.sync_folder(self._object(digest).parent)
        else:
            durable.publish(draft, self._object(digest))
        return digest

    def has(self, digest: str) -> bool:
        """Whether an object is there; its bytes are not looked at."""
        self.pin([digest])
        path = self._object(digest)
        with durable.named(path, "read"):
            return path.exists()

    def size(self, digest: str) -> int:
        """Bytes of an object that is there."""
        path = self._object(digest)
        with durable.named(path, "read"):
            return path.stat().st_size

    def get(self, digest: str) -> bytes:
        """The bytes of an object, verified. Raises DamagedError; one that was altered has been moved to aside/."""
        return self._verified(digest, durable.read)

    def map(self, digest: str) -> memoryview:
        """What `get` gives, as a map of the file, verified through it; it stays valid when the object is collected or set aside."""
        return self._verified(digest, durable.read_mapped)

    def head(self, digest: str, count: int) -> bytes:
        """The first bytes of an object, not verified; none where there is none."""
        self.pin([digest])
        path = self._object(digest)
        with durable.named(path, "read"):
            return b"" if path.is_symlink() else durable.read(path, count) or b""

    def _verified(self, digest: str, read: Callable[[Path], T | None]) -> T:
        self.pin([digest])
        path = self._object(digest)
        with durable.named(path, "read"):
            link = path.is_symlink()  # no digest fits it
        data = None if link else read(path)
        if data is not None and digest_bytes(data) == digest:
            return data
        if data is None and not link:
            raise DamagedError(
                digest, "was damaged and has been set aside" if self.damaged(digest) else "is missing from the store"
            )
        if self.intact(digest):  # by now: somebody has made it anew
            return self._verified(digest, read)
        raise DamagedError(digest, "was damaged and has been set aside")

    def peek(self, digest: str) -> bytes | None:
        """The bytes of an object if they are what its name says; nothing is pinned, nor set aside, and no link is followed."""
        path = self.root / object_path(digest)
        if path.parent.is_symlink():
            return None
        data = durable.read(path) if durable.is_file(path) else None
        return data if data is not None and digest_bytes(data) == digest else None

    def digests(self) -> list[str]:
        """The names of all objects, sorted; links in place of folders are passed over."""
        here = self.root / "objects"
        folders = [p for p in here.iterdir() if p.is_dir() and not p.is_symlink()] if here.is_dir() else []
        names = [f"{path.name}{entry.name}" for path in folders for entry in os.scandir(path)]
        return sorted(name for name in names if DIGEST.fullmatch(name))

    def object_file(self, digest: str) -> Path:
        """Where an object lies, for those who keep the store up."""
        return self._object(digest)

    def intact(self, digest: str) -> bool:
        """Whether an object is there with the bytes that its name says; one that was altered is moved to aside/."""
        path = self._object(digest)
        with durable.named(path, "read"):
            return self._sound(path, digest, lambda: durable.is_file(path) and digest_file(path) == digest)

    def damaged(self, digest: str) -> bool:
        """Whether an object of this name lies in aside/."""
        return durable.size(self.root / "aside" / digest) is not None

    def _object(self, digest: str) -> Path:
        path = self.root / object_path(digest)
        refuse_link(path.parent)
        return path

    def _sound(self, path: Path, name: str, is_sound: Callable[[], bool]) -> bool:
        """Whether a file is there and sound; one that is not is set aside, unless somebody has just made it anew."""
        with suppress(FileNotFoundError):
            if durable.size(path) is None:
                return False
            if is_sound():
                return True
            with self.lock("aside"):
                if is_sound():
                    return True
                durable.move(path, self.root / "aside" / name)
        return False

    # actions

    def action(self, key: str) -> Json | None:
        """What an action recorded, or None."""
        self.pin([key])
        return self.document("actions", key)

    def record_action(self, key: str, document: Json, *, flushed: bool = True) -> None:
        """Record an action; its outputs are in the store already. One that is not flushed may be gone after a power cut."""
        self.pin([key])
        self._save("actions", key, document, flushed=flushed)

    def action_file(self, key: str) -> Path:
        """Where an action lies, for those who keep the store up."""
        return self.root / "actions" / f"{file_name(key)}.json"

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold the lock of a key."""
        return durable.lock(self.root / "locks" / f"{file_name(key)}.lock")

    # runs

    def save_run(self, run_id: str, document: Json) -> None:
        """Record a run, for ever."""
        self._save("runs", run_id, document)

    def run_ids(self) -> list[str]:
        """All run ids, oldest first."""
        return self._names("runs")

    def action_keys(self) -> list[str]:
        """The keys of all actions."""
        return self._names("actions")

    def run(self, run_id: str) -> Json:
        """One run record by id or by a unique beginning or end of it. Raises UsageError."""
        known = self.run_ids()
        fitting = [run_id] if run_id in known else [i for i in known if i.startswith(run_id) or i.endswith(run_id)]
        if len(fitting) != 1:
            found = f"{len(fitting)} runs fit" if fitting else f"no such run; {suggest(run_id, known[-5:])}"
            raise UsageError(f"run {bounded(run_id)!r}: {found}")
        record = self.document("runs", fitting[0])
        if record is None:
            raise StoreError(f"the record of run {fitting[0]} was damaged and has been set aside; its outputs are not touched")
        return record

    def runs(self, pipeline: str | None = None) -> Iterator[Json]:
        """Run records, newest first; a damaged one is set aside and left out."""
        for run_id in reversed(self.run_ids()):
            record = self.document("runs", run_id)
            if record is not None and pipeline in (None, record["pipeline"]):
                yield record

    # accepts

    def save_accept(self, name: str, document: Json) -> None:
        """Record that a person made a run the champion, for ever."""
        self._save("accepts", name, document)

    def accept_ids(self) -> list[str]:
        """The names of all such records, oldest first."""
        return self._names("accepts")

    def accepts(self) -> Iterator[Json]:
        """All such records, oldest first; a damaged one is set aside and left out."""
        found = (self.document("accepts", name) for name in self.accept_ids())
        yield from (document for document in found if document is not None)

    # refs

    def ref(self, pipeline: str, name: str) -> str | None:
        """Where a ref points: a run id for `champion`, a key for a step; None where it was never set, or was torn."""
        data = durable.read(self.root / "refs" / file_name(pipeline) / file_name(name))
        target = (data or b"").decode(errors="replace").strip()
        return target if NAME.fullmatch(target) else None

    def set_ref(self, pipeline: str, name: str, target: str, *, flushed: bool = True) -> None:
        """Point a ref somewhere else, atomically."""
        path = self.root / "refs" / file_name(pipeline) / file_name(name)
        self._begin()
        durable.write(path, f"{target}\n".encode(), self._scratch, read_only=False, flushed=flushed)

    def refs(self) -> dict[tuple[str, str], str]:
        """(pipeline, name) -> target, of every ref."""
        with durable.named(self.root / "refs", "read"):
            files = [p for p in (self.root / "refs").glob("*/*") if durable.is_file(p) and not p.parent.is_symlink()]
        names = [(path.parent.name, path.name) for path in files]
        found = {name: self.ref(*name) for name in names if all(map(NAME.fullmatch, name))}
        return {name: target for name, target in found.items() if target is not None}

    # documents

    def _names(self, folder: str) -> list[str]:
        here = self.root / folder
        with durable.named(here, "read"):
            names = os.listdir(here) if here.is_dir() else ()  # noqa: PTH208  # a tenth of the time: there may be 100,000
        return sorted(name[:-5] for name in names if name.endswith(".json") and NAME.fullmatch(name[:-5]))

    def _save(self, folder: str, name: str, document: Json, *, flushed: bool = True) -> None:
        path = self.root / folder / f"{file_name(name)}.json"
        self._begin()
        durable.write(path, seal(f"{folder}/{name}", document), self._scratch, flushed=flushed)

    def document(self, folder: str, name: str) -> Json | None:
        """A document of `actions`, `runs` or `accepts` as it was saved; one that was altered is set aside."""
        document = self.peek_document(folder, name)
        if document is None:
            path = self.root / folder / f"{file_name(name)}.json"
            if self._sound(path, path.name, lambda: self.peek_document(folder, name) is not None):
                return self.peek_document(folder, name)
        return document

    def peek_document(self, folder: str, name: str) -> Json | None:
        """A document of `actions`, `runs` or `accepts` as it was saved, or None; nothing is pinned, nor set aside."""
        path = self.root / folder / f"{file_name(name)}.json"
        data = _read(path)
        return opened(f"{folder}/{name}", data) if data is not None else None

    def _begin(self) -> None:
        """Before the first write: give a new store its number; of an old one, flush what a killed run may not have flushed."""
        if self._marked:
            return
        with durable.named(self.root, "read"):
            old = self.root.is_dir()
        mark(self.root)
        for folder in (
            self.root.parent,
            self.root,
            *(self.root / name for name in ("objects", "actions", "runs", "accepts", "refs")),
        ):
            if old and os.access(folder, os.R_OK):
                durable.sync_folder(folder)
        self._marked = True


def _read(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is none; of a symbolic link none, which no digest or seal fits."""
    with durable.named(path, "read"):
        return b"" if path.is_symlink() else durable.read(path)
