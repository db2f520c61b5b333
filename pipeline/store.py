"""LocalStore: content-addressed objects, actions, run records and refs, in one folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from . import durable
from .digest import Json, digest_bytes, digest_file
from .errors import DamagedError, StoreError, UsageError, bounded, suggest
from .layout import check_layout, mark, refuse_link
from .lease import Lease, leased
from .sealed import NAME, file_name, opened, seal

_DIGEST = re.compile(r"[0-9a-f]{64}")


class LocalStore:
    """Everything that lasts, below one folder; nothing is created before the first write.

    format                   the number of the layout below
    objects/ab/cdef...       content-addressed, read-only
    actions/<key>.json       what a key gave: outputs with the parts of the key, receipts, fragments
    runs/<run-id>.json       one immutable record a run
    refs/<pipeline>/<name>   the champion, and the newest key of each step
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

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Keep whatever this store finds or writes inside the block from being collected. One inside another is the same."""
        if self._lease is not None:
            yield
            return
        self._begin()
        with leased(self.root) as self._lease:
            try:
                yield
            finally:
                self._lease = None

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
        self.pin([digest])
        path = self._object(digest)
        data = _read(path)
        if data is None:
            raise DamagedError(
                digest, "was damaged and has been set aside" if self.damaged(digest) else "is missing from the store"
            )
        if digest_bytes(data) != digest:
            self._set_aside(path, digest)
            raise DamagedError(digest, "was damaged and has been set aside")
        return data

    def intact(self, digest: str) -> bool:
        """Whether an object is there with the bytes that its name says; one that was altered is moved to aside/."""
        path = self._object(digest)
        with durable.named(path, "read"):
            if not os.path.lexists(path):
                return False
            if not path.is_symlink() and digest_file(path) == digest:
                return True
        self._set_aside(path, digest)
        return False

    def damaged(self, digest: str) -> bool:
        """Whether an object of this name lies in aside/."""
        return os.path.lexists(self.root / "aside" / digest)

    def _object(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise StoreError(f"{bounded(digest)!r} is not a digest, expected 64 hex digits")
        folder = self.root / "objects" / digest[:2]
        refuse_link(folder)
        return folder / digest[2:]

    def _set_aside(self, path: Path, name: str) -> None:
        with suppress(FileNotFoundError):  # somebody else has just done it
            durable.move(path, self.root / "aside" / name)

    # actions

    def action(self, key: str) -> Json | None:
        """What an action recorded, or None."""
        self.pin([key])
        return self._document("actions", key)

    def record_action(self, key: str, document: Json, *, flushed: bool = True) -> None:
        """Record an action; its outputs are in the store already. One that is not flushed may be gone after a power cut."""
        self.pin([key])
        self._save("actions", key, document, flushed=flushed)

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
        record = self._document("runs", fitting[0])
        if record is None:
            raise StoreError(f"the record of run {fitting[0]} was damaged and has been set aside; its outputs are not touched")
        return record

    def runs(self, pipeline: str | None = None) -> Iterator[Json]:
        """Run records, newest first; a damaged one is set aside and left out."""
        for run_id in reversed(self.run_ids()):
            record = self._document("runs", run_id)
            if record is not None and pipeline in (None, record["pipeline"]):
                yield record

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
            names = [(path.parent.name, path.name) for path in (self.root / "refs").glob("*/*")]
        found = {name: self.ref(*name) for name in names}
        return {name: target for name, target in found.items() if target is not None}

    # documents

    def _names(self, folder: str) -> list[str]:
        here = self.root / folder
        with durable.named(here, "read"):
            return sorted(path.stem for path in here.iterdir() if path.suffix == ".json") if here.is_dir() else []

    def _save(self, folder: str, name: str, document: Json, *, flushed: bool = True) -> None:
        path = self.root / folder / f"{file_name(name)}.json"
        self._begin()
        durable.write(path, seal(f"{folder}/{name}", document), self._scratch, flushed=flushed)

    def _document(self, folder: str, name: str) -> Json | None:
        """A document as it was saved; one that was altered is set aside."""
        path = self.root / folder / f"{file_name(name)}.json"
        data = _read(path)
        document = opened(f"{folder}/{name}", data) if data is not None else None
        if data is not None and document is None:
            self._set_aside(path, path.name)
        return document

    def _begin(self) -> None:
        """Before the first write: give a new store its number; of an old one, flush what a killed run may not have flushed."""
        if self._marked:
            return
        with durable.named(self.root, "read"):
            old = self.root.is_dir()
        mark(self.root)
        for folder in (self.root.parent, self.root, *(self.root / name for name in ("objects", "actions", "runs", "refs"))):
            if old and os.access(folder, os.R_OK):
                durable.sync_folder(folder)
        self._marked = True


def _read(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is none; of a symbolic link none, which no digest or seal fits."""
    with durable.named(path, "read"):
        return b"" if path.is_symlink() else durable.read(path)
