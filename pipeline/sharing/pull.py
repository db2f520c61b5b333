"""Pull: copy what a remote store's finished runs and actions need to a store here."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from pydantic import ValidationError

from ..accept import Acceptance
from ..digest import Json, digest_file
from ..errors import StoreError, UsageError
from ..record import RunRecord
from ..space import require_bytes
from ..store.layout import object_path, require_format
from ..store.local import LocalStore
from ..store.sealed import NAME, opened
from .remote import Remote
from .share import Place, Shared, each, path_of, share


def pull(store: LocalStore, url: str) -> Shared:
    """Copy from a URL what is not here; the second time nothing is.

    An object is hashed before it gets its name, a document's seal is opened before it is recorded: nothing that was altered
    on the way or at the remote becomes visible.  A pull that was killed goes on when it is given again.  Raises UsageError
    where nothing was ever pushed, and StoreError for a remote of another format or one that fails; what is damaged there
    is in the result.
    """
    with closing(Remote(url)) as remote:
        found = remote.read("format")
        shared = Shared("pull", remote.shown)
        listed = {
            path: size for folder in ("actions", "runs", "accepts", "refs") for path, size in remote.files(folder).items()
        }
        if found is None and not listed:
            raise UsageError(f"there is no store at {remote.shown}; check the URL, or begin it with: brickwise push URL")
        require_format(f"the remote store {remote.shown}", found, "choose another URL")
        listed |= remote.files("objects")
        with store.lease():
            way = _Pull(store, remote, listed, shared, remote.threads)
            share(store, way, shared)
            way.point_steps()
        return shared


@dataclass(frozen=True)
class _Pull:
    """listed: path -> bytes of what the remote had when the pull began.  here: documents that this store had."""

    store: LocalStore
    remote: Remote
    listed: dict[str, int]
    shared: Shared
    threads: int
    here: dict[Place, Json] = field(default_factory=dict)

    def documents(self) -> dict[Place, Json]:
        places = [_place(path) for path in self.listed if path.startswith(("actions/", "runs/", "accepts/"))]
        offered = [place for place in places if place is not None]
        self.store.pin(name for _, name in offered)
        names = {"actions": self.store.action_keys(), "runs": self.store.run_ids(), "accepts": self.store.accept_ids()}
        known = {(folder, name) for folder, found in names.items() for name in found}
        for place in offered:
            document = self._document(place) if place in known else None
            if document is not None:
                self.here[place] = document
        new = [place for place in offered if place not in self.here]
        fetched = each(self.threads, self._fetched, new, "documents")
        for place, document in fetched.items():
            if document is None:
                self.shared.damaged[path_of(place)] = "damaged"
        return self.here | {place: document for place, document in fetched.items() if document is not None}

    def _document(self, place: Place) -> Json | None:
        try:
            return self.store.run(place[1]) if place[0] == "runs" else self.store.document(*place)
        except StoreError:  # it was damaged here, has been set aside, and comes anew
            return None

    def _fetched(self, place: Place) -> Json | None:
        document = opened("/".join(place), self.remote.read(path_of(place)) or b"")
        try:
            if place[0] == "runs":
                return document if RunRecord.model_validate(document).run_id == place[1] else None
            if place[0] == "accepts":
                Acceptance.model_validate(document)
        except ValidationError:
            return None
        return document

    def size(self, digest: str) -> int:
        return self.listed.get(object_path(digest), 0)

    def bring(self, digest: str, size: int | None) -> tuple[str, int]:
        had = self.store.has(digest)
        if had and (self.store.size(digest) == size if size is not None else self.store.intact(digest)):
            return "there", self.store.size(digest)
        path = object_path(digest)
        if path not in self.listed:
            return "missing", 0
        require_bytes(self.store, self.listed[path], f"{path} of {self.remote.shown}")
        with self.store.new_object() as draft:
            if not self.remote.fetch(path, draft):
                return "missing", 0
            if digest_file(draft) != digest:
                return "damaged", 0
            self.store.adopt(draft)
        return ("replaced" if had else "copied"), self.store.size(digest)

    def record(self, place: Place, document: Json) -> str:
        if place in self.here:
            return "there"
        if place[0] == "actions":
            self.store.record_action(place[1], document)
        elif place[0] == "runs":
            self.store.save_run(place[1], document)
        else:
            self.store.save_accept(place[1], document)
        return "copied"

    def has(self, place: Place) -> bool:
        return place in self.here

    def champions(self) -> dict[str, str]:
        found = {}
        for path in self.listed:
            folder, _, rest = path.partition("/")
            pipeline, _, name = rest.partition("/")
            if folder == "refs" and name == "champion" and NAME.fullmatch(pipeline):
                run_id = (self.remote.read(path) or b"").decode(errors="replace").strip()
                if NAME.fullmatch(run_id):
                    found[pipeline] = run_id
        return found

    def champion(self, pipeline: str) -> str | None:
        return self.store.ref(pipeline, "champion")

    def crown(self, pipeline: str, run_id: str) -> None:
        self.store.set_ref(pipeline, "champion", run_id)

    def point_steps(self) -> None:
        """Point to the newest key of each step where this store knows none, so that the next miss is explained."""
        known = self.store.refs()
        for run in self.store.runs():
            for step in run["steps"]:
                ref = (run["pipeline"], f"step-{step['name']}")
                if step["key"] and ref not in known:
                    known[ref] = step["key"]
                    self.store.set_ref(*ref, step["key"], flushed=False)


def _place(path: str) -> Place | None:
    """The document that a listed file is, or None for a file of another name."""
    folder, _, file = path.partition("/")
    name, dot, ending = file.rpartition(".")
    return (folder, name) if dot and ending == "json" and NAME.fullmatch(name) else None
