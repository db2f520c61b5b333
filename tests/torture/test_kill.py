"""SIGKILL before each durable operation of a run, and at random times: the next run needs no help, and ends as if nothing had been.

What a kill leaves is what the operations done so far left, in full: the kernel keeps the rest.  Just after an operation is
before the next.  A killed run redoes what was under way: of a `map` step one item, of any other the step, of a check the
fragments that it judges in one go.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from forks import Child, Watch, Whole, dangling, goes_on, half_visible, kinds, told
from pipelines import built, sources

from pipeline import LocalStore, runner

SHORT = {"stride": 40, "times": 6, "chains": 3}
FULL = {"stride": 1, "times": 200, "chains": 100}


def test_a_killed_run_is_gone_on_with(torture):
    counts = torture()
    assert counts["kills"] > 20
    assert counts["operations"] > 100


def main(tmp: Path, form: dict[str, int]) -> None:
    folder = sources(tmp / "source files")
    whole = Whole(built(folder), folder, tmp / "whole")
    total = len(whole.operations)
    failures: list[str] = []
    kills = 0
    dice = random.Random(7)
    for at in sorted({*range(1, total + 1, form["stride"]), *kinds(whole.operations)}):
        kills += 1
        failures += recovers(whole, tmp / f"at {at}", [at])
    for number in range(form["chains"]):
        chain = [dice.randint(1, total) for _ in range(3)]
        kills += 3
        failures += recovers(whole, tmp / f"chain {number}", chain)
    for number in range(form["times"]):
        kills += 1
        failures += recovers(whole, tmp / f"time {number}", [dice.uniform(0, 1.1 * whole.seconds)])
    told({"operations": total, "kills": kills}, failures)


def recovers(whole: Whole, root: Path, kills: list[int | float]) -> Iterator[str]:
    """What is wrong after runs that were killed at these operations (or seconds), and one that was not."""
    log = root.with_suffix(".log")
    named = f"{root.name} {[whole.operations[at - 1] for at in kills if isinstance(at, int)]}"
    for at in kills:
        child = Child(
            lambda: runner.run(whole.pipeline, LocalStore(root)).status,
            log=log,
            watch=killer(at) if isinstance(at, int) else None,
        )
        if isinstance(at, float):
            time.sleep(at)
            child.kill()
        ended, said = child.wait()
        if ended != signal.SIGKILL and "gave" not in said:
            yield f"{named}: {ended} {said}"
        yield from (f"{named}: {wrong}" for wrong in half_visible(root) + dangling(root))
    yield from (f"{named}: {wrong}" for wrong in goes_on(whole, root, log, len(kills)))
    shutil.rmtree(root)


def killer(at: int) -> Watch:
    """A watch that ends the process before operation `at`."""
    left = at

    def watch(operation: str, path: Path, target: Path | None) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


if __name__ == "__main__":
    main(Path(sys.argv[1]), FULL if sys.argv[2] == "full" else SHORT)
