"""Follower: a process that torchrun started beside the one that runs. It joins the collective stages, and writes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from .errors import StageError
from .execute import recorded
from .key import key
from .make import failing_as
from .making import Making, given_to
from .pipeline import Pipeline
from .plan import Selection, parts_of, plan, step_plan, usable
from .record import Outcome, RunRecord
from .store import durable
from .store.local import LocalStore

_LOOK = 0.1  # seconds between two looks
_START = 120.0  # seconds until rank 0, on this machine, must have begun
_PATIENCE = 86_400.0  # likewise on another one, which cannot be looked at
_nth = count()  # of this process's runs, which are those of rank 0 in the same order


def is_follower() -> bool:
    """Whether the environment says that this process is one of several, and not the first."""
    return _several() and os.environ.get("RANK", "0") != "0"


def at_once(most: int) -> int:
    """How many steps may run at once: one after the other where ranks meet in them, for all must meet in the same order."""
    return 1 if _several() else most


def _several() -> bool:
    return os.environ.get("WORLD_SIZE", "1") not in ("", "1")


def _sign() -> str:
    return f"leader-{os.getppid()}-{next(_nth)}"


def _lock_file(store: LocalStore, sign: str) -> Path:
    return store.root / "locks" / f"{sign}.lock"


@contextmanager
def leading(store: LocalStore) -> Iterator[None]:
    """Hold a lock while rank 0 runs, by which followers see that it still does; it goes with its process."""
    if not _several():
        yield
        return
    sign = _sign()
    with store.lock(sign):
        try:
            yield
        finally:
            durable.remove(_lock_file(store, sign))


def follow(pipeline: Pipeline, store: LocalStore, selection: Selection) -> RunRecord:
    """Go through the plan beside rank 0: take what it makes, and run the stages that are collective, on the same inputs.

    Gives what rank 0 made, as a record that has no id and is not in the store.  Raises UsageError as rank 0 does, what a stage
    raises, and StageError when rank 0 has ended without a step.
    """
    leader = _Leader(store)
    began = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    for step in plan(pipeline, store, selection).steps:
        if step.action == "skip":
            outcomes[step.name] = Outcome(name=step.name, status="skipped", why=step.why)
        else:
            above = {name: outcome.made for name, outcome in outcomes.items()}
            outcomes[step.name] = _followed(pipeline, store, selection, step.name, above, leader)
    return RunRecord(
        run_id=None,
        pipeline=pipeline.name,
        status="done",
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        seconds=round(time.monotonic() - began, 3),
        steps=tuple(outcomes.values()),
    )


def _followed(
    pipeline: Pipeline, store: LocalStore, selection: Selection, name: str, above: Mapping[str, Any], leader: _Leader
) -> Outcome:
    parts = parts_of(pipeline, store, name, above)
    step_key = key(parts)
    forced = selection.force and name in selection.steps(pipeline)
    joins = pipeline.steps[name].stage.collective and (forced or usable(store, step_key) is None)
    if joins:
        _join(Making(pipeline, store, name, above, parts))
    while True:
        ended = leader.has_ended()  # asked first: what rank 0 made is there before it ends
        why = "it was not made"
        if usable(store, step_key) and not (forced and leader.is_older(store.action_file(step_key))):
            found = step_plan(pipeline, store, name, parts, Selection(overrides=selection.overrides))
            why = found.why
            if found.action == "reuse":
                status: Any = "ran" if joins else "reused"
                return Outcome(name=name, status=status, why=why, key=step_key, **recorded(found.recorded))
        if ended:
            raise StageError(f"step {name!r}: rank 0 has ended without it ({why}); see what it says")
        time.sleep(_LOOK)


def _join(step: Making) -> None:
    """Run a stage for those who wait for it in the other processes; what it gives is rank 0's to store."""
    stage: Any = step.pipeline.steps[step.name].stage
    with failing_as(f"step {step.name!r} at rank {os.environ['RANK']}"):
        result = stage.run(**given_to(step))
        for _ in result if isinstance(result, Iterator) else ():
            pass


class _Leader:
    """What can be seen of rank 0: whether it holds its lock, where it runs on this machine."""

    def __init__(self, store: LocalStore) -> None:
        self._lock = _lock_file(store, _sign())
        self._parent = os.getppid()
        self._began = time.monotonic()
        self._near = os.environ.get("LOCAL_RANK", os.environ["RANK"]) == os.environ["RANK"]
        self._seen: float | None = None  # when rank 0 took its lock

    def has_ended(self) -> bool:
        """Raises StageError when the process that started both is gone, and when rank 0 has not been seen for too long."""
        if os.getppid() != self._parent:
            raise StageError("the process that started this one and rank 0 is gone; run the same command again to go on")
        runs = durable.is_locked(self._lock)
        if runs and self._seen is None:
            self._seen = durable.changed(self._lock)
        limit = _START if self._near else _PATIENCE
        if self._seen is None and time.monotonic() - self._began > limit:
            raise StageError(
                f"rank 0 was not seen to run the same pipeline on the store {self._lock.parents[1]} for {limit:g} s; "
                f"start all ranks with the same command, as torchrun does, and see what rank 0 says"
            )
        return self._seen is not None and not runs

    def is_older(self, action: Path) -> bool:
        """Whether a file was written before rank 0 began, which with force makes it anew."""
        written = durable.changed(action)
        return self._near and (self._seen is None or written is None or written < self._seen)
