"""Nothing stale: `brickwise run` and `dvc repro`, with as many steps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import chains
from processes import BRICKWISE, OURS, Part, Target, peer, run, timed

TARGETS = {6: 0.45, 100: 0.25}
SHIPPED = 0.5  # eleven steps, to DVC's six


def part(folder: Path, store: Path | None) -> Part:
    """Make the projects and run each once. store: where the shipped pipeline has finished."""
    called, binaries = peer("dvc")
    dvc = str(binaries / "dvc")
    commands: dict[str, Callable[[], float]] = {}
    targets = []
    for steps, ratio in TARGETS.items():
        ours, theirs = f"brickwise, {steps} steps", f"{called}, {steps} stages"
        home = folder / f"dvc{steps}"
        chains.dvc(home, steps, dvc)
        commands[theirs] = _fresh([dvc, "repro"], home, chains.dvc_environment(home))
        home = folder / f"tables{steps}"
        chains.tables(home, steps)
        run([sys.executable, "-c", "from tables_chain import chain; chain.run('store')"], home, OURS)
        commands[ours] = _fresh([*BRICKWISE, "run", "tables_chain:chain", "--store", "store"], home, OURS)
        targets.append(Target(ours, theirs, ratio))
    if store is not None:
        commands["brickwise, docstrings"] = _shipped(store.resolve())
        targets.append(Target("brickwise, docstrings", f"{called}, 6 stages", SHIPPED))
    notes = ("A step of brickwise copies a table of two rows; a stage of DVC copies a small file.",)
    return Part("Nothing stale", commands, tuple(targets), notes)


def _shipped(store: Path) -> Callable[[], float]:
    """The shipped pipeline; leaves with a message where it has not finished."""
    planned = json.loads(run([*BRICKWISE, "plan", "docstrings", "--json", "--store", str(store)], Path.cwd(), OURS))
    stale = [step["name"] for step in planned["steps"] if step["action"] != "reuse"]
    if stale:
        sys.exit(f"{store}: {', '.join(stale)} would run; first: brickwise run docstrings --store {store}")
    return _fresh([*BRICKWISE, "run", "docstrings", "--store", str(store)], Path.cwd(), OURS)


def _fresh(command: list[str], folder: Path, environment: dict[str, str]) -> Callable[[], float]:
    """Run a command until nothing is stale; returns how to time it from then on."""
    run(command, folder, environment)
    timed(command, folder, environment, "up to date")
    return lambda: timed(command, folder, environment, "up to date")
