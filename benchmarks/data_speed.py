"""Ingest, clean and transform a million text rows: brickwise, pandas and a loop of Python, each a fresh process, in turn."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from data_peers import LABELS, PACKAGE, PROGRAMS, STEMS
from processes import OURS, run
from result import spread, tell

ROWS = 100_000  # a file
TARGETS = {"pandas": 1.5, "re loop": 5.0}
GROWTH = 1.2  # of peak memory, at most
BAD = 0.01


def speed(runs: int, files: int = 10) -> dict[str, Any]:
    """Seconds of each, and how many times faster brickwise is; the outcome of all must be the same rows."""
    with tempfile.TemporaryDirectory(prefix="brickwise-speed-") as temporary:
        folder = Path(temporary)
        project(folder, files)
        seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        said: dict[str, list[dict[str, Any]]] = {name: [] for name in PROGRAMS}
        for turn in range(runs):
            for name in PROGRAMS:
                took, what = once(folder, name)
                seconds[name].append(took)
                said[name].append(what)
                print(f"  {turn + 1} of {runs}: {name} {took:.2f} s, {what}", file=sys.stderr, flush=True)
    kept = {name: what[-1]["kept"] for name, what in said.items()}
    if len(set(kept.values())) > 1 or said["pandas"][-1]["characters"] != said["re loop"][-1]["characters"]:
        sys.exit(f"they were to keep the same rows, and kept {kept}: {said}")
    return _told(seconds, said, runs, files)


def memory(sizes: tuple[int, ...] = (10, 100)) -> dict[str, Any]:
    """The most memory of brickwise's processes together, at 1 and at 10 million rows, once each: minutes."""
    peaks, seconds = {}, {}
    for files in sizes:
        with tempfile.TemporaryDirectory(prefix="brickwise-memory-") as temporary:
            project(Path(temporary), files)
            name = f"{files * ROWS:,}"
            seconds[name], what = once(Path(temporary), "brickwise")
            peaks[name] = what["peak"]
    ratio = list(peaks.values())[-1] / next(iter(peaks.values()))
    tell(
        "Most memory of brickwise's processes together (proportional set size, looked at every 0.1 s)",
        [("rows", "MiB", "s"), *((name, f"{peak / 2**20:.0f}", f"{seconds[name]:.1f}") for name, peak in peaks.items())],
        [f"ratio: {ratio:.2f}; target: at most {GROWTH}; {'met' if ratio <= GROWTH else 'MISSED'}"],
    )
    return {"peak_bytes": peaks, "seconds": seconds, "ratio": round(ratio, 3)}


def once(folder: Path, name: str) -> tuple[float, dict[str, Any]]:
    """Seconds of one program, and what it printed; brickwise starts with an empty store."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    began = time.perf_counter()
    environment = {"PYTHONPATH": os.pathsep.join([OURS["PYTHONPATH"], str(folder)])}
    used = _processor_time()
    said = run([sys.executable, "-c", PROGRAMS[name]], folder, environment)
    took = time.perf_counter() - began
    what: dict[str, Any] = json.loads(said.splitlines()[-1])
    what["processor"] = round(_processor_time() - used, 3)
    if what.get("status", "done") != "done":
        sys.exit(f"a run was {what['status']}: {what}")
    return took, what


def _processor_time() -> float:
    """Seconds that processes which have ended were computing: what others do on the machine adds little to it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def project(folder: Path, files: int) -> None:
    """The package and its files."""
    (folder / "lines").mkdir()
    (folder / "lines" / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (folder / "files").mkdir()
    for number in range(files):
        (folder / "files" / f"{number:05}.csv").write_text(csv_text(number), encoding="utf-8")


def csv_text(number: int) -> str:
    """One file, drawn by its number: texts of 6 to 18 words, some decomposed letters and odd blanks, one row in a hundred bad."""
    draw = Random(number)  # noqa: S311  # words, no secrets
    words = [
        *(f"word{at}" for at in range(4_000)),
        *(f"u\u0308ber{at}" for at in range(500)),
        *STEMS,
        "Größe",
        "a\u00a0b",
        "tab\there",
    ]
    found = ["id,text,label"]
    for row in range(ROWS):
        text, label = " ".join(draw.choices(words, k=draw.randint(6, 18))), LABELS[row % len(LABELS)]
        bad = draw.random()
        if bad < BAD:
            text, label = draw.choice(
                [("", label), ("abc", label), ("12 345 678", label), (text, ""), (text, "odd"), (text, "news,sport")]
            )
        elif bad < 2 * BAD:
            text = text.replace(" ", " \x07 ", 1)
        found.append(f"{number}-{row},{text},{label}")
    return "\n".join(found) + "\n"


def _told(seconds: dict[str, list[float]], said: dict[str, list[dict[str, Any]]], runs: int, files: int) -> dict[str, Any]:
    ours = seconds["brickwise"]
    spreads = {name: spread(found) for name, found in seconds.items()}
    spreads["brickwise, but for its checks"] = spread([s - w["judging"] for s, w in zip(ours, said["brickwise"], strict=True)])
    ratios, notes = {}, []
    for name, target in TARGETS.items():
        ratio = median(theirs / mine for theirs, mine in zip(seconds[name], ours, strict=True))
        apart = median(t / (m - w["judging"]) for t, m, w in zip(seconds[name], ours, said["brickwise"], strict=True))
        ratios[name] = {"ratio": round(ratio, 3), "but_for_checks": round(apart, 3), "target": target, "met": ratio >= target}
        verdict = "met" if ratio >= target else "MISSED"
        notes.append(
            f"{ratio:.2f} times as fast as {name} ({apart:.2f} but for the checks); target: at least {target}; {verdict}"
        )
    peaks = {name: median(w["peak"] for w in what) for name, what in said.items()}
    notes.append("most memory, MiB: " + ", ".join(f"{name} {peak / 2**20:.0f}" for name, peak in peaks.items()))
    last = said["brickwise"][-1]
    notes.append(f"brickwise kept {last['kept']:,} rows and turned away {last['away']:,}; steps: {last['steps']}")
    rows = [("", "median s", "min", "max"), *((n, *(f"{v:.2f}" for v in f.values())) for n, f in spreads.items())]
    tell(f"{files * ROWS:,} text rows in {files} files, {runs} runs each in turn, fresh processes", rows, notes)
    return {"rows": files * ROWS, "seconds": spreads, "ratios": ratios, "peak_bytes": peaks, "runs": said["brickwise"]}
