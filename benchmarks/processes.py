"""Whole processes, in turn: how a benchmark runs commands and peers, times them, and holds the ratios against targets."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from result import ROOT, spread, tell

BRICKWISE = [sys.executable, "-m", "flows"]
OURS = {"PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Target:
    """ours and theirs name what is timed; ours is to take at most `ratio` of the time of theirs."""

    ours: str
    theirs: str
    ratio: float


@dataclass(frozen=True)
class Part:
    """One comparison. commands: name -> how to run it once, in seconds. notes: what each tool's step does."""

    title: str
    commands: Mapping[str, Callable[[], float]]
    targets: tuple[Target, ...]
    notes: tuple[str, ...] = ()


def compare(part: Part, runs: int) -> dict[str, Any]:
    """Time every command of a part, in turn, so often; tell it in a table. A ratio is the median of each turn's ratio."""
    seconds: dict[str, list[float]] = {name: [] for name in part.commands}
    for turn in range(runs):
        for name, command in part.commands.items():
            seconds[name].append(command())
            print(f"  {turn + 1} of {runs}: {name} {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
    spreads = {name: spread(found) for name, found in seconds.items()}
    told, held = [], []
    for target in part.targets:
        pairs = zip(seconds[target.ours], seconds[target.theirs], strict=True)
        ratio = median(ours / theirs for ours, theirs in pairs)
        held.append({"ours": target.ours, "theirs": target.theirs, "ratio": round(ratio, 3)})
        held[-1] |= {"target": target.ratio, "met": ratio <= target.ratio}
        verdict = "met" if ratio <= target.ratio else "MISSED"
        told.append(f"{target.ours} / {target.theirs}: {ratio:.2f}, target at most {target.ratio}: {verdict}")
    rows = [("", "median s", "min", "max"), *((n, *(f"{v:.3f}" for v in found.values())) for n, found in spreads.items())]
    tell(f"\n{part.title}, {runs} runs each in turn, whole processes", rows, [*part.notes, *told])
    return {"title": part.title, "runs": runs, "notes": part.notes, "seconds": spreads, "ratios": held}


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints; leaves with its errors when it fails."""
    done = subprocess.run(command, cwd=folder, env=clean(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def timed(command: list[str], folder: Path, environment: Mapping[str, str], saying: str = "") -> float:
    """Seconds of a command; leaves when it fails or does not print `saying`."""
    began = time.perf_counter()
    said = run(command, folder, environment)
    seconds = time.perf_counter() - began
    if saying not in said:
        sys.exit(f"{' '.join(command)} was to say {saying!r}, and said: {said[:200]!r}")
    return seconds


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment as a user has it (bytecode is kept, no tool is configured), with changes."""
    ours = ("PREFECT", "BRICKWISE", "DAGSTER", "DVC", "PYTHONDONTWRITEBYTECODE")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **environment}


def peer(name: str) -> tuple[str, Path]:
    """A peer pinned in `<name>.txt`: as `name==version`, and the bin/ of an environment of its own, made unless it is there."""
    pins = Path(__file__).with_name(f"{name}.txt")
    pinned = next(line for line in pins.read_text(encoding="utf-8").splitlines() if line.startswith(f"{name}=="))
    home = Path(tempfile.gettempdir()) / f"brickwise-{pinned.replace('==', '-')}-{os.getuid()}"
    if not (home / "installed").exists():
        print(f"installing {pinned} into {home}: a minute, once", file=sys.stderr)
        venv.create(home, clear=True, with_pip=True)
        run([str(home / "bin" / "pip"), "install", "--quiet", "--no-deps", "--requirement", str(pins)], home, {})
        (home / "installed").touch()
    return pinned.replace("==", " "), home / "bin"
