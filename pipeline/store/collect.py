"""Collect: remove what no champion, no recent run and no live lease reaches; safe beside runs, and when it is killed.

What is kept is marked with no lock held.  The rest goes in batches, actions before the objects that they name, so that nothing
dangles at any moment.  For each batch it looks again, behind the gate of lease.py: at pins first (a run records itself before its
lease ends), then at run records, refs and actions.  What is new since the first look is kept, with all that it reaches.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from ..digest import Json
from ..errors import StoreError, UsageError
from ..progress import report
from . import durable
from .lease import gate, live_pins, seen_pins
from .local import LocalStore
from .reach import Reach, artifacts
from .scraps import Amount, amount, drop, drop_locks, idle_locks, inside
from .work import all_work, drop_idle_work, idle_work

KEEP = 10
_BATCH = 200  # removals behind the gate: runs wait for some milliseconds
_TURN = 0.03  # seconds between batches beside runs: longer than those who wait at the gate look away
_SETTLED = 2.0  # seconds after which a folder's time tells whether it has changed


@dataclass(frozen=True)
class Collected:
    """What stays and what went; with dry_run, what would go.

    kept: "objects", "actions" and "work", of steps under way or killed.  removed: these, "drafts" and "locks".  aside: damaged objects, left for inspection.
    notes: what could not be read on the way.
    """

    dry_run: bool
    kept: dict[str, Amount]
    removed: dict[str, Amount]
    aside: Amount
    notes: tuple[str, ...]

    def document(self) -> Json:
        """What `gc --json` prints."""
        return {
            "dry_run": self.dry_run,
            "kept": {kind: found._asdict() for kind, found in self.kept.items()},
            "removed": {kind: found._asdict() for kind, found in self.removed.items()},
            "aside": self.aside._asdict(),
            "notes": list(self.notes),
        }


def collect(store: LocalStore, *, keep: int = KEEP, dry_run: bool = False) -> Collected:
    """Remove what no champion, none of the last `keep` runs of a pipeline and no live lease reaches; a second collector waits.

    Run records stay, and what each step made last: it says why a step is stale, and a run that was killed goes on from it.
    With dry_run nothing is touched.
    Raises UsageError, and StoreError where it cannot be told what a champion reaches.
    """
    if keep < 1:
        raise UsageError(f"gc --keep {keep}: expected 1 or more; the newest run of a pipeline is always kept, and its champion")
    if dry_run or not durable.is_file(store.root / "format"):
        return _Collection(store, keep, dry=True).made(dry_run)
    with store.lock("gc"):
        return _Collection(store, keep, dry=False).made(dry_run)


class _Collection:
    def __init__(self, store: LocalStore, keep: int, *, dry: bool) -> None:
        self._store, self._keep, self._dry = store, keep, dry
        self._reach = Reach(store)
        self._pins: set[str] = set()
        self._pipelines: dict[str, str | None] = {}  # run id -> its pipeline, None for a record that cannot be read
        self._marked: set[str] = set()  # run ids
        self._actions: set[str] = set()  # seen so far
        self._seen_at = 0

    def made(self, dry_run: bool) -> Collected:
        store, reach = self._store, self._reach
        with self._gate():
            found = inside(store.root / "tmp")  # before the leases: whoever writes one of these has a lease by now
            pins = self._live()
            drafts = Amount() if pins is not None else amount(found) if self._dry else drop(found)
        keys, digests = store.action_keys(), store.digests()
        self._actions.update(keys)
        self._look(pins or set())
        locks = Amount(len(idle_locks(store.root))) if self._dry else drop_locks(store.root)
        work = (idle_work if self._dry else drop_idle_work)(store.root)
        marked = reach.size
        loose = [key for key in keys if not self._keeps(key)]
        actions = self._sweep("actions", loose, lambda key: reach.size > marked and self._keeps(key))
        if not self._dry and actions.files:
            durable.sync_folder(store.root / "actions")  # no power cut brings an action back whose objects stay away
        loose = [digest for digest in digests if digest not in reach.objects]
        objects = self._sweep("objects", loose, lambda digest: digest in reach.objects)
        kept = {
            "objects": amount(store.object_file(digest) for digest in digests if digest in reach.objects),
            "actions": Amount(len(keys) - actions.files),
            "work": _less(all_work(store.root), work if self._dry else Amount()),
        }
        removed = {"objects": objects, "actions": actions, "work": work, "drafts": drafts, "locks": locks}
        return Collected(dry_run, kept, removed, amount(inside(store.root / "aside")), tuple(reach.notes))

    def _gate(self) -> AbstractContextManager[None]:
        return nullcontext() if self._dry else durable.lock(gate(self._store.root))

    def _live(self) -> set[str] | None:
        return (seen_pins if self._dry else live_pins)(self._store.root)

    def _sweep(self, kind: str, names: Sequence[str], kept: Callable[[str], bool]) -> Amount:
        """Remove what is still not kept, batch by batch."""
        path = self._store.object_file if kind == "objects" else self._store.action_file
        removed = Amount()
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            if self._dry:
                gone, alive = amount(map(path, batch)), False
            else:
                with self._gate():
                    pins = self._live()
                    self._look(pins or set(), actions=kind == "objects")
                    gone, alive = drop(path(name) for name in batch if not kept(name)), pins is not None
                    self._actions.difference_update(batch)  # one that comes again is new
            removed = Amount(removed.files + gone.files, removed.bytes + gone.bytes)
            report(start + len(batch), len(names), kind)
            if alive:
                time.sleep(_TURN)
        return removed

    def _keeps(self, key: str) -> bool:
        """Whether an action is reached, or judges or explains what is."""
        if key in self._reach.actions:
            return True
        data = durable.read(path) if durable.is_file(path := self._store.action_file(key)) else None
        try:
            document = json.loads(data or b"null")
            kept = self._reach.holds(document)
            for digest in artifacts(document) if kept else ():
                self._reach.artifact(digest)  # the rows that a check found failing stay with its receipt
            return kept
        except (ValueError, TypeError, KeyError, RecursionError):
            return False

    def _look(self, pins: set[str], *, actions: bool = False) -> None:
        """Mark what is new."""
        for name in pins - self._pins:
            self._reach.objects.add(name)
            self._reach.action(name)
        self._pins |= pins
        self._look_at_runs()
        refs = self._store.refs()
        for key in (target for (_, name), target in refs.items() if name != "champion"):
            self._reach.action(key)
        for folder in inside(self._store.root / "refs"):
            if durable.is_file(folder / "champion"):
                self._champion(folder.name, refs.get((folder.name, "champion")))
        for key in self._new_actions() if actions else ():
            self._reach.action(key)

    def _look_at_runs(self) -> None:
        """Mark the last runs of every pipeline."""
        last: dict[str, list[str]] = defaultdict(list)
        for run_id in reversed(self._store.run_ids()):
            if run_id not in self._pipelines:
                record = self._store.peek_document("runs", run_id)
                self._pipelines[run_id] = record["pipeline"] if record else None
                if record is None:
                    self._reach.notes[f"the record of run {run_id} is damaged, so that what it reaches cannot be told"] = None
            pipeline = self._pipelines[run_id]
            if pipeline is not None and len(last[pipeline]) < self._keep:
                last[pipeline].append(run_id)
        for run_ids in last.values():
            for run_id in run_ids:
                self._run(run_id)

    def _champion(self, pipeline: str, run_id: str | None) -> None:
        if run_id is None or not self._run(run_id):
            found = f"run {run_id} has no record that can be read" if run_id else "no run can be read off its ref"
            raise StoreError(
                f"the champion of {pipeline}: {found}, so that what it reaches cannot be told, and nothing more is collected; "
                f"make another run the champion with brickwise accept RUN"
            )

    def _run(self, run_id: str) -> bool:
        if run_id not in self._marked:
            record = self._store.peek_document("runs", run_id)
            if record is None:
                return False
            self._marked.add(run_id)
            self._reach.run(record)
        return True

    def _new_actions(self) -> set[str]:
        """The actions that were written since the last look."""
        folder = self._store.root / "actions"
        changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
        if changed == self._seen_at:
            return set()
        settled = time.time_ns() - changed > _SETTLED * 1e9
        new = set(self._store.action_keys()) - self._actions
        self._actions |= new
        self._seen_at = changed if settled else 0
        return new


def _less(whole: Amount, part: Amount) -> Amount:
    return Amount(whole.files - part.files, whole.bytes - part.bytes)
