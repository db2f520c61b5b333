"""Commands to type next, whole: with the store and the settings that the run had."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from functools import partial

from pipeline import LocalStore
from pipeline.record import RunRecord

DEFAULT_STORE = ".brickwise"


def command(store: LocalStore, *words: str) -> str:
    """`brickwise WORDS`, quoted for a shell, naming the store where that is not the one taken without being named."""
    chosen = [] if str(store.root) == os.environ.get("BRICKWISE_STORE", DEFAULT_STORE) else ["--store", str(store.root)]
    return shlex.join(["brickwise", *words, *chosen])


def rerun(store: LocalStore, target: str, settings: Sequence[str], *more: str) -> str:
    """The command that runs a pipeline as it was set."""
    return command(store, "run", target, *(word for setting in settings for word in ("--set", setting)), *more)


def next_command(record: RunRecord, store: LocalStore) -> str:
    """The command that a person would most likely want now."""
    run_id, champion = str(record.run_id), store.ref(record.pipeline, "champion")
    again = partial(rerun, store, record.origin or record.pipeline, record.settings)
    for step in record.steps:
        if step.status == "blocked":
            return command(store, "show", run_id, step.name)
        if step.status == "failed":
            return f"{again()}    (goes on from {step.name}; what is above it is kept)"
    if any(step.status == "skipped" for step in record.steps):
        return f"{again()}    (the steps that were not selected, and the comparison)"
    if run_id == champion:
        return f"{again('--set', 'step.field=value')}    (a change, compared with this run)"
    if record.diff.verdict == "better" and not record.unmet:
        return command(store, "accept", run_id)
    return command(store, "diff", *filter(None, [champion, run_id]))
