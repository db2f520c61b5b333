"""Sharing: what finished runs and actions need is copied between a store and a remote one, objects before what names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ..digest import Json
from ..errors import DamagedError, StoreError
from ..progress import report
from ..publish import manifest
from ..store.layout import object_path
from ..store.local import LocalStore
from .needs import Needs, files_of, needs
from .remote import SMALL

_NAMED = 5  # damaged things that an error lists

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")
Place = tuple[str, str]  # (folder, name) of a document: actions, runs or accepts, and its key or id


class Way(Protocol):
    """One direction. What its methods bring is "copied", "replaced" (damaged there), "there", "damaged" or "missing" (here)."""

    @property
    def threads(self) -> int:
        """How many may copy at once."""

    def documents(self) -> dict[Place, Json]:
        """Every action, run record and acceptance that the source has and that is what it was; all are pinned."""

    def size(self, digest: str) -> int:
        """Bytes of an object at the source; 0 where it is not."""

    def bring(self, digest: str, size: int | None) -> tuple[str, int]:
        """Copy an object unless it is there; what became of it, and its bytes. size: what its manifest says."""

    def record(self, place: Place, document: Json) -> str:
        """Copy a document unless it is there."""

    def has(self, place: Place) -> bool:
        """Whether the target has a document of this name."""

    def champions(self) -> dict[str, str]:
        """Pipeline -> run id, at the source."""

    def champion(self, pipeline: str) -> str | None:
        """The run id at the target."""

    def crown(self, pipeline: str, run_id: str) -> None:
        """Set the champion at the target."""


@dataclass
class Shared:
    """What a push or a pull did. copied, there: counts of objects, bytes (of objects), actions, runs, accepts and champions.

    replaced: paths of what was damaged at the target.  damaged: path -> why, of what was not to be had at the source.
    left_out: documents that need such a thing.  champions_kept: those of the target, where the source has another.
    """

    command: str
    url: str
    copied: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    replaced: list[str] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    champions_kept: list[dict[str, str]] = field(default_factory=list)

    def document(self) -> Json:
        """What `push --json` and `pull --json` print."""
        kinds = ("objects", "bytes", "actions", "runs", "accepts", "champions")
        return {
            "command": self.command,
            "url": self.url,
            "copied": {kind: self.copied[kind] for kind in kinds},
            "there": {kind: self.there[kind] for kind in kinds},
            "replaced": sorted(self.replaced),
            "damaged": [{"path": path, "why": why} for path, why in sorted(self.damaged.items())],
            "left_out": sorted(self.left_out),
            "champions_kept": self.champions_kept,
        }

    def require_whole(self) -> None:
        """Raise StoreError when something was damaged; all that does not need it has been copied."""
        if not self.damaged:
            return
        listed = [f"{path} ({why})" for path, why in sorted(self.damaged.items())]
        more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
        where, way_out = (
            (self.url, "push again with --verify from a store that has them whole, or run the pipeline to make them here")
            if self.command == "pull"
            else ("this store", "run the pipeline again to remake them, then push again")
        )
        raise StoreError(
            f"damaged or missing in {where}: {', '.join(listed[:_NAMED])}{more}; {len(self.left_out)} documents that need them "
            f"were left out, all else was copied; {way_out}"
        )


def share(store: LocalStore, way: Way, shared: Shared) -> None:
    """Copy objects, then actions, run records, acceptances and champions; `shared` tells what became of each. Raises StoreError.

    store: the local side, where manifests are read, since they lie there before or after they were copied.
    """
    documents = way.documents()
    needed: dict[Place, Needs] = {}
    for place, document in documents.items():
        try:
            needed[place] = needs(place[0], document)
        except StoreError:
            shared.damaged[path_of(place)] = "of no known kind"
    artifacts = {artifact: None for one in needed.values() for artifact in one.artifacts}
    had = _bring(store, way, shared, artifacts, "manifests")
    inside: dict[str, tuple[str, ...]] = {}
    objects: dict[str, int | None] = {}
    for artifact in sorted(had):
        try:
            files = files_of(manifest(store, artifact))
        except DamagedError:  # the remote has it and this store does not: what needs it cannot be told
            continue
        except (StoreError, ValueError):
            shared.damaged[object_path(artifact)] = "of no known kind"
            continue
        inside[artifact] = tuple(digest for digest, _ in files)
        _add(objects, files)
    for one in needed.values():
        _add(objects, one.objects)
    had |= _bring(store, way, shared, {digest: size for digest, size in objects.items() if digest not in had}, "objects")
    complete = {artifact for artifact, files in inside.items() if had.issuperset(files)}

    def whole(one: Needs, actions: set[str]) -> bool:
        return complete.issuperset(one.artifacts) and had.issuperset(d for d, _ in one.objects) and actions.issuperset(one.keys)

    actions = _record(way, shared, "actions", {p: (documents[p], whole(one, set())) for p, one in needed.items()})
    runs = _record(way, shared, "runs", {p: (documents[p], whole(one, actions)) for p, one in needed.items()})
    _record(way, shared, "accepts", {p: (documents[p], runs.issuperset(one.runs)) for p, one in needed.items()})
    _crown(way, shared, runs)


def _add(objects: dict[str, int | None], files: Iterable[tuple[str, int | None]]) -> None:
    for digest, size in files:
        objects[digest] = size if size is not None else objects.get(digest)


def _bring(store: LocalStore, way: Way, shared: Shared, objects: Mapping[str, int | None], note: str) -> set[str]:
    """Copy objects, many small ones at once and large ones one at a time, for memory; returns those that the target has."""
    store.pin(objects)
    small = [digest for digest in objects if way.size(digest) <= SMALL]
    large = [digest for digest in objects if way.size(digest) > SMALL]
    found = each(way.threads, lambda digest: way.bring(digest, objects[digest]), small, note)
    found |= each(1, lambda digest: way.bring(digest, objects[digest]), large, f"large {note}")
    for digest, (what, size) in found.items():
        _count(shared, what, "objects", object_path(digest))
        counts = shared.there if what == "there" else shared.copied
        counts["bytes"] += size
    return {digest for digest, (what, _) in found.items() if what in ("copied", "replaced", "there")}


def _record(way: Way, shared: Shared, folder: str, documents: Mapping[Place, tuple[Json, bool]]) -> set[str]:
    """Copy the documents of a folder for which all is there; returns the names of those that the target has."""
    mine = {place: found for place, found in documents.items() if place[0] == folder}
    ready = [place for place, (_, whole) in mine.items() if whole]
    became = each(way.threads, lambda place: way.record(place, mine[place][0]), ready, folder)
    for place in mine.keys() - became.keys():
        became[place] = "there" if way.has(place) else "left out"
    for place, what in became.items():
        _count(shared, what, folder, path_of(place))
    return {name for (_, name), what in became.items() if what != "left out"}


def _count(shared: Shared, what: str, kind: str, path: str) -> None:
    if what == "there":
        shared.there[kind] += 1
    elif what in ("copied", "replaced"):
        shared.copied[kind] += 1
        shared.replaced += [path] if what == "replaced" else []
    elif what == "left out":
        shared.left_out.append(path)
    elif what == "damaged" or shared.command == "pull":
        shared.damaged[path] = what


def _crown(way: Way, shared: Shared, runs: set[str]) -> None:
    """Copy the champions whose runs the target has, to where there is none."""
    for pipeline, run_id in sorted(way.champions().items()):
        kept = way.champion(pipeline)
        kind = shared.there
        if kept is None and run_id in runs:
            way.crown(pipeline, run_id)
            kept, kind = way.champion(pipeline), shared.copied  # another may have crowned at the same time, and stays
        if kept == run_id:
            kind["champions"] += 1
        elif kept is not None:
            shared.champions_kept.append({"pipeline": pipeline, "kept": kept, "other": run_id})


def path_of(place: Place) -> str:
    """Where a document lies in a store."""
    return f"{place[0]}/{place[1]}.json"


def each(threads: int, work: Callable[[T], R], items: Sequence[T], note: str) -> dict[T, R]:
    """What `work` gives for each item, some at once. When one raises, those that have not begun are dropped."""
    pool = ThreadPoolExecutor(threads)
    futures = {pool.submit(work, item): item for item in items}
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            report(done, len(items), note)
    except BaseException as error:
        pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)  # who interrupts does not want to wait
        raise
    pool.shutdown()
    return {item: future.result() for future, item in futures.items()}
