"""Work in a forked child: a kill takes 30 ms instead of a second. Call it from a program that has imported all and runs one thread."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock  # noqa: F401  # imported before the fork, once
import pandas as pd  # noqa: F401  # likewise: pyarrow imports it when it first makes an array
import pyarrow as pa
import pyarrow.parquet
from pipelines import ids, load_all, objects_of, results, wanted_ids

from pipeline import LocalStore, Pipeline, plan, runner
from pipeline.digest import digest_file
from pipeline.store import durable
from pipeline.store.sealed import opened

Watch = Callable[[str, Path, Path | None], None]


class Child:
    """A forked process: what it gave, or the signal that ended it."""

    def __init__(self, work: Callable[[], Any], *, log: Path | None = None, watch: Watch | None = None) -> None:
        if threading.active_count() != 1:
            raise RuntimeError(f"a fork beside other threads: {threading.enumerate()}")
        self._read, write = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._read)
            if log is not None:
                os.environ["LOG"] = str(log)
            os.fsync = lambda handle: None  # type: ignore[assignment]  # a kill spares what the kernel holds; power cuts are simulated
            durable.watch = watch
            try:
                said = {"gave": work()}
            except BaseException as error:  # noqa: BLE001  # it is told to the parent
                said = {"raised": [type(error).__name__, str(error), getattr(error, "exit_code", None), traceback.format_exc()]}
            durable.watch = None
            with os.fdopen(write, "w") as pipe:
                json.dump(said, pipe)
            os._exit(0)
        os.close(write)

    def kill(self) -> None:
        """End it, as nothing can be told."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> tuple[int, dict[str, Any]]:
        """(signal that ended it, what it said)."""
        with os.fdopen(self._read) as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0), json.loads(said) if said else {}


def gave(work: Callable[[], Any], *, log: Path | None = None, watch: Watch | None = None) -> Any:
    """What a child gave. Raises RuntimeError with its traceback when it raised."""
    ended, said = Child(work, log=log, watch=watch).wait()
    if "gave" not in said:
        raise RuntimeError(f"signal {ended}; {(said.get('raised') or [''])[-1]}")
    return said["gave"]


def finish(pipeline: Pipeline, root: Path) -> dict[str, Any]:
    """Run to the end, and read everything back."""
    store = LocalStore(root)
    record = runner.run(pipeline, store)
    fresh = LocalStore(root)
    champion = fresh.ref(pipeline.name, "champion")
    return {
        "status": record.status,
        "results": results(record),
        "ran": [step.name for step in record.steps if step.status == "ran"],
        "served": load_all(pipeline, fresh, record),
        "champion": champion,
        "stale": list(plan(pipeline, fresh).stale),
        "runs": fresh.run_ids(),
    }


def kinds(operations: list[str], *, last: bool = True) -> set[int]:
    """Where each kind of operation (what is done, in which folder of the store) is done first, and last, from 1."""
    named = ["/".join(operation.split("/")[:2]) for operation in operations]
    first = {named.index(kind) + 1 for kind in named}
    return first | {len(named) - named[::-1].index(kind) for kind in named if last}


def lines(log: Path) -> Counter[str]:
    """How often each thing was done."""
    return Counter(log.read_text().split("\n")[:-1]) if log.exists() else Counter()


def half_visible(root: Path) -> list[str]:
    """What is not whole in a store: objects that are not what their name says, documents that break their seal."""
    objects = [path for path in (root / "objects").glob("*/*") if digest_file(path) != path.parent.name + path.name]
    documents = [
        path
        for folder in ("actions", "runs")
        for path in (root / folder).glob("*")
        if path.suffix != ".json" or opened(f"{folder}/{path.stem}", path.read_bytes()) is None
    ]
    return [f"half visible {path.relative_to(root)}" for path in (*objects, *documents)]


def dangling(root: Path) -> list[str]:
    """Actions that say of an object that it is there, where it is not: objects come before actions."""
    store = LocalStore(root)
    return [
        f"actions/{key} -> {digest}"
        for key in store.action_keys()
        if (action := store.action(key)) is not None
        for digest in _missing(store, action)
    ]


def _missing(store: LocalStore, action: dict[str, Any]) -> list[str]:
    try:
        return [digest for digest in objects_of(store, action) if not store.has(digest)]
    except Exception as error:  # noqa: BLE001  # a manifest that is not there
        return [str(error)]


class Whole:
    """An uninterrupted run of a pipeline on these sources, and what every other one is compared with."""

    def __init__(self, pipeline: Pipeline, folder: Path, root: Path) -> None:
        pa.set_cpu_count(1)
        pa.set_io_thread_count(1)
        self.pipeline, self.root = pipeline, root
        self.ids = wanted_ids(folder)
        self.operations: list[str] = []
        log, seen = root.with_suffix(".log"), root.with_suffix(".operations")

        def watch(operation: str, path: Path, target: Path | None) -> None:
            with seen.open("a") as file:
                file.write(f"{operation}: {(target or path).relative_to(root.parent)}\n")

        began = time.monotonic()
        gave(lambda: runner.run(self.pipeline, LocalStore(root)).status, log=log, watch=watch)
        self.seconds = time.monotonic() - began
        self.found = gave(lambda: finish(self.pipeline, root))
        self.done = lines(log)
        self.operations = seen.read_text().splitlines()
        plan(pipeline, LocalStore(root))  # the code is read before the forks, once
        wrong = self.differs(self.found)
        if wrong or set(self.done.values()) != {1}:
            raise RuntimeError(f"the uninterrupted run itself is wrong: {wrong} {self.done}")

    def differs(self, found: dict[str, Any]) -> list[str]:
        """In what a run that recovered is not as the uninterrupted one; nothing when it is."""
        if found["status"] not in ("done", "up-to-date"):
            return [f"status {found['status']}: {[result[-1] for result in found['results'].values()]}"]
        wrong = [name for name in ("results", "served") if found[name] != self.found[name]]
        wrong += ["rows lost or doubled"] if ids(found["served"]) != self.ids else []
        wrong += ["the champion is no run"] if found["champion"] not in found["runs"] else []
        wrong += [f"stale: {found['stale']}"] if found["stale"] else []
        return wrong


def goes_on(whole: Whole, root: Path, log: Path, broken: int) -> Iterator[str]:
    """What is wrong after `broken` runs that did not finish and one that should: it ends as the uninterrupted one, and redoes little."""
    finished = {step.name for step in plan(whole.pipeline, LocalStore(root)).steps if step.action == "reuse"}
    found = gave(lambda: finish(whole.pipeline, root), log=log)
    yield from whole.differs(found)
    yield from (f"{step} was done and was run again" for step in finished.intersection(found["ran"]))
    done = lines(log)
    again = done - whole.done
    judged = max((count for what, count in again.items() if what.startswith("judge")), default=0)
    worked = sum(count for what, count in again.items() if not what.startswith("judge"))
    if done.keys() != whole.done.keys() or worked + judged > broken:
        yield f"redone {again}, left out {whole.done - done}"


def told(counts: dict[str, Any], failures: list[str]) -> None:
    """Print the counts, or the failures, and leave."""
    if failures:
        sys.stderr.write("\n".join(failures[:40]) + f"\n{len(failures)} failures; {counts}\n")
        sys.exit(1)
    sys.stdout.write(json.dumps(counts) + "\n")
