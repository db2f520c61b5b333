"""Push: copy what a store's finished runs and actions need to a remote one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from ..digest import Json, digest_bytes
from ..errors import UsageError
from ..store.layout import FORMAT, object_path, require_format
from ..store.local import LocalStore
from ..store.sealed import NAME, opened, seal
from .remote import Remote
from .share import Place, Shared, path_of, share


def push(store: LocalStore, url: str, *, verify: bool = False) -> Shared:
    """Copy to a URL what is not there; the second time nothing is.

    Whatever is sent is read back and has the digest it should have.  What is there already is known by its name and its
    size; with `verify` it is read too, and replaced where it is damaged.  Others may push there at once, and a push that was
    killed goes on when it is given again.  Raises UsageError, and StoreError for a remote of another format or one that
    fails; what was damaged here is in the result.
    """
    with closing(Remote(url)) as remote:
        if not (store.root / "format").is_file():
            raise UsageError(f"there is no store in {store.root} to push; next: brickwise run docstrings")
        shared = Shared("push", remote.shown)
        listed = remote.files("actions") | remote.files("runs") | remote.files("accepts")
        _require_format(remote, bool(listed))
        listed |= remote.files("objects")
        with store.lease():
            share(store, _Push(store, remote, listed, verify, remote.threads), shared)
        return shared


def _require_format(remote: Remote, in_use: bool) -> None:
    ours = f"{FORMAT}\n".encode()
    found = remote.read("format")
    if found is not None or in_use:
        require_format(f"the remote store {remote.shown}", found, "choose another URL")
    else:
        remote.send(ours, "format", digest_bytes(ours))


@dataclass(frozen=True)
class _Push:
    """listed: path -> bytes of what the remote had when the push began."""

    store: LocalStore
    remote: Remote
    listed: dict[str, int]
    verify: bool
    threads: int

    def documents(self) -> dict[Place, Json]:
        keys = self.store.action_keys()
        accepts = self.store.accept_ids()
        self.store.pin([*keys, *self.store.run_ids(), *accepts])
        actions = {("actions", key): self.store.action(key) for key in keys}
        runs = {("runs", str(run["run_id"])): run for run in self.store.runs()}
        accepted = {("accepts", name): self.store.document("accepts", name) for name in accepts}
        return {place: document for place, document in (actions | runs | accepted).items() if document is not None}

    def size(self, digest: str) -> int:
        return self.store.size(digest) if self.store.has(digest) else 0

    def bring(self, digest: str, size: int | None) -> tuple[str, int]:
        path = object_path(digest)
        there = self.listed.get(path)
        if size is None:
            size = self.store.size(digest) if self.store.has(digest) else there
        if there is not None and there == size and not (self.verify and self.remote.digest(path, there) != digest):
            return "there", there
        if not self.store.intact(digest):
            return ("damaged" if self.store.damaged(digest) else "missing"), 0
        self.remote.send(self.store.root / path, path, digest)
        return ("copied" if there is None else "replaced"), self.store.size(digest)

    def record(self, place: Place, document: Json) -> str:
        path = path_of(place)
        data = seal("/".join(place), document)
        there = self.listed.get(path)
        if there is not None:
            taken_as_whole = there == len(data) and not self.verify
            if taken_as_whole or opened("/".join(place), self.remote.read(path) or b"") is not None:
                return "there"  # perhaps with other outputs, from another machine: then that one stays
        self.remote.send(data, path, digest_bytes(data))
        return "copied" if there is None else "replaced"

    def has(self, place: Place) -> bool:
        return path_of(place) in self.listed

    def champions(self) -> dict[str, str]:
        return {pipeline: run_id for (pipeline, name), run_id in self.store.refs().items() if name == "champion"}

    def champion(self, pipeline: str) -> str | None:
        found = (self.remote.read(f"refs/{pipeline}/champion") or b"").decode(errors="replace").strip()
        return found if NAME.fullmatch(found) else None

    def crown(self, pipeline: str, run_id: str) -> None:
        self.remote.send(f"{run_id}\n".encode(), f"refs/{pipeline}/champion", None)
