"""A power cut after each durable operation of two runs: whatever the disk shows then, the next run recovers, and is not wrong.

What a disk may show is said in disk.py.  Of each state it is asked, beside: every object that can be seen is whole and every
action that can be read has its objects, since they are flushed first; and once a run has returned, its record and the
champion are there for good, also when an earlier run had been killed before it flushed what the later one goes on with.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from disk import Disk, Operation, Recorder, recorded, variants, write_image
from forks import Child, Whole, dangling, finish, gave, half_visible, told
from pipelines import built, sources

from pipeline import LocalStore, plan, runner
from pipeline.digest import digest_json

SHORT = {"stride": 30, "mixes": 1, "kills": 24}
FULL = {"stride": 1, "mixes": 3, "kills": 1}


def test_a_power_cut_is_recovered_from(torture):
    counts = torture()
    assert counts["operations"] > 300
    assert counts["images"] > 50


def main(tmp: Path, form: dict[str, int]) -> None:
    folder = sources(tmp / "source files")
    whole, edited = Whole(built(folder), folder, tmp / "whole"), Whole(built(folder, base=3), folder, tmp / "edited")
    failures: list[str] = []
    cuts = Cuts(tmp / "cut", failures)
    first, second = operations_of(whole, tmp / "store"), operations_of(edited, tmp / "store")
    runs = LocalStore(tmp / "store").run_ids()
    disk, prefixes = Disk(tmp / "store"), 0
    for at, operation in enumerate([*first, *second], 1):
        disk.do(operation)
        ends = (len(first), len(first) + len(second))
        if at % form["stride"] and at not in ends:
            continue
        prefixes += 1
        promised = runs[: sum(at >= end for end in ends)]
        cuts.cut(disk, whole if at <= ends[0] else edited, f"after {shown(at, operation)}", form["mixes"], promised, at in ends)

    flushes = [at for at, done in enumerate(first, 1) if done["operation"].startswith("flush")]
    for at in flushes[:: form["kills"]]:
        store = tmp / f"killed {at}"
        disk = Disk(store)
        killed, later = operations_of(whole, store, kill=at), operations_of(whole, store)
        for operation in [*killed, *later]:
            disk.do(operation)
        named = f"killed before {shown(at, first[at - 1])}, run to its end"
        cuts.cut(disk, whole, named, 0, LocalStore(store).run_ids() if later else [], bool(later))
        shutil.rmtree(store)
    counts = {
        "operations": len(first) + len(second),
        "prefixes": prefixes,
        "variants": 4 + form["mixes"],
        "images": cuts.images,
    }
    told(counts | {"kills before a cut": len(flushes[:: form["kills"]])}, failures)


def operations_of(whole: Whole, store: Path, kill: int = 0) -> list[Operation]:
    """The operations of a run; with `kill`, of one that is killed before that operation."""
    file = store.with_name(f"{store.name} {len(list(store.parent.glob('*.recorded')))}.recorded")
    recorder, left = Recorder(file), kill

    def watch(operation: str, path: Path, target: Path | None) -> None:
        nonlocal left
        left -= 1
        if not left:
            recorder.close()
            os.kill(os.getpid(), signal.SIGKILL)
        recorder(operation, path, target)

    def work() -> None:
        runner.run(whole.pipeline, LocalStore(store))
        recorder.close()

    ended, said = Child(work, watch=watch).wait()
    if (ended != signal.SIGKILL) if kill else "gave" not in said:
        raise RuntimeError(f"{ended} {said}")
    return recorded(file)


class Cuts:
    """Each different image that a cut can leave, tried once."""

    def __init__(self, folder: Path, failures: list[str]) -> None:
        self._folder, self._failures = folder, failures
        self._seen: set[str] = set()
        self.images = 0

    def cut(self, disk: Disk, whole: Whole, named: str, mixes: int, promised: Sequence[str], complete: bool) -> None:
        """Cut the power now, in every way. promised: the runs that have returned.  complete: this one is among them."""
        for variant, (names, content) in variants(named.split()[1], mixes).items():
            image = disk.image(names, content)
            document = {name: data.hex() if data is not None else None for name, data in image.items()}
            digest = digest_json([document, list(promised), whole.root.name])
            if digest not in self._seen:
                self._seen.add(digest)
                self.images += 1
                write_image(image, self._folder)
                found = wrongs(whole, self._folder / disk.name, promised, complete)
                self._failures += [f"{named}, {variant}: {wrong}" for wrong in found]
                shutil.rmtree(self._folder)


def wrongs(whole: Whole, root: Path, promised: Sequence[str], complete: bool) -> Iterator[str]:
    """What is wrong with a folder after the power is back, and with the run that goes on there."""
    yield from (path for path in half_visible(root) if "actions/" not in path)  # hints may be torn
    yield from dangling(root)
    store = LocalStore(root)
    yield from (f"run {run} had returned and is gone" for run in promised if run not in store.run_ids())
    if promised and store.ref(whole.pipeline.name, "champion") != promised[0]:
        yield "the champion of a run that had returned is gone"
    planned = plan(whole.pipeline, store)
    reasons = {step.name: step.why for step in planned.steps}
    if complete:
        yield from (f"{step} is stale ({reasons[step]}), and the run that made it had returned" for step in planned.stale)
    finished = {step.name for step in planned.steps if step.action == "reuse"}
    found = gave(lambda: finish(whole.pipeline, root))
    yield from whole.differs(found)
    yield from (f"{step} was there and was run again" for step in finished.intersection(found["ran"]))


def shown(at: int, operation: Operation) -> str:
    target = operation["target"] if operation["operation"] == "rename" else operation["path"]
    return f"{at} ({operation['operation']} {'/'.join(Path(target).parts[-3:])})"


if __name__ == "__main__":
    main(Path(sys.argv[1]), FULL if sys.argv[2] == "full" else SHORT)
