"""What `runs` and `log` take of a store with thousands of runs, to what reading and validating every record takes.

    python benchmarks/history.py [--runs 5000] [--turns 5] [--json]

The runs are of one pipeline: six models, three metrics, ten steps; every hundredth is accepted and the next ones are compared with it.
Whole processes, in turn; a ratio is the median of each turn's.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from result import ROOT, document, print_document, spread, tell

READ = "import sys; from pipeline import LocalStore; from pipeline.record import RunRecord; "
READ += "print(sum(1 for one in map(RunRecord.model_validate, LocalStore(sys.argv[1]).runs())))"
MODELS = ("majority", "linear", "nb_svm", "forest", "net", "average")
METRICS = ("accuracy", "macro_f1", "log_loss")
STEPS = ("raw", "clean", "split", "features", "linear", "nb_svm", "forest", "net", "report", "compare")


def main() -> None:
    """Make a store, and time the commands on it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickwise-history-") as temporary:
        store = Path(temporary) / "store"
        fill(store, options.runs)
        brickwise = (sys.executable, "-m", "flows")
        commands = {
            "runs": (*brickwise, "runs", "--store", str(store)),
            "log": (*brickwise, "log", "--store", str(store)),
            "log --plot": (*brickwise, "log", "--plot", str(Path(temporary) / "log.svg"), "--store", str(store)),
            "every record": (sys.executable, "-c", READ, str(store)),
        }
        first = seconds(commands["runs"])
        turns = [{name: seconds(command) for name, command in commands.items()} for _ in range(options.turns)]
        (store / "index" / "runs").stat()
        size = (store / "index" / "runs").stat().st_size
    found = {
        name: {
            "seconds": spread([turn[name] for turn in turns]),
            "ratio": spread([turn[name] / turn["every record"] for turn in turns]),
        }
        for name in commands
    }
    rows = [("command", "seconds", "of every record")]
    rows += [(name, f"{one['seconds']['median']:.2f}", f"{one['ratio']['median']:.3f}") for name, one in found.items()]
    tell(
        f"{options.runs:,} runs, median of {options.turns}",
        rows,
        [f"first `runs`, without an index: {first:.2f} s; index: {size:,} bytes"],
    )
    if options.json:
        print_document(
            document("history", {"runs": options.runs, "first": round(first, 3), "index_bytes": size, "commands": found})
        )


def seconds(command: tuple[str, ...]) -> float:
    """How long a process takes, from its start to its end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRICKWISE")}
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT)})
    return time.monotonic() - began


def fill(root: Path, count: int) -> None:
    """Write run records and acceptances as runs and `accept` write them, without the artifacts, which no listing reads."""
    sys.path.insert(0, str(ROOT))
    from pipeline import LocalStore
    from pipeline.accept import Acceptance
    from pipeline.digest import digest_json
    from pipeline.record import Difference, Outcome, RunRecord

    drawn, store, champion, level = random.Random(7), LocalStore(root), None, 0.6  # noqa: S311  # no secret
    store.set_ref("bench", "step-raw", "0" * 64)
    for i in range(count):
        run_id = f"20260101T{i // 3600:02}{i // 60 % 60:02}{i % 60:02}.000000-{i % 65536:04x}"
        values = {model: level + drawn.gauss(0, 0.02) for model in MODELS}
        steps = [
            Outcome(name=name, status="ran", why="config", seconds=1.0, outputs={"rows": digest_json([name, i])})
            for name in STEPS
        ]
        record = RunRecord(
            run_id=run_id,
            pipeline="bench",
            status="done",
            started=f"2026-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}.000+00:00",
            seconds=10.0,
            steps=tuple(steps),
            metrics={m: {name: {"value": v, "low": v - 0.02, "high": v + 0.02} for name in METRICS} for m, v in values.items()},
            models=MODELS,
            headline=("net", "accuracy"),
            diff=Difference(against=champion, verdict=drawn.choice(("better", "worse", "undecided")) if champion else None),
            changed={"net": f"config: rate 0.001 -> {drawn.random():.4f}"} if champion else {},
            settings=(f"net.rate={drawn.random():.4f}",),
            origin="bench",
        ).model_dump(mode="json")  # fmt: skip
        store._save("runs", run_id, record, flushed=False)  # noqa: SLF001  # 10,000 flushes would take the disk a minute
        if i % 100 == 0:
            one = Acceptance(run_id=run_id, pipeline="bench", when=record["started"], why="better", previous=champion)
            store._save("accepts", run_id, one.model_dump(mode="json"), flushed=False)  # noqa: SLF001  # likewise
            champion, level = run_id, level + 0.003
    store.set_ref("bench", "champion", str(champion))


if __name__ == "__main__":
    main()
