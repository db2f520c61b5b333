"""Workers: processes that make fragments on all cores, started once the work is worth it.

A worker is a fresh interpreter that is told what to do in lines of JSON: nothing is forked, which threads do not survive, and nothing
is pickled.  It reads and writes the store itself; only names cross.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, LifoQueue
from typing import Any

from . import errors
from .digest import Json
from .errors import BrickwiseError, DamagedError, StageError
from .portable import describe
from .stage import Stage
from .store.local import LocalStore

_START = "import sys, json; sys.path[:] = json.loads(sys.stdin.readline()); from pipeline.worker import main; main()"
_PATIENCE = 1.0  # starting a process takes half of that
_LITTLE = 0.2  # seconds: what is not worth the words even where workers wait


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ElsewhereError(Exception):
    """What a stage raised in another process; its traceback is a note."""


class Workers:
    """As many processes as there are cores, or `count`, shared by the steps of a run; closed with it.

    patience: seconds of work in this process before others are asked, or half of that before they are started and left to get ready.
    """

    def __init__(self, store: LocalStore, count: int | None = None, patience: float | None = None) -> None:
        self._store = store
        self._cores = cores() if count is None else count
        self._patience = _PATIENCE if patience is None else patience
        self._started = 0
        self._slots: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(self._cores):
            self._slots.put(None)

    def map(self, stage: Stage, jobs: Sequence[Json], here: Callable[[Json], Json], done: Callable[[], None]) -> list[Json]:
        """What each job gives, in order: made `here` at first, by workers when what is left would take them much less time, or when some are there already.

        done: called after each.  Raises what a job raises; those that were not begun are dropped.
        """
        made: list[Json] = []
        began = time.monotonic()
        document = describe(stage) if self._cores > 1 and len(jobs) > 1 else None
        for job in jobs:
            passed = time.monotonic() - began
            left = (len(jobs) - len(made)) * passed / max(len(made), 1)
            if document is not None and made and self._take(passed, left, len(jobs) - len(made)):
                return made + self._elsewhere(document, jobs[len(made) :], here, done)
            made.append(here(job))
            done()
        return made

    def _take(self, passed: float, left: float, jobs: int) -> bool:
        """Whether workers take what is left: those there are if it is not too little, new ones, which start meanwhile, if it is much."""
        if passed >= self._patience / 2 and left >= 2 * self._patience:
            self._start(jobs)
        if not self._started or left < min(_LITTLE, self._patience):
            return False
        ready = all(worker is None or worker.ready for worker in list(self._slots.queue))
        return ready or passed >= 2 * self._patience

    def _start(self, most: int) -> None:
        """Start the processes that are not there yet, and do not wait for them."""
        free: list[_Worker | None] = []
        with suppress(Empty):
            while True:
                free.append(self._slots.get_nowait())
        for slot in sorted(free, key=lambda one: one is not None):  # those there are on top
            self._slots.put(slot or (self._new() if self._started < most else None))

    def _new(self) -> _Worker:
        worker = _Worker(self._store)
        self._started += 1
        return worker

    def _elsewhere(
        self, document: Json, jobs: Sequence[Json], here: Callable[[Json], Json], done: Callable[[], None]
    ) -> list[Json]:
        def ask(job: Json) -> Json:
            slot = self._slots.get()
            try:
                worker = slot or self._new()
                slot = worker
                answer = worker.ask({"stage": document, **job})
            except BaseException:
                if slot is not None:
                    slot.stop()
                    self._started -= 1
                slot = None
                raise
            finally:
                self._slots.put(slot)
            made = here(job) if "unavailable" in answer else _opened(answer)
            done()
            return made

        with ThreadPoolExecutor(self._started) as threads:
            futures = [threads.submit(ask, job) for job in jobs]
            wait(futures, return_when=FIRST_EXCEPTION)
            threads.shutdown(wait=False, cancel_futures=True)
        failed = next((error for f in futures if not f.cancelled() and (error := f.exception()) is not None), None)
        if failed is not None:
            raise failed
        return [future.result() for future in futures]

    def close(self) -> None:
        """Stop the processes."""
        while not self._slots.empty():
            worker = self._slots.get()
            if worker is not None:
                worker.stop()


class _Worker:
    """One process, asked one thing at a time."""

    def __init__(self, store: LocalStore) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            text=True,
        )
        lease = store.lease_file
        self._asked = False
        self._tell(sys.path)
        self._tell({"store": str(store.root.resolve()), "lease": str(lease.resolve()) if lease else None})

    @property
    def ready(self) -> bool:
        """Whether it has said that it is, or been asked something."""
        return self._asked or bool(select.select([self._process.stdout], [], [], 0)[0])  # type: ignore[type-var]  # a pipe

    def ask(self, question: Json) -> Json:
        """The answer to one line. Raises StageError when the process is gone."""
        try:
            if not self._asked:
                self._process.stdout.readline()  # type: ignore[union-attr]  # that it is ready
                self._asked = True
            self._tell(question)
            line = self._process.stdout.readline()  # type: ignore[union-attr]  # a pipe, as asked for
        except OSError:
            line = ""
        if not line:
            code = self._process.wait()
            how = f"killed by signal {-code}" if code < 0 else f"left with exit code {code}"
            raise StageError(f"a worker process was {how}; memory may have run out, or somebody ended it; run again to go on")
        return json.loads(line)

    def _tell(self, said: Json) -> None:
        self._process.stdin.write(json.dumps(said) + "\n")  # type: ignore[union-attr]  # a pipe, as asked for
        self._process.stdin.flush()  # type: ignore[union-attr]  # likewise

    def stop(self) -> None:
        """It leaves when its input ends."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()


def _opened(answer: Json) -> Any:
    """What a job gave. Raises what it raised."""
    if "made" in answer:
        return answer["made"]
    kind = getattr(errors, answer["error"], None)
    raised: Exception
    if kind is DamagedError:
        raised = DamagedError(answer["digest"], answer["message"])
    elif isinstance(kind, type) and issubclass(kind, BrickwiseError):
        raised = kind(answer["message"])
    else:
        raised = ElsewhereError(f"{answer['error']}: {answer['message']}")
    raised.add_note(answer["trace"])
    raise raised
