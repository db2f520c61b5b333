"""Reach: what a run, an action and an artifact name, down to the last file; the mark of mark and sweep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..digest import Json
from .local import LocalStore
from .sealed import NAME


class Reach:
    """The keys and digests that are reached so far. It only grows; what cannot be told of runs is in `notes`.

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
        """Reach what a run made and reused; an artifact that was collected with its action is passed over."""
        for step in record["steps"]:
            known = bool(step["key"]) and self.action(step["key"])
            for digest in artifacts(step):
                if not self.artifact(digest) and known:
                    what = f"manifest {digest[:12]}, of step {step['name']} of run {record['run_id']},"
                    self.notes[f"{what} is damaged or missing, so that the files it named cannot be told"] = None

    def action(self, key: str) -> bool:
        """Reach an action and what it made: a step's artifacts, or a mapped item's files. Returns whether it could be read."""
        self.actions.add(key)
        if key in self._followed:
            return True
        found = self._store.peek_document("actions", key) if NAME.fullmatch(key) else None
        if found is None:
            return False
        self._followed.add(key)
        self.objects.update(files(found))
        for digest in artifacts(found):
            self.artifact(digest)
        return True

    def artifact(self, digest: str) -> bool:
        """Reach an artifact: its manifest, and the files that this names. Returns whether it could be read."""
        self.objects.add(digest)
        if digest in self._followed:
            return True
        found = manifest_of(self._store.peek(digest))
        if found is None:
            return False
        self._followed.add(digest)
        self.objects.update(files(found))
        return True

    def holds(self, action: Json) -> bool:
        """Whether an action judges something that is reached, or made nothing else."""
        if not isinstance(action, dict) or "outputs" in action:
            return False
        if "of" in action:
            return action["of"] in self.objects
        return "files" in action and self.objects.issuperset(files(action))


def artifacts(document: Json) -> Iterator[str]:
    """The artifacts that a step's action or outcome names, its outputs and its quarantine; or a receipt's, the rows that failed."""
    yield from (document.get("outputs") or {}).values()
    yield from (document[name] for name in ("quarantine", "failing") if isinstance(document.get(name), str))


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
    whole = all(reach.artifact(digest) for digest in artifacts(step))
    return whole and all(map(store.has, reach.objects))
