"""LocalStore: content-addressed objects, actions, run records and refs, in one folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from . import durable
from .digest import Json, canonical, digest_bytes, digest_file
from .errors import DamagedError, StoreError, UsageError, bounded, suggest

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class LocalStore:
    """Everything that lasts, below one folder; nothing is created before the first write.

    objects/ab/cdef...       content-addressed, read-only
    actions/<key>.json       key -> outputs, with the parts of the key
    runs/<run-id>.json       one immutable record a run
    refs/<pipeline>/<name>   the champion, and the newest key of each step
    tmp/  locks/             drafts; kernel locks;  aside/ holds damaged objects

    Raises StoreError when the folder is a file, or cannot be read or written.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()
        if self.root.exists() and not self.root.is_dir():
            raise StoreError(f"the store {self.root} is a file, expected a folder; choose another with --store")
        self._scratch = self.root / "tmp"
        self._verified: set[str] = set()

    # objects

    def put(self, data: bytes) -> str:
        """Store bytes; returns their digest."""
        digest = digest_bytes(data)
        if not self._intact(digest):
            durable.write(self._object(digest), data, self._scratch)
        self._verified.add(digest)
        return digest

    def new_object(self) -> AbstractContextManager[Path]:
        """A path to write a file of any size to, for `adopt`."""
        return durable.draft(self._scratch)

    def adopt(self, draft: Path) -> str:
        """Store a file from `new_object`; returns its digest."""
        digest = digest_file(draft)
        if not self._intact(digest):
            durable.publish(draft, self._object(digest))
        self._verified.add(digest)
        return digest

    def has(self, digest: str) -> bool:
        """Whether an object is there; its bytes are not looked at."""
        return self._object(digest).exists()

    def size(self, digest: str) -> int:
        """Bytes of an object that is there."""
        return self._object(digest).stat().st_size

    def path(self, digest: str) -> Path:
        """The path of an object, its bytes verified once a process.

        Raises DamagedError when it is missing or altered; an altered one has been moved to aside/.
        """
        path = self._object(digest)
        if not path.exists():
            self._verified.discard(digest)
            raise DamagedError(digest, "is missing from the store")
        if digest not in self._verified:
            if digest_file(path) != digest:
                durable.move(path, self.root / "aside" / digest)
                raise DamagedError(digest, "was damaged and has been set aside")
            self._verified.add(digest)
        return path

    def get(self, digest: str) -> bytes:
        """The verified bytes of an object. Raises DamagedError."""
        return self.path(digest).read_bytes()

    def _intact(self, digest: str) -> bool:
        try:
            return bool(self.path(digest))
        except DamagedError:
            return False

    def _object(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise StoreError(f"{bounded(digest)!r} is not a digest, expected 64 hex digits")
        return self.root / "objects" / digest[:2] / digest[2:]

    # actions

    def action(self, key: str) -> Json | None:
        """What an action recorded, or None."""
        return self._document(self.root / "actions" / f"{_name(key)}.json")

    def record_action(self, key: str, document: Json) -> None:
        """Record an action; its outputs are in the store already."""
        durable.write(self.root / "actions" / f"{_name(key)}.json", canonical(document), self._scratch)

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold the lock of a key."""
        return durable.lock(self.root / "locks" / f"{_name(key)}.lock")

    # runs

    def save_run(self, run_id: str, document: Json) -> None:
        """Record a run, for ever."""
        durable.write(self.root / "runs" / f"{_name(run_id)}.json", canonical(document), self._scratch)

    def run_ids(self) -> list[str]:
        """All run ids, oldest first."""
        folder = self.root / "runs"
        return sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []

    def run(self, run_id: str) -> Json:
        """One run record by id or by a unique beginning or end of it. Raises UsageError."""
        known = self.run_ids()
        fitting = [run_id] if run_id in known else [i for i in known if i.startswith(run_id) or i.endswith(run_id)]
        if len(fitting) != 1:
            found = f"{len(fitting)} runs fit" if fitting else f"no such run; {suggest(run_id, known[-5:])}"
            raise UsageError(f"run {bounded(run_id)!r}: {found}")
        record = self._document(self.root / "runs" / f"{fitting[0]}.json")
        if record is None:
            raise StoreError(f"the record of run {fitting[0]} was damaged and has been set aside; its outputs are not touched")
        return record

    def runs(self, pipeline: str | None = None) -> Iterator[Json]:
        """Run records, newest first; a damaged one is set aside and left out."""
        for run_id in reversed(self.run_ids()):
            record = self._document(self.root / "runs" / f"{run_id}.json")
            if record is not None and pipeline in (None, record["pipeline"]):
                yield record

    # refs

    def ref(self, pipeline: str, name: str) -> str | None:
        """Where a ref points: a run id for `champion`, a key for a step; None where it was never set."""
        data = durable.read(self.root / "refs" / _name(pipeline) / _name(name))
        return data.decode().strip() if data is not None else None

    def set_ref(self, pipeline: str, name: str, target: str) -> None:
        """Point a ref somewhere else, atomically."""
        path = self.root / "refs" / _name(pipeline) / _name(name)
        durable.write(path, f"{target}\n".encode(), self._scratch, read_only=False)

    def _document(self, path: Path) -> Json | None:
        data = durable.read(path)
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError:
            aside = self.root / "aside" / path.name
            durable.move(path, aside)
            return None


def _name(text: str) -> str:
    """A name that stays inside its folder. Raises UsageError."""
    if not _NAME.fullmatch(text):
        raise UsageError(f"{bounded(text)!r} is not a name in a store, expected letters, digits, '_', '-' and '.'")
    return text
