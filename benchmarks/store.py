"""The store: hashing against b3sum, verified reads, a million rows to which 1% is added, and memory at ten times as many.

    python benchmarks/store.py [--only hashing|growth|memory] [--runs 3] [--json]

hashing needs `b3sum` on the path (Debian: apt-get install b3sum; or cargo install b3sum).  memory takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from result import ROOT, document, print_document, spread, tell

HASHED = 2 * 2**30  # bytes
ROWS = 10_000  # a file
TARGETS = {"hashing": 0.8, "verified": 0.05, "append": 0.04, "memory": 1.2}
PACKAGE = '''"""Lines of text, a file a day, through four steps."""

from typing import Annotated

from pydantic import Field

from pipeline import Pipeline, Step
from schemas import Record
from stages import Clean, CsvFile, Ingest, Mask, Split

Filled = Annotated[str, Field(min_length=1)]


class Line(Record):
    id: Filled
    text: Filled
    label: Filled


class SplitLine(Line):
    split: str
    group: str


lines = Pipeline(
    "lines",
    Step("raw", Ingest[Line](source=CsvFile(path="days/*.csv"))),
    Step("clean", Clean[Line](min_chars=5), reads={"rows": "raw"}),
    Step("mask", Mask[Line](stems=("brick", "wall")), reads={"rows": "clean"}),
    Step("split", Split[SplitLine](by="id"), reads={"rows": "mask"}),
)
'''
HASH = '''"""Hash a file, and say how long that took."""

import sys, time
from pathlib import Path

from pipeline.digest import digest_file

began = time.perf_counter()
print(digest_file(Path(sys.argv[1])), time.perf_counter() - began)
'''
RUN = '''"""Run the pipeline in this process; say how long it took, how long reads were verified, and the most memory there was."""

import json, os, sys, threading, time
from pathlib import Path

from pipeline import workers
from pipeline.store import local as store
from lines import lines

if os.environ["PATIENCE"]:
    workers._PATIENCE = float(os.environ["PATIENCE"])

verifying = 0.0
get = store.digest_bytes


def timed(data):
    global verifying
    began = time.perf_counter()
    digest = get(data)
    verifying += time.perf_counter() - began
    return digest


def resident():
    """Bytes of this process and of its workers; pages they share count in part."""
    children = []  # a worker is a child of the thread that started it
    for tasks in Path("/proc/self/task").glob("*/children"):
        try:
            children += tasks.read_text().split()
        except OSError:
            continue
    found = []
    for process in ("self", *children):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return sum(found)


def watch():
    global peak
    while True:
        peak = max(peak, resident())
        time.sleep(0.1)


store.digest_bytes = timed
peak = 0
threading.Thread(target=watch, daemon=True).start()
for line in sys.stdin:
    verifying, began = 0.0, time.perf_counter()
    record = lines.run("store")
    said = {"seconds": time.perf_counter() - began, "verifying": verifying, "status": record.status,
            "rows": record.steps[-1].rows_out, "why": record.steps[-1].why,
            "peak": peak}
    print(json.dumps(said), flush=True)
'''


def main() -> None:
    """Measure what was asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("hashing", "growth", "memory"))
    parser.add_argument("--runs", type=int, default=3, help="of each; medians are told")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    parts: dict[str, Callable[[Path, int], dict[str, Any]]] = {"hashing": hashing, "growth": growth, "memory": memory}
    found = {}
    for name, measure in parts.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="brickwise-store-") as folder:
                found[name] = measure(Path(folder), options.runs)
    if options.json:
        print_document(document("store", {**found, "targets": TARGETS}))


