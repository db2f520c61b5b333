"""Reach: what a run, an action and an artifact name, down to the last file; the mark of mark and sweep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from .digest import Json
from .sealed import NAME
from .store import LocalStore


class Reach:
    """The keys and digests that are reached so far. It only grows; what cannot be read on the way is in `notes`.

    Nothing is pinned, changed or set aside by looking.
    """

    def __init__(self, store: LocalStore) -> None:
        self.actions: set[str] = set()
        self.objects: set[str] = set()
        self.notes: dict[str, None] = {}
        self._store = store
        self._followed: set[str] = set()  # actions and artifacts whose content is in

    @property
    def size(self) -> int:
        """How many names; as long as it is the same, so are they."""
        return len(self.actions) + len(self.objects)

    def run(self, record: Json) -> None:
        """Reach what a run made and reused."""
        for step in record["steps"]:
            if step["key"]:
                self.action(step["key"])
            for digest in artifacts(step):
                self.artifact(digest)

    def action(self, key: str) -> None:
        """Reach an action and what it made: a step's artifacts, or a mapped item's files."""
        self.actions.add(key)
        known = key in self._followed or not NAME.fullmatch(key)
        found = None if known else self._store.peek_document("actions", key)
        if found is None:
            return
        self._followed.add(key)
        self.objects.update(files(found))
        for digest in artifacts(found):
            self.artifact(digest)

    def artifact(self, digest: str) -> None:
        """Reach an artifact: its manifest, and the files that this names."""
        self.objects.add(digest)
        if digest in self._followed:
            return
        found = manifest_of(self._store.peek(digest))
        if found is None:
            self.notes[f"manifest {digest[:12]} is damaged or missing, so that the files it named cannot be told"] = None
            return
        self._followed.add(digest)
        self.objects.update(files(found))

    def holds(self, action: Json) -> bool:
        """Whether an action judges something that is reached, or made nothing else."""
        if not isinstance(action, dict) or "outputs" in action:
            return False
        if "of" in action:
            return action["of"] in self.objects
        return "files" in action and self.objects.issuperset(files(action))


def artifacts(document: Json) -> Iterator[str]:
    """The artifacts that a step's action or outcome names: its outputs and its quarantine."""
    yield from (document.get("outputs") or {}).values()
    yield from filter(None, [document["quarantine"]] if isinstance(document.get("quarantine"), str) else [])


def files(document: Json) -> Iterable[str]:
    """The files that a manifest or a mapped item's action names."""
    away = document.get("quarantine")
    return [file["digest"] for file in (*document.get("files", ()), *(away if isinstance(away, list) else ()))]


def manifest_of(data: bytes | None) -> Json | None:
    """A manifest, or None for bytes that are none."""
    try:
        found = json.loads(data or b"")
        return found if isinstance(found["facts"], dict) and all(isinstance(d, str) for d in files(found)) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def lost(store: LocalStore, steps: Iterable[Json]) -> list[str]:
    """The names of the steps, of outcomes as JSON, whose artifacts or files are no longer all in the store."""
    return [step["name"] for step in steps if not _whole(store, step)]


def _whole(store: LocalStore, step: Json) -> bool:
    reach = Reach(store)
    for digest in artifacts(step):
        reach.artifact(digest)
    return all(store.has(digest) for digest in reach.objects) and not reach.notes
