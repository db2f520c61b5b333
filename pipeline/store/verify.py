"""Verify: read everything in a store, set aside what is damaged, and find what is needed and missing.

Safe beside runs and the collector: what is found missing is looked for again after what names it, which goes first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..digest import Json
from ..errors import StoreError
from ..progress import report
from . import durable
from .layout import FOLDERS
from .local import LocalStore
from .reach import Reach, artifacts, files, manifest_of
from .scraps import inside

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_FOLDERS_WITHIN = {"objects": r"[0-9a-f]{2}", "refs": _NAME, "work": r"[0-9a-f]{64}"}
_FILES = {
    "objects": r"[0-9a-f]{2}/[0-9a-f]{62}",
    "actions": rf"{_NAME}\.json",
    "runs": rf"{_NAME}\.json",
    "accepts": rf"{_NAME}\.json",
    "index": "runs",
    "refs": f"{_NAME}/{_NAME}",
    "locks": rf"{_NAME}\.lock",
    "leases": r"[0-9a-f]+\.(lock|pins)",
    "work": f"[0-9a-f]{{64}}/{_NAME}",
    "tmp": "[^/]+",
    "aside": "[^/]+",
}


@dataclass
class Verified:
    """How much was read, and what was found, one line each.

    damaged: now in aside/, unless the line says that it was left.  missing: what actions and champions name.
    foreign: files that no store makes, and links.  collected: newest actions of steps whose outputs `gc` has removed.
    """

    objects: int = 0
    bytes: int = 0
    actions: int = 0
    runs: int = 0
    accepts: int = 0
    collected: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was damaged or missing."""
        return not self.damaged and not self.missing


def verify(store: LocalStore) -> Verified:
    """Read every object and document, and look for all that these name; memory does not grow with the bytes of objects.

    Where nothing can be written, what is damaged is named and left where it is.  Raises StoreError for a store that cannot be read.
    """
    found = Verified()
    names = _Names(store, _read_objects(store, found))
    for run_id, record in _documents(store, found, "runs", store.run_ids()):
        found.runs += 1
        names.newest[record["pipeline"]] = run_id
    found.accepts = sum(1 for _ in _documents(store, found, "accepts", store.accept_ids()))
    names.find_required()
    for key, action in _documents(store, found, "actions", store.action_keys()):
        found.actions += 1
        names.action(key, action)
    found.collected = names.collected
    found.damaged += names.no_manifests.values()
    found.missing += names.missing.values()
    found.foreign += _foreign(store.root)
    return found


def _read_objects(store: LocalStore, found: Verified) -> set[str]:
    """Read every object; returns the digests of those that are sound."""
    digests, sound = store.digests(), set()
    for done, digest in enumerate(digests, 1):
        size = durable.size(store.object_file(digest))
        if size is None:
            continue  # it was collected meanwhile
        found.objects += 1
        found.bytes += size
        try:
            if store.intact(digest):
                sound.add(digest)
            elif store.damaged(digest):
                found.damaged.append(f"object {digest} is not what its name says")
        except StoreError as error:
            found.damaged.append(f"object {digest} is left where it is: {error}")
        report(done, len(digests), "objects")
    return sound


def _documents(store: LocalStore, found: Verified, folder: str, names: Iterable[str]) -> Iterator[tuple[str, Json]]:
    """Read every document; gives those that are as they were written."""
    for name in names:
        document = store.peek_document(folder, name)
        if document is not None:
            yield name, document
        elif os.path.lexists(store.root / folder / f"{name}.json"):  # else it was collected meanwhile
            line = f"{folder}/{name}.json is not as it was written"
            try:
                store.document(folder, name)
            except StoreError as error:
                line += f"; left there: {error}"
            found.damaged.append(line)


class _Names:
    """What is named by something that is kept, and is not there."""

    def __init__(self, store: LocalStore, sound: set[str]) -> None:
        self.newest: dict[str, str] = {}  # pipeline -> run id
        self.missing: dict[str, str] = {}  # name -> the line to print
        self.no_manifests: dict[str, str] = {}  # likewise
        self.collected = 0
        self._store, self._sound = store, sound
        self._required = Reach(store)

    def find_required(self) -> None:
        """Look at champions and newest runs, which are kept whole."""
        refs = self._store.refs()
        self._targets = {target for (_, name), target in refs.items() if name != "champion"}
        champions = {pipeline: target for (pipeline, name), target in refs.items() if name == "champion"}
        for word, runs in (("champion", champions), ("newest run", self.newest)):
            for pipeline, run_id in runs.items():
                record = self._store.peek_document("runs", run_id)
                who = f"run {run_id}, the {word} of {pipeline}"
                if record is None:
                    self.missing[run_id] = f"the record of {who}"
                    continue
                self._required.run(record)
                for step in record["steps"]:
                    lacking = self._lacking(step, f"step {step['name']} of {who}")
                    if lacking and self._still(word, pipeline, run_id):
                        self.missing |= lacking

    def action(self, key: str, action: Json) -> None:
        """Look for what an action made."""
        lacking = self._lacking(action, f"action {key}")
        if not lacking or self._store.peek_document("actions", key) is None:
            return
        if key in self._targets and key not in self._required.actions:
            self.collected += 1
        else:
            self.missing = lacking | self.missing

    def _still(self, word: str, pipeline: str, run_id: str) -> bool:
        if word == "champion":
            return self._store.ref(pipeline, "champion") == run_id
        newest = next(self._store.runs(pipeline), None)
        return newest is not None and bool(newest["run_id"] == run_id)

    def _lacking(self, document: Json, who: str) -> dict[str, str]:
        """Digest -> the line to print, of what is not there."""
        wanted = list(files(document))
        for digest in artifacts(document):
            wanted.append(digest)
            data = self._store.peek(digest)
            manifest = manifest_of(data)
            if manifest is not None:
                wanted += files(manifest)
            elif data is not None:
                self.no_manifests[digest] = f"object {digest} is no manifest, which {who} takes it for"
        lost = [digest for digest in wanted if digest not in self._sound and self._store.peek(digest) is None]
        return {digest: f"object {digest}, of {who}{self._lies_aside(digest)}" for digest in lost}

    def _lies_aside(self, digest: str) -> str:
        return ", lies damaged in aside/" if self._store.damaged(digest) else ""


def _foreign(root: Path) -> Iterator[str]:
    """What no store makes; links are not followed."""
    yield from (f"{path.name} is not the store's" for path in inside(root) if path.name not in (*FOLDERS, "format"))
    for folder, shape in _FILES.items():
        here = root / folder
        for path in sorted(here.rglob("*")) if here.is_dir() else ():
            name = path.relative_to(here).as_posix()
            if path.is_symlink():
                yield f"{folder}/{name} is a symbolic link"
            elif not re.fullmatch(_FOLDERS_WITHIN.get(folder, "") if path.is_dir() else shape, name):
                yield f"{folder}/{name} is not the store's"
