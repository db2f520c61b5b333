"""The commands. What they need is imported when they run, so that those with nothing to do are quick."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from pipeline import LocalStore, Pipeline, Selection, UsageError
from pipeline.plan import plan as make_plan
from pipeline.record import RunRecord, load_run

from .load import load_pipeline

app = App(
    name="brickwise",
    help="Build a deep-learning model brick by brick: typed, checked, cached, and compared with what came before.",
    version="0.1.0",
    suppress_keyboard_interrupt=False,
)

Store = Annotated[Path, Parameter(name="--store", help="the store's folder", env_var="BRICKWISE_STORE")]
Settings = Annotated[tuple[str, ...], Parameter(name="--set", help="change a field: step.field=value", negative=())]
AsJson = Annotated[bool, Parameter(name="--json", help="one JSON document on standard output", negative=())]
DEFAULT_STORE = Path(".brickwise")


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What `run` and `plan` have in common."""

    set: Settings = ()
    only: Annotated[str | None, Parameter(help="this step alone")] = None
    from_: Annotated[str | None, Parameter(name="--from", help="this step and those below it")] = None
    to: Annotated[str | None, Parameter(help="this step and those above it")] = None
    force: Annotated[bool, Parameter(help="rerun the selected steps also when fresh", negative=())] = False
    json: AsJson = False
    store: Store = DEFAULT_STORE

    def read(self, pipeline: str) -> tuple[Pipeline, LocalStore]:
        """The pipeline with its settings, and the store."""
        return load_pipeline(pipeline).set(self.set), LocalStore(self.store)


DEFAULTS = Options()


@app.command
def run(
    pipeline: str,
    /,
    *,
    options: Options = DEFAULTS,
) -> int:
    """Run what is stale, compare with the champion, and show it.

    PIPELINE is a shipped name (docstrings) or an import string (package.module:variable).
    """
    from pipeline.runner import run as run_pipeline

    from .display import display
    from .engine import prefect_engine

    found, local = options.read(pipeline)
    with display() as shown:
        record = run_pipeline(
            found,
            local,
            only=options.only,
            start=options.from_,
            end=options.to,
            force=options.force,
            settings=options.set,
            origin=pipeline,
            engine=prefect_engine(local),
            listener=shown.progress,
            announce=shown.finished,
        )
    if options.json:
        _print_document(record.document())
    elif record.status == "up-to-date":
        steps = len(record.steps)
        print(f"{record.pipeline} is up to date: {steps} steps reused, nothing ran, in {record.seconds:.2f} s")
        print(f"next: brickwise show {record.run_id}    or    brickwise run {pipeline} --set step.field=value")
    else:
        from .show import console, run_view

        console(to_errors=False).print(run_view(record, local.ref(record.pipeline, "champion")))
    return {"failed": 1, "blocked": 3}.get(record.status, 0)


@app.command
def plan(
    pipeline: str,
    /,
    *,
    options: Options = DEFAULTS,
) -> None:
    """Say what would run, and why; run nothing."""
    selection = Selection(options.only, options.from_, options.to, options.force)
    found = make_plan(*options.read(pipeline), selection)
    if options.json:
        _print_document(found.document())
        return
    width = max(len(step.name) for step in found.steps)
    for step in found.steps:
        print(f"{step.name:<{width}}  {step.action:<5}  {step.why}")
    print(f"\n{len(found.stale)} of {len(found.steps)} steps would run")


@app.command
def validate(
    pipeline: str | None = None,
    file: Path | None = None,
    /,
    *,
    step: Annotated[str | None, Parameter(help="only this step and those above it")] = None,
    record: Annotated[str | None, Parameter(help="module:Record to check FILE against")] = None,
    json: AsJson = False,
    store: Store = DEFAULT_STORE,
) -> int:
    """Run data stages and their checks, never training; or check a CSV or Parquet file: validate --record module:Record FILE."""
    from .validate import validate_file, validate_pipeline

    if record is not None:
        path = file or (Path(pipeline) if pipeline else None)
        if path is None:
            raise UsageError("validate --record needs a file: validate --record package.module:Record data.csv")
        return validate_file(record, path, as_json=json)
    if pipeline is None:
        raise UsageError("validate needs a pipeline, or --record module:Record and a file")
    return validate_pipeline(load_pipeline(pipeline), LocalStore(store), step, as_json=json)


