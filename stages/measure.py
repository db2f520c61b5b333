"""Measure: how large models are, and how fast on this machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from pipeline import Model, Report, Stage, Table
from pipeline.digest import Json
from schemas import SplitRow


class Measure(Stage):
    """Time each model from rows to answers, one row at a time and many at once.

    rows: those of the test split are answered, over and over where they are few.  models: by step.  after: a step to wait for, so
    that nothing of the run is timed beside it.  Returns a report: of each model its parameters, bytes, seconds to load, milliseconds
    for one row (median and 95th percentile) and rows a second in batches.  Times are never the same twice: no step should read this
    one, and the machine is part of its key.
    """

    reaches: ClassVar[tuple[Any, ...]] = ()  # a net's parts are looked up by name, and come with the model
    packages: ClassVar[tuple[str, ...]] = (
        "numpy", "scipy", "scikit-learn", "torch", "tokenizers", "safetensors", "pyarrow", "transformers?",
    )  # fmt: skip
    keeps_rows: ClassVar[bool] = False

    batch: int = Field(default=256, ge=1, description="rows at once, for the throughput")
    calls: int = Field(default=200, ge=20, description="for the latency, at most")
    seconds: float = Field(default=0.5, gt=0, description="for each of the two of each model, at most")
    threads: int = Field(default=1, ge=1, description="that nets compute on")

    def outside(self) -> Mapping[str, Json]:
        """The machine: other times on another one."""
        return {"machine": machine()}

    def run(self, rows: Table[SplitRow], models: Mapping[str, Model], after: Report | None = None) -> Report:
        """Raises StageError when there are no rows."""
        from .timing import measure

        return measure(self, rows, models)


def machine() -> dict[str, Json]:
    """processor: its name. cores: those that this process may use. system: operating system and architecture."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": _processor(), "cores": cores, "system": f"{platform.system()} {platform.machine()}"}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(named), platform.processor() or platform.machine())
