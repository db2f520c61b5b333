"""Latency: how fast the models of a run answer, where it has measured that, and how that differs between two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .digest import Json
from .errors import DamagedError
from .publish import manifest

if TYPE_CHECKING:
    from .record import Outcome
    from .store.local import LocalStore

_FIELDS = ("p50_ms", "p95_ms", "rows_per_second", "load_seconds", "calls")
_ALIKE = {"machine": "another machine", "threads": "another number of threads", "batch": "another size of batch"}
_MOVED = ("p50_ms", "p95_ms", "rows_per_second")


def reports(store: LocalStore, steps: Sequence[Outcome], kind: str) -> Iterator[Mapping[str, Any]]:
    """The facts of each Report of a kind that the steps made, as far as the store still has them."""
    for step in steps:
        for digest in step.outputs.values():
            try:
                found = manifest(store, digest) if store.has(digest) else None
            except DamagedError:
                continue
            if found and found["kind"] == "Report" and found["facts"].get("kind") == kind:
                yield found["facts"]


def latencies(store: LocalStore, steps: Sequence[Outcome]) -> dict[str, dict[str, Json]]:
    """model -> p50_ms and p95_ms of one row, rows_per_second in a batch, load_seconds, calls timed, and batch, threads and machine.

    Of the first report of kind "speed" that has the model, as the stage Measure makes it.
    """
    found: dict[str, dict[str, Json]] = {}
    for speed in reports(store, steps, "speed"):
        about = {name: speed.get(name) for name in ("batch", "threads", "machine")}
        for model, one in speed["models"].items():
            found.setdefault(model, {name: one.get(name) for name in _FIELDS} | about)
    return found


def latency_changes(store: LocalStore, before: Sequence[Outcome], after: Sequence[Outcome]) -> dict[str, dict[str, Json]]:
    """model -> {p50_ms, p95_ms, rows_per_second: before, after and delta}, status and reason, of models that both runs have timed.

    Not evaluated, with the reason, where they were timed on two machines, or with other threads or batches.
    """
    was, now = (latencies(store, steps) for steps in (before, after))
    return {model: _change(was[model], one) for model, one in now.items() if model in was}


def _change(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    unlike = [words for name, words in _ALIKE.items() if before[name] != after[name]]
    if unlike:  # the times tell of these, and not of the model
        return {"status": "not evaluated", "reason": f"not timed alike: {', '.join(unlike)}"}
    known = (name for name in _MOVED if before[name] is not None and after[name] is not None)
    moved: dict[str, Json] = {
        name: {"before": before[name], "after": after[name], "delta": after[name] - before[name]} for name in known
    }
    return moved | {"status": "ok", "reason": ""}
