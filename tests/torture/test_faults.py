"""A fault at each durable operation, and at each call to the system that touches the store: a named error, nothing half, and on.

ENOSPC, EIO, EACCES and EROFS, once or from then on, are raised in place of the operation.  The command's error is then a
StoreError (exit code 5) that names a path of the store; every object that can be seen is whole, every document keeps its seal;
and the next run goes on to the digests of an undisturbed one.  Swallowed, with the run going on as if nothing had been, may be
only what SWALLOWED says, and why.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from forks import Child, Whole, dangling, finish, goes_on, half_visible, kinds, told
from pipelines import built, sources

SHORT = {"stride": 60}
FULL = {"stride": 1}
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
SWALLOWED = {
    "os.remove tmp": "a draft that is left over lies in tmp/, where the collector finds it",
    "lstat": "filelock asks for the real path of a lock, and takes one that it cannot look at as it is",
    "lstat leases": "likewise",
    "lstat locks": "likewise",
    "os.mkdir leases": "filelock makes sure of the folder of a lock, which is there",
    "os.mkdir locks": "likewise",
    "open locks": "filelock tries again to open a lock that it was once denied",
    "lstat objects": "an object that cannot be looked at is written again, and that is flushed or fails",
}


def test_a_fault_is_named_and_the_next_run_goes_on(torture):
    counts = torture()
    assert counts["operations"] > 300
    assert counts["faults"] > 60


class Fault:
    """Raises an error at boundary `at`, counted from 1, or from there on; notes every boundary in `seen`."""

    def __init__(self, root: Path, at: int, error: int, *, stays: bool = False, seen: Path | None = None) -> None:
        self._root, self._above = f"{root}{os.sep}", f"{root.parent}{os.sep}"
        self._at, self._error, self._stays, self._seen = at, error, stays, seen
        self._count = 0
        self._inside = False

    def reached(self, what: str, path: object) -> None:
        if self._inside:
            return
        self._inside = True  # what is noted is no boundary
        try:
            self._count += 1
            if self._seen is not None:
                with self._seen.open("a") as file:
                    file.write(f"{what} {str(path).removeprefix(self._above)}\n")
        finally:
            self._inside = False
        if self._count == self._at or (self._stays and self._count > self._at):
            raise OSError(self._error, os.strerror(self._error), str(path))

    def watch(self, operation: str, path: Path, target: Path | None) -> None:
        self.reached(operation, target or path)

    def calls(self) -> None:
        """Hear of every call to the system that names something in the store, for the rest of this process."""

        def heard(event: str, given: tuple[Any, ...]) -> None:
            if event == "open" or event.startswith("os."):
                path = str(given[0]) if given else ""
                if path.startswith(self._root):
                    self.reached(event, path)

        sys.addaudithook(heard)
        for name in ("stat", "lstat", "statvfs"):
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        fsync = os.fsync

        def flush(handle: int) -> None:
            self.reached("fsync", Path(f"/proc/self/fd/{handle}").readlink())
            fsync(handle)

        os.fsync = flush  # type: ignore[assignment]  # for the rest of this process

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *given: Any, **named: Any) -> Any:
            if f"{path}{os.sep}".startswith(self._root):
                self.reached(name, path)
            return real(path, *given, **named)

        return call


def main(tmp: Path, form: dict[str, int]) -> None:
    folder = sources(tmp / "source files")
    whole = Whole(built(folder), folder, tmp / "whole")
    failures: list[str] = []
    swallowed: Counter[str] = Counter()
    operations, calls = whole.operations, calls_of(whole, tmp)
    every = form["stride"] == 1
    faults = [
        (at, error, bool(at + number & 1))
        for at in sorted({*range(1, len(operations) + 1, form["stride"]), *kinds(operations)})
        for number, error in enumerate(ERRORS)
        if every or number == at // 2 % len(ERRORS)
    ]
    for at, error, stays in faults:
        fault = Fault(tmp / "store", at, error, stays=stays)
        named = f"{errno.errorcode[error]} {'from' if stays else 'at'} {at} {operations[at - 1]}"
        failures += [
            f"{named}: {wrong}" for wrong in wrongs(whole, tmp / "store", fault, fault.watch, operations[at - 1], swallowed)
        ]
    broken = range(1, len(calls) + 1) if every else sorted(kinds(calls, last=False))
    for at in broken:
        error = ERRORS[at % len(ERRORS)]
        fault = Fault(tmp / "store", at, error)
        named = f"{errno.errorcode[error]} at call {at} {calls[at - 1]}"
        failures += [f"{named}: {wrong}" for wrong in wrongs(whole, tmp / "store", fault, None, calls[at - 1], swallowed)]
    counts = {"operations": len(operations), "calls": len(calls), "faults": len(faults) + len(broken)}
    told(counts | {f"swallowed: {what}": times for what, times in swallowed.items()}, failures)


def calls_of(whole: Whole, tmp: Path) -> list[str]:
    """What an undisturbed run and a reading of all it made ask of the system, in order."""
    fault = Fault(tmp / "store", 0, 0, seen=tmp / "calls")
    Child(lambda: [fault.calls(), finish(whole.pipeline, tmp / "store")]).wait()
    shutil.rmtree(tmp / "store")
    return (tmp / "calls").read_text().splitlines()


def wrongs(whole: Whole, root: Path, fault: Fault, watch: Any, where: str, swallowed: Counter[str]) -> Iterator[str]:
    """What is wrong with a run that meets a fault, and with the next one."""
    log = root.with_suffix(".log")

    def work() -> Any:
        if watch is None:
            fault.calls()
        return finish(whole.pipeline, root)

    ended, said = Child(work, log=log, watch=watch).wait()
    if "raised" in said:
        kind, message, code, trace = said["raised"]
        if code != 5 or str(root.parent) not in message:
            yield f"raised {kind}: {message}, exit code {code}, expected a StoreError with a path\n{trace[-1500:]}"
    elif "gave" in said:
        what = " ".join([where.split(" ")[0], *where.rpartition(" ")[2].split("/")[1:2]])
        swallowed[what] += 1
        if what not in SWALLOWED:
            yield f"swallowed ({what})"
        yield from whole.differs(said["gave"])
    else:
        yield f"ended by signal {ended}"
    yield from half_visible(root)
    yield from dangling(root)
    yield from goes_on(whole, root, log, 1)
    shutil.rmtree(root, ignore_errors=True)
    log.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), FULL if sys.argv[2] == "full" else SHORT)