@app.command
def runs(pipeline: str | None = None, /, *, json: AsJson = False, store: Store = DEFAULT_STORE) -> None:
    """List runs, newest first."""
    local = LocalStore(store)
    name = load_pipeline(pipeline).name if pipeline else None
    records = [RunRecord.model_validate(document) for document in local.runs(name)]
    if json:
        _print_document([record.model_dump(mode="json") for record in records])
        return
    if not records:
        print(f"no runs in {store}; next: brickwise run docstrings")
        return
    from .show import console, runs_table

    champions = {record.pipeline: local.ref(record.pipeline, "champion") for record in records}
    console(to_errors=False).print(runs_table(records, champions))


@app.command
def show(
    run: str,
    step: str | None = None,
    /,
    *,
    key: Annotated[bool, Parameter(help="the whole key of the step: what its output depends on", negative=())] = False,
    json: AsJson = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """Show one run, or one step of it: its checks, and what it quarantined. RUN is an id, or its beginning or end."""
    local = LocalStore(store)
    record = load_run(local, run)
    if step is None:
        if json:
            _print_document(record.model_dump(mode="json"))
            return
        from .show import console, run_view

        console(to_errors=False).print(run_view(record, local.ref(record.pipeline, "champion")))
        return
    from .show_step import show_step

    show_step(local, record, step, whole_key=key, as_json=json)


@app.command
def diff(before: str | None = None, after: str | None = None, /, *, json: AsJson = False, store: Store = DEFAULT_STORE) -> None:
    """Compare two runs: by default the newest with its champion; with one RUN, that one with its champion."""
    from pipeline.compare import against, changes

    local = LocalStore(store)
    ids = local.run_ids()
    if not ids:
        raise UsageError(f"no runs in {store}; next: brickwise run docstrings")
    newer = load_run(local, after or before or ids[-1])
    earlier = before if after else local.ref(newer.pipeline, "champion")
    if earlier is None:
        raise UsageError(f"pipeline {newer.pipeline!r} has no champion yet; name two runs, or accept one")
    older = load_run(local, earlier)
    if older.pipeline != newer.pipeline:
        raise UsageError(
            f"run {older.run_id} is of {older.pipeline!r}, {newer.run_id} of {newer.pipeline!r}; expected the same"
        )
    found = against(_pipeline_of(newer), local, newer.steps, str(older.run_id))
    changed = changes(local, older, newer)
    if json:
        document = {"before": older.run_id, "after": newer.run_id, "changes": changed}
        _print_document(document | found.model_dump(mode="json", exclude={"against"}))
        return
    from .show import console, diff_view

    console(to_errors=False).print(diff_view(found, changed, str(older.run_id), str(newer.run_id)))


@app.command
def accept(run: str, /, *, store: Store = DEFAULT_STORE) -> None:
    """Make a run the champion, with which later runs of its pipeline are compared."""
    local = LocalStore(store)
    record = load_run(local, run)
    unfinished = [step.name for step in record.steps if step.status not in ("ran", "reused")]
    if unfinished:
        raise UsageError(f"run {record.run_id} did not finish {', '.join(unfinished)}; only a whole run can be the champion")
    local.set_ref(record.pipeline, "champion", str(record.run_id))
    print(f"run {record.run_id} is now the champion of {record.pipeline}")


@app.command
def schedule(
    pipeline: str,
    /,
    *,
    cron: Annotated[str | None, Parameter(help='such as "0 6 * * *"')] = None,
    every: Annotated[str | None, Parameter(help="such as 30s, 15m, 1h, 1d")] = None,
    set: Settings = (),  # noqa: A002  # the option's name
    store: Store = DEFAULT_STORE,
) -> None:
    """Serve the pipeline as a Prefect deployment that runs by the clock, until Ctrl-C. Needs PREFECT_API_URL."""
    from .schedule import serve

    load_pipeline(pipeline).set(set)  # its mistakes are told now, not at the first run
    if not os.environ.get("PREFECT_API_URL"):
        raise UsageError(
            "schedule needs a Prefect server: start one with `prefect server start`, and set PREFECT_API_URL to its address"
        )
    serve(pipeline, store.absolute(), cron=cron, every=every, settings=list(set))


def _pipeline_of(record: RunRecord) -> Pipeline:
    return load_pipeline(record.origin or record.pipeline).set(record.settings)


def _print_document(document: Any) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
