"""Memory: one fact of each different artifact that earlier runs made where a check looks, of a check that `remembers`.

Runs are read sixteen at a time, oldest first, and what a full sixteen gives is kept as an action of its own: records never change, so that of
thousands of runs only the newest few are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .digest import Json, digest_json
from .store.local import LocalStore
from .store.reach import manifest_of

_TOGETHER = 16  # runs
_seen: dict[tuple[str, Place], dict[str, Json]] = {}


class Place(NamedTuple):
    """Where a check looks, and the path of the fact that it remembers: `data.rows`."""

    pipeline: str
    step: str
    port: str
    path: str


def earlier(store: LocalStore, place: Place, digest: str) -> tuple[Json, ...]:
    """The fact of each other artifact of this place, in the order in which runs first made them; None where it is gone, or has none.

    Nothing is written.  The runs are those there were when the run was planned, so that no receipt expires while it goes on.
    """
    name = (str(store.root), place)
    if name not in _seen:
        found: dict[str, Json] = {}
        for runs in _blocks(store.run_ids()):
            for made, fact in _read(store, place, runs):
                found.setdefault(made, fact)
        _seen[name] = found
    return tuple(fact for made, fact in _seen[name].items() if made != digest)


def keep(store: LocalStore, place: Place) -> None:
    """Keep what every full sixteen of runs gives, for the next time."""
    for runs in _blocks(store.run_ids()):
        if len(runs) == _TOGETHER and store.action(_name(place, runs)) is None:
            store.record_action(_name(place, runs), {"remembered": _read(store, place, runs)}, flushed=False)


def look_back_again() -> None:
    """Forget which runs there were: asked once a run, when it is planned."""
    _seen.clear()


def _blocks(runs: Sequence[str]) -> Iterator[Sequence[str]]:
    return (runs[start : start + _TOGETHER] for start in range(0, len(runs), _TOGETHER))


def _read(store: LocalStore, place: Place, runs: Sequence[str]) -> list[list[Json]]:
    """[digest, fact] of each artifact that some runs made at a place."""
    known = store.peek_document("actions", _name(place, runs)) if len(runs) == _TOGETHER else None
    if known is not None:
        return list(known["remembered"])
    records = (store.peek_document("runs", run) for run in runs)
    made = dict.fromkeys(
        step["outputs"][place.port]
        for record in records
        if record is not None and record["pipeline"] == place.pipeline
        for step in record["steps"]
        if step["name"] == place.step and place.port in step["outputs"]
    )
    return [[digest, _fact(store, digest, place.path)] for digest in made]


def _fact(store: LocalStore, digest: str, path: str) -> Json:
    found: Json = (manifest_of(store.peek(digest)) or {}).get("facts")
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _name(place: Place, runs: Sequence[str]) -> str:
    return digest_json({"remembered": list(place), "runs": list(runs)})
