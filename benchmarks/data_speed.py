"""Ingest, clean and transform a million text rows: brickwise, pandas and a loop of Python, each a fresh process, in turn."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from data_peers import LABELS, PACKAGE, PROGRAMS
from processes import OURS, run
from result import spread, tell

from pipeline import LocalStore
from pipeline.publish import manifest

ROWS = 100_000  # a file
TARGETS = {"pandas": 1.5, "pandas, Arrow by hand": 1.5, "re loop": 5.0}
GROWTH = 1.2  # of peak memory, at most
BAD = 0.01
# share of the texts -> one of these stands in it
_SOME = (
    (0.15, ("NumPy", "pandas", "scikit-learn", "a rich", "Torch", "SQLAlchemy", "gx", "fsspec")),
    (0.08, ("np.array", "pd.DataFrame", "sa.Column", "alt.Chart")),
    (0.02, ("u\u0308ber", "cafe\u0301")),
    (0.02, ("Größe", "a\u00a0b", "tab\there", "\x07", " two")),
)


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
    if len(set(kept.values())) > 1 or len({what[-1]["characters"] for what in said.values()}) > 1:
        sys.exit(f"they were to keep the same rows, and kept {kept}: {said}")
    return _told(seconds, said, runs, files)


def memory(sizes: tuple[int, ...] = (10, 100)) -> dict[str, Any]:
    """The most memory of brickwise's processes together, at 1 and at 10 million rows, once each: minutes."""
    peaks, seconds = {}, {}
    for files in sizes:
        with tempfile.TemporaryDirectory(prefix="brickwise-memory-") as temporary:
            project(Path(temporary), files)
            name = f"{files * ROWS:,}"
            seconds[name], what = once(Path(temporary), "brickwise", {"WATCH": "1"})
            peaks[name] = what["peak"]
    ratio = list(peaks.values())[-1] / next(iter(peaks.values()))
    tell(
        "Most memory of brickwise's processes together (proportional set size, looked at every 0.1 s)",
        [("rows", "MiB", "s"), *((name, f"{peak / 2**20:.0f}", f"{seconds[name]:.1f}") for name, peak in peaks.items())],
        [f"ratio: {ratio:.2f}; target: at most {GROWTH}; {'met' if ratio <= GROWTH else 'MISSED'}"],
    )
    return {"peak_bytes": peaks, "seconds": seconds, "ratio": round(ratio, 3)}


def once(folder: Path, name: str, more: Mapping[str, str] = MappingProxyType({})) -> tuple[float, dict[str, Any]]:
    """Seconds of one program, and what it printed; brickwise starts with an empty store. more: of the environment."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    began = time.perf_counter()
    environment = {"PYTHONPATH": os.pathsep.join([OURS["PYTHONPATH"], str(folder)]), **more}
    used = _processor_time()
    said = run([sys.executable, "-c", PROGRAMS[name]], folder, environment)
    took = time.perf_counter() - began
    what: dict[str, Any] = json.loads(said.splitlines()[-1])
    what["processor"] = round(_processor_time() - used, 3)
    if what.get("status", "done") != "done":
        sys.exit(f"a run was {what['status']}: {what}")
    if "digest" in what:
        what["characters"] = characters(LocalStore(folder / "store"), what.pop("digest"))
    return took, what


def characters(store: LocalStore, table: str) -> int:
    """Of all texts of a stored table: what nobody times."""
    files = [store.get(file["digest"]) for file in manifest(store, table)["files"]]
    return sum(pc.sum(pc.utf8_length(pq.read_table(pa.BufferReader(data))["text"])).as_py() for data in files)


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
    """One file, drawn by its number: texts as long as docstrings, made of words as often as words are; one row in a hundred is bad."""
    draw = Random(number)  # noqa: S311  # words, no secrets
    words, often = vocabulary()
    found = ["id,text,label"]
    for row in range(ROWS):
        length = min(max(round(draw.lognormvariate(3.4, 0.4)), 15), 60)
        text, label = " ".join(draw.choices(words, cum_weights=often, k=length)) + ".", LABELS[row % len(LABELS)]
        for share, odd in _SOME:
            text = text.replace(" ", f" {draw.choice(odd)} ", 1) if draw.random() < share else text
        if draw.random() < BAD:
            text, label = draw.choice(
                [
                    ("", label),
                    ("abc", label),
                    ("12 345 678 901 234 567", label),
                    (text, ""),
                    (text, "odd"),
                    (text, "news,sport"),
                ]
            )
        found.append(f"{number}-{row},{text},{label}")
    return "\n".join(found) + "\n"


def vocabulary() -> tuple[list[str], list[float]]:
    """5,000 words of one to four syllables, and how often each comes, summed: the second half as often as the first, and so on."""
    draw = Random(0)  # noqa: S311  # likewise
    syllables = [a + b + c for a in "bdfglmnprstv" for b in "aeiou" for c in ("", "", "n", "r", "s")]
    words = ["".join(draw.choices(syllables, k=draw.choice((1, 1, 2, 2, 3, 4)))) for _ in range(5_000)]
    return words, list(accumulate(1 / (place + 3) for place in range(len(words))))


def _told(seconds: dict[str, list[float]], said: dict[str, list[dict[str, Any]]], runs: int, files: int) -> dict[str, Any]:
    ours = seconds["brickwise"]
    spreads = {name: spread(found) for name, found in seconds.items()}
    asked = [s - w["judging"] for s, w in zip(ours, said["brickwise"], strict=True)]
    spreads["brickwise, but for Great Expectations' checks of whole tables"] = spread(asked)
    processors = {name: spread([one["processor"] for one in what]) for name, what in said.items()}
    ratios, notes = {}, []
    for name, target in TARGETS.items():
        ratio = median(theirs / mine for theirs, mine in zip(seconds[name], asked, strict=True))
        checked = median(theirs / mine for theirs, mine in zip(seconds[name], ours, strict=True))
        met = ratio >= target
        ratios[name] = {"ratio": round(ratio, 3), "with_checks": round(checked, 3), "target": target, "met": met}
        notes.append(
            f"{ratio:.2f} times as fast as {name}, as asked; target: at least {target}; {'met' if met else 'MISSED'} "
            f"({checked:.2f} with Great Expectations' checks of whole tables, which nobody asked of this figure)"
        )
    used = ", ".join(f"{name} {found['median']:.2f}" for name, found in processors.items())
    notes.append(f"seconds of processors, checks included: {used}")
    peaks = {name: median(w["peak"] for w in what) for name, what in said.items() if name != "brickwise"}
    notes.append("most memory, MiB: " + ", ".join(f"{name} {peak / 2**20:.0f}" for name, peak in peaks.items()))
    last = said["brickwise"][-1]
    notes.append(f"brickwise kept {last['kept']:,} rows and turned away {last['away']:,}; steps: {last['steps']}")
    rows = [("", "median s", "min", "max"), *((n, *(f"{v:.2f}" for v in f.values())) for n, f in spreads.items())]
    tell(f"{files * ROWS:,} text rows in {files} files, {runs} runs each in turn, fresh processes", rows, notes)
    return {
        "rows": files * ROWS,
        "seconds": spreads,
        "processor_seconds": processors,
        "ratios": ratios,
        "peak_bytes": peaks,
        "runs": said["brickwise"],
    }
