"""A hundred trivial steps from cold: `Pipeline.run()` with no Prefect, `dvc repro`, and Dagster's `materialize`."""

from __future__ import annotations

import sys
from pathlib import Path

import chains
from processes import OURS, Part, Target, peer, run, timed

STEPS = 100
NOTES = (
    "A step of brickwise adds one to a number in a Report: a manifest, an action, a receipt and its action, fsynced; locked by key.",
    "A stage of DVC is a process, `cp`, of a small file, with the file cached and dvc.lock written.",
    "An asset of Dagster adds one to a number, which its default I/O manager pickles to a temporary folder; its events stay in memory.",
)


def part(folder: Path) -> Part:
    """Make the projects. Each run is in a new copy, so that no store and no cache is there; bytecode is."""
    dvc_name, dvc_binaries = peer("dvc")
    dagster_name, dagster_binaries = peer("dagster")
    dvc, python = str(dvc_binaries / "dvc"), str(dagster_binaries / "python")
    ours = f"brickwise, {STEPS} steps"
    theirs, dagsters = f"{dvc_name}, {STEPS} stages", f"{dagster_name}, {STEPS} assets"
    chains.facts(folder / "facts", STEPS)
    chains.dvc(folder / "dvc", STEPS, dvc)
    chains.dagster(folder / "dagster", STEPS)
    run([sys.executable, "-c", "import facts_chain"], folder / "facts", OURS)
    run([python, "-c", "import dagster"], folder / "dagster", {})

    def assets(home: Path) -> float:
        environment = {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "yes"}
        return timed([python, "assets.py"], home, environment, f"done {STEPS}")

    return Part(
        f"{STEPS} steps from cold",
        {
            theirs: chains.cold(folder / "dvc", lambda home: timed([dvc, "repro"], home, chains.dvc_environment(home))),
            dagsters: chains.cold(folder / "dagster", assets),
            ours: chains.cold(
                folder / "facts", lambda home: timed([sys.executable, "execute.py"], home, OURS, f"done {STEPS}")
            ),
        },
        (Target(ours, theirs, 0.1), Target(ours, dagsters, 1.0)),
        NOTES,
    )