def hashing(folder: Path, runs: int) -> dict[str, Any]:
    """A file of 2 GiB that is in the page cache: `digest_file` against b3sum, both on all cores."""
    peer = shutil.which("b3sum")
    if peer is None:
        print("hashing: b3sum is not on the path (Debian: apt-get install b3sum); not measured", file=sys.stderr)
        return {"measured": False}
    path = folder / "file"
    block = os.urandom(2**20)
    with path.open("wb") as file:
        for number in range(HASHED // len(block)):
            file.write(number.to_bytes(8, "little") + block[8:])
    commands = {"b3sum": [peer, "--no-names", str(path)], "brickwise": [sys.executable, "-c", HASH, str(path)]}
    seconds: dict[str, list[float]] = {name: [] for name in (*commands, "the hashing alone")}
    for _ in range(max(runs, 5)):
        said = {}
        for name, command in commands.items():
            began = time.perf_counter()
            said[name] = output(command, folder).split()
            seconds[name].append(time.perf_counter() - began)
        if said["b3sum"][0] != said["brickwise"][0]:
            sys.exit(f"the digests differ: {said}")
        seconds["the hashing alone"].append(float(said["brickwise"][1]))
    spreads = {name: spread(found) for name, found in seconds.items()}
    pairs = zip(seconds["the hashing alone"], seconds["b3sum"], strict=True)
    speed = round(median(theirs / ours for ours, theirs in pairs), 3)
    tell(
        "Hashing 2 GiB in the page cache, in turn; brickwise as a process, and without the start of Python",
        [("", "median s", "min", "max"), *((name, *(f"{v:.3f}" for v in found.values())) for name, found in spreads.items())],
        [f"speed: {speed:.2f} of b3sum's; target: at least {TARGETS['hashing']}; {met(speed >= TARGETS['hashing'])}"],
    )
    return {"seconds": spreads, "speed": speed}


def growth(folder: Path, runs: int) -> dict[str, Any]:
    """A million rows from nothing, then again after a file of 1% was added, in one process; the share of verifying reads."""
    project(folder, 100)
    full, appended = [], []
    for number in range(runs):
        shutil.rmtree(folder / "store", ignore_errors=True)
        (folder / "days" / "00100.csv").unlink(missing_ok=True)
        with Runner(folder) as runner:
            full.append(runner.run())
            write_day(folder, 100)
            appended.append(runner.run())
        if (appended[-1]["rows"], appended[-1]["why"]) != (1_010_000, "input rows: 1 of 101 fragments new"):
            sys.exit(f"run {number} was to add one fragment, and said {appended[-1]}")
    began = time.perf_counter()
    (folder / "days" / "00100.csv").write_text(day(101), encoding="utf-8")
    output([sys.executable, "-c", "from lines import lines; print(lines.run('store').status)"], folder)
    whole = time.perf_counter() - began
    ratio = round(median(a["seconds"] / f["seconds"] for a, f in zip(appended, full, strict=True)), 4)
    share = round(median(one["verifying"] / one["seconds"] for one in full), 4)
    rows = {"a million rows": [one["seconds"] for one in full], "1% added": [one["seconds"] for one in appended]}
    tell(
        f"A million rows in 100 files, four steps, contracts checked; {runs} runs each",
        [("", "median s", "min", "max"), *((n, *(f"{v:.3f}" for v in spread(s).values())) for n, s in rows.items())],
        [
            f"1% added: {ratio:.1%} of the full time; target: at most {TARGETS['append']:.0%}; {met(ratio <= TARGETS['append'])}",
            f"as a process of its own, Great Expectations imported for one fragment: {whole:.2f} s",
            f"verifying what is read: {share:.2%} of the time; target: at most {TARGETS['verified']:.0%}; "
            f"{met(share <= TARGETS['verified'])}",
        ],
    )
    seconds = {name: spread(found) for name, found in rows.items()}
    return {"seconds": seconds, "append": ratio, "own_process_seconds": round(whole, 3), "verified": share}


def memory(folder: Path, runs: int) -> dict[str, Any]:
    """The most memory of the process and its workers together, at 1 and at 10 million rows; once each, since it takes minutes.

    A million rows are mapped before workers pay, ten million are not: so a million are run with workers from the start as well.
    """
    sizes = {"1 million, alone": (100, ""), "1 million, with workers": (100, "0"), "10 million, with workers": (1000, "")}
    peaks: dict[str, int] = {}
    for name, (files, patience) in sizes.items():
        project(folder, files)
        shutil.rmtree(folder / "store", ignore_errors=True)
        with Runner(folder, patience) as runner:
            peaks[name] = runner.run()["peak"]
    alone, one, ten = peaks.values()
    tell(
        "Most memory of the process and its workers together",
        [("rows", "MiB"), *((name, f"{peak / 2**20:.0f}") for name, peak in peaks.items())],
        [
            f"10 million: {ten / one:.2f} of 1 million in as many processes; target: at most {TARGETS['memory']}; "
            f"{met(ten / one <= TARGETS['memory'])}",
            f"of 1 million in one process: {ten / alone:.2f}",
        ],
    )
    return {"peak_bytes": peaks, "ratio": round(ten / one, 3), "ratio_to_one_process": round(ten / alone, 3)}


class Runner:
    """A process that runs the pipeline whenever it is asked."""

    def __init__(self, folder: Path, patience: str = "") -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]), "PATIENCE": patience}
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN], cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self) -> dict[str, Any]:
        """What it said of one run."""
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        if said["status"] != "done":
            sys.exit(f"a run was {said['status']}: {said}")
        return said

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def project(folder: Path, files: int) -> None:
    """The package, and its files of 10,000 rows each."""
    (folder / "lines").mkdir(exist_ok=True)
    (folder / "lines" / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (folder / "days").mkdir(exist_ok=True)
    for number in range(files):
        write_day(folder, number)


def write_day(folder: Path, number: int) -> None:
    """One file, unless it is there."""
    path = folder / "days" / f"{number:05}.csv"
    if not path.exists():
        path.write_text(day(number), encoding="utf-8")


def day(number: int) -> str:
    """Eight words a line, drawn by the file's number."""
    words = [f"word{i}" for i in range(5000)] + ["brick", "wall", "mortar", "Größe"]
    draw = random.Random(number)  # noqa: S311  # words, no secrets
    lines = (f"{number}-{row},{' '.join(draw.choices(words, k=8))},{'ab'[row % 2]}" for row in range(ROWS))
    return "id,text,label\n" + "\n".join(lines) + "\n"


def met(reached: bool) -> str:
    """In a word."""
    return "met" if reached else "MISSED"


def output(command: list[str], folder: Path) -> str:
    """What a command prints; leaves with its errors when it fails."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
