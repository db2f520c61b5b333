"""Nothing stale: seconds of `brickwise run` and of `dvc repro`, six steps each, whole processes in turn.

    python benchmarks/overhead.py [--store PATH] [--runs 9] [--json]

--store: where `brickwise run docstrings` has finished; the shipped pipeline is then timed too.
DVC gets an environment of its own in the temporary folder, made once from dvc.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from result import ROOT, document, print_document, spread, tell

STEPS = 6
TARGET = 0.5
PINS = Path(__file__).with_name("dvc.txt")
PEER = next(line for line in PINS.read_text(encoding="utf-8").splitlines() if line.startswith("dvc=="))
BRICKWISE = [sys.executable, "-m", "flows"]
CHAIN = '''"""Six steps that copy a small table."""

from typing import Annotated

from pipeline import Pipeline, Stage, Step, Table
from schemas import Key, Record
from stages import CsvFile, Ingest


class Row(Record):
    id: Annotated[str, Key()]
    text: str


class Copy(Stage):
    def map(self, rows: Table[Row]) -> Table[Row]:
        return Table.of(Row, rows.read())


chain = Pipeline(
    "chain",
    Step("copy1", Ingest[Row](source=CsvFile(path="rows.csv"))),
    *(Step(f"copy{i}", Copy(), reads={"rows": f"copy{i - 1}"}) for i in range(2, %d)),
)
'''


def main() -> None:
    """Make both projects, run each once, then time them in turn with nothing stale."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", type=Path, help="a store where `brickwise run docstrings` has finished")
    parser.add_argument("--runs", type=int, default=9, help="of each command; medians of 7 or more mean something")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    dvc = dvc_command()
    with tempfile.TemporaryDirectory(prefix="brickwise-overhead-") as temporary:
        commands = {
            PEER: dvc_project(Path(temporary) / "dvc", dvc),
            f"brickwise, {STEPS} steps": brickwise_project(Path(temporary) / "brickwise"),
        }
        if options.store:
            commands["brickwise, docstrings"] = shipped(options.store)
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                seconds[name].append(command())
    ratios = {
        name: round(median(ours / theirs for ours, theirs in zip(found, seconds[PEER], strict=True)), 3)
        for name, found in seconds.items()
        if name != PEER
    }
    spreads = {name: spread(found) for name, found in seconds.items()}
    tell(
        f"Nothing stale, {options.runs} runs each in turn, whole processes",
        [
            ("", "median s", "min", "max", "of DVC's"),
            *((name, *(f"{value:.3f}" for value in spreads[name].values()), f"{ratios.get(name, 1):.2f}") for name in spreads),
        ],
        [f"target: at most {TARGET} of DVC's; {'met' if max(ratios.values()) <= TARGET else 'MISSED'}"],
    )
    if options.json:
        print_document(document("overhead", {"peer": PEER, "seconds": spreads, "ratios": ratios, "target": TARGET}))


def dvc_command() -> str:
    """The pinned DVC, installed into an environment of its own unless it is there."""
    home = Path(tempfile.gettempdir()) / f"brickwise-{PEER.replace('==', '-')}-{os.getuid()}"
    if not (home / "installed").exists():
        print(f"installing {PEER} into {home}: a minute, once", file=sys.stderr)
        venv.create(home, clear=True, with_pip=True)
        run([str(home / "bin" / "pip"), "install", "--quiet", "--no-deps", "--requirement", str(PINS)], home, {})
        (home / "installed").touch()
    return str(home / "bin" / "dvc")


def dvc_project(folder: Path, dvc: str) -> Callable[[], float]:
    """A chain of stages that copy a small file, run once."""
    folder.mkdir()
    (folder / "copy0.txt").write_text("a small file\n", encoding="utf-8")
    stages = [
        f"  copy{i}:\n    cmd: cp copy{i - 1}.txt copy{i}.txt\n    deps: [copy{i - 1}.txt]\n    outs: [copy{i}.txt]\n"
        for i in range(1, STEPS + 1)
    ]
    (folder / "dvc.yaml").write_text("stages:\n" + "".join(stages), encoding="utf-8")
    apart = {name: str(folder / ".apart") for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR")}
    environment = {**apart, "DVC_NO_ANALYTICS": "1"}
    run([dvc, "init", "--no-scm", "--quiet"], folder, environment)
    run([dvc, "config", "core.check_update", "false"], folder, environment)
    return repeated([dvc, "repro"], folder, environment)


def brickwise_project(folder: Path) -> Callable[[], float]:
    """A user's package with a chain of stages that copy a small table, run once."""
    (folder / "copies").mkdir(parents=True)
    (folder / "rows.csv").write_text("id,text\n1,a small file\n2,of two rows\n", encoding="utf-8")
    (folder / "copies" / "__init__.py").write_text(CHAIN % (STEPS + 1), encoding="utf-8")
    return repeated([*BRICKWISE, "run", "copies:chain", "--store", "store"], folder, {"PYTHONPATH": str(ROOT)})


def shipped(store: Path) -> Callable[[], float]:
    """The shipped pipeline on a store where it has finished; leaves with a message where it has not."""
    environment = {"PYTHONPATH": str(ROOT)}
    planned = json.loads(run([*BRICKWISE, "plan", "docstrings", "--json", "--store", str(store.resolve())], ROOT, environment))
    stale = [step["name"] for step in planned["steps"] if step["action"] != "reuse"]
    if stale:
        sys.exit(f"{store}: {', '.join(stale)} would run; first: brickwise run docstrings --store {store}")
    return repeated([*BRICKWISE, "run", "docstrings", "--store", str(store.resolve())], ROOT, environment)


def repeated(command: list[str], folder: Path, environment: Mapping[str, str]) -> Callable[[], float]:
    """Run a command until nothing is stale; returns how to time it from then on."""
    run(command, folder, environment)

    def timed() -> float:
        began = time.perf_counter()
        said = run(command, folder, environment)
        seconds = time.perf_counter() - began
        if "up to date" not in said:
            sys.exit(f"{' '.join(command)} was to have nothing to do, and said: {said[:200]!r}")
        return seconds

    timed()
    return timed


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Any:
    """What a command prints; leaves with its errors when it fails."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as users have it
    done = subprocess.run(command, cwd=folder, env={**compiled, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
