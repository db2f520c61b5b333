"""The commands. What they need is imported when they run, so that those with nothing to do are quick."""

from __future__ import annotations

import gc as memory
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from pipeline import LocalStore, Pipeline, Selection, UsageError
from pipeline.plan import plan as make_plan
from pipeline.record import RunRecord, load_run

from .hints import command, rerun
from .load import load_pipeline

COMMANDS: dict[str, Callable[..., int | None]] = {}


def _command(function: Callable[..., int | None]) -> Callable[..., int | None]:
    COMMANDS[function.__name__] = function
    return function


@_command
def run(
    *,
    pipeline: str,
    settings: Sequence[str],
    selection: Selection,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
    store: Path,
) -> int:
    """Run what is stale, compare with the champion, and show it; 1 when a stage failed, 3 when a check blocked, 4 when a gate is not met."""
    from pipeline.follower import is_follower
    from pipeline.runner import run as run_pipeline

    from .display import display
    from .engine import prefect_engine
    from .told import require_place, tell

    local = LocalStore(store)
    require_place(junit, markdown)
    if is_follower():  # rank 0 alone speaks
        memory.enable()  # off since start-up; see __main__.py
        with redirect_stdout(sys.stderr):
            run_pipeline(load_pipeline(pipeline).set(settings), local, selection=selection)
        return 0
    with display() as shown:
        record = run_pipeline(
            load_pipeline(pipeline).set(settings),
            local,
            selection=selection,
            settings=settings,
            origin=pipeline,
            engine=prefect_engine(local),
            listener=shown.progress,
            announce=shown.finished,
        )
    tell(record, local, junit, markdown)
    if as_json:
        if record.exit_code or record.overrides:  # the document's shape is fixed and has no place for reasons
            from .gates import unmet
            from .tables import let_pass, troubles

            reasons = (*troubles(record.steps, local, record.run_id), *let_pass(record.steps), *unmet(record.gates))
            print(*reasons, sep="\n", file=sys.stderr)
        _print_document(record.document())
    elif record.status == "up-to-date":
        steps = sum(step.status == "reused" for step in record.steps)
        print(f"{record.pipeline} is up to date: {steps} steps reused, nothing ran, in {record.seconds:.2f} s")
        if record.unmet:
            from .gates import unmet

            print(*unmet(record.gates), sep="\n")
        changed = rerun(local, pipeline, settings, "--set", "step.field=value")
        print(f"next: {command(local, 'show', str(record.run_id))}    or    {changed}")
    else:
        from .show import console, run_view

        console().print(run_view(record, local))
    accepted = record.unmet and local.ref(record.pipeline, "champion") == record.run_id
    return 0 if accepted else record.exit_code


@_command
def plan(*, pipeline: str, settings: Sequence[str], selection: Selection, as_json: bool, store: Path) -> None:
    """Say what would run, and why; run nothing."""
    found = make_plan(load_pipeline(pipeline).set(settings), LocalStore(store), selection)
    if as_json:
        _print_document(found.document())
        return
    width = max(len(step.name) for step in found.steps)
    for step in found.steps:
        print(f"{step.name:<{width}}  {step.action:<5}  {step.why}")
    print(f"\n{len(found.stale)} of {len(found.steps)} steps would run")


@_command
def validate(*, target: str, step: str | None, record: str | None, as_json: bool, store: Path) -> int:
    """Run data stages and their checks, never training; or check a file against a Record."""
    from .validate import validate_file, validate_pipeline

    memory.enable()  # off since start-up; see __main__.py
    if record is not None:
        return validate_file(record, target, as_json=as_json)
    return validate_pipeline(load_pipeline(target), LocalStore(store), step, as_json=as_json)


@_command
def new(*, name: str, data: str, sha256: str, text: str, label: str, group: str | None, as_json: bool, store: Path) -> None:
    """Write a package for data of your own: a contract, a pipeline and a test."""
    from .new.look import Wanted
    from .new.make import make

    memory.enable()  # off since start-up; see __main__.py
    make(name, data, Wanted(text, label, group), LocalStore(store), sha256=sha256, as_json=as_json)


@_command
def quarantine(
    *, action: str, pipeline: str, step: str, file: Path | None, check: str | None, limit: int, as_json: bool, store: Path
) -> int | None:
    """Show what a step turned away, write it to a file, or run it again as it was put right there."""
    from .quarantine import export, forget, replay, show

    unused = {"show": file is not None, "replay": check is not None, "forget": file is not None or check is not None}
    if unused.get(action) or (as_json and action in ("export", "forget")):
        raise UsageError(
            f"quarantine {action} takes no FILE, --check or --json of those given; see brickwise quarantine --help"
        )
    memory.enable()  # off since start-up; see __main__.py
    found, local = load_pipeline(pipeline), LocalStore(store)
    if action == "show":
        show(found, local, step, check, limit, origin=pipeline, as_json=as_json)
    elif action == "export":
        export(found, local, step, check, file, origin=pipeline)
    elif action == "forget":
        forget(found, local, step, origin=pipeline)
    else:
        return replay(found, local, step, file, origin=pipeline, as_json=as_json)
    return None


@_command
def runs(*, pipeline: str | None, as_json: bool, store: Path) -> None:
    """Show runs as a tree, newest first: which came from which, what changed, and with what outcome."""
    from .tree import show_runs

    show_runs(LocalStore(store), _name_of(pipeline, LocalStore(store)), as_json=as_json)


@_command
def log(*, pipeline: str | None, model: str | None, metric: str | None, plot: Path | None, as_json: bool, store: Path) -> None:
    """Show how a metric came to be what it is: a line a run, oldest first, or a chart."""
    from .log import show_log

    show_log(LocalStore(store), _name_of(pipeline, LocalStore(store)), model, metric, plot, as_json=as_json)


@_command
def show(*, run: str, step: str | None, key: bool, as_json: bool, store: Path) -> None:
    """Show one run, or one step of it: its checks, and what it quarantined."""
    local = LocalStore(store)
    record, step = _run_or_step(local, run, step)
    if step is None:
        from .accept import accepted

        if as_json:
            acceptances = [one.model_dump(mode="json") for one in accepted(local, record)]
            _print_document(record.model_dump(mode="json") | {"accepted": acceptances})
            return
        from pipeline.accept import what_is_gone

        from .show import console, run_view

        console().print(run_view(record, local))
        for line in what_is_gone(local, record):
            print(line)
        return
    from .show_step import show_step

    show_step(local, record, step, whole_key=key, as_json=as_json)


def _run_or_step(store: LocalStore, named: str, step: str | None) -> tuple[RunRecord, str | None]:
    """A run and the step of it that is wanted; a step's name alone means the newest run that has something of it to show."""
    try:
        return load_run(store, named), step
    except UsageError:
        records = map(RunRecord.model_validate, store.runs() if step is None else ())
        found = next((record for record in records if (one := record.step(named)) is not None and one.key), None)
        if found is None:
            raise
        return found, named


@_command
def export(*, run: str, step: str, folder: Path, onnx: bool, tensorboard: bool, as_json: bool, store: Path) -> None:
    """Write the model or the evaluation of a step to a folder that needs no store, and beside a model what is asked for."""
    from .export import export_step

    memory.enable()  # off since start-up; see __main__.py
    local = LocalStore(store)
    export_step(local, load_run(local, run), step, folder, onnx=onnx, tensorboard=tensorboard, as_json=as_json)


@_command
def docs(*, target: str | None, to: Path, as_json: bool, store: Path) -> None:
    """Write pages on the data of a run, or of a pipeline as it is now."""
    from .pages import show_docs

    memory.enable()  # off since start-up; see __main__.py
    show_docs(LocalStore(store), target, to, as_json=as_json)


@_command
def report(*, run: str | None, against: str | None, to: Path | None, as_json: bool, store: Path) -> None:
    """Write one HTML file on a run: the verdict, what it rests on, and every prediction."""
    from .report import show_report

    memory.enable()  # off since start-up; see __main__.py
    show_report(LocalStore(store), run, against, to, as_json=as_json)


@_command
def diff(*, before: str | None, after: str | None, to: Path | None, as_json: bool, store: Path) -> None:
    """Compare two runs: by default the newest with its champion; with one, that one with its champion."""
    from .diffing import show_diff

    memory.enable()  # off since start-up; see __main__.py
    show_diff(LocalStore(store), before, after, to, as_json=as_json)


@_command
def accept(*, run: str, why: str, as_json: bool, store: Path) -> None:
    """Make a run the champion, with which later runs of its pipeline are compared, and record it."""
    from .accept import accept_run

    accept_run(LocalStore(store), run, why, as_json=as_json)


@_command
def push(*, url: str, verify: bool, as_json: bool, store: Path) -> None:
    """Copy what finished runs and actions need to a URL; what is there is left."""
    from .sharing import push_to

    memory.enable()  # off since start-up; see __main__.py
    push_to(url, LocalStore(store), verify=verify, as_json=as_json)


@_command
def pull(*, url: str, as_json: bool, store: Path) -> None:
    """Copy what is at a URL to the store, each object verified; what is here is left."""
    from .sharing import pull_from

    memory.enable()  # off since start-up; see __main__.py
    pull_from(url, LocalStore(store), as_json=as_json)


@_command
def schedule(*, pipeline: str, cron: str | None, every: str | None, settings: Sequence[str], store: Path) -> None:
    """Serve the pipeline as a Prefect deployment that runs by the clock, until Ctrl-C. Needs PREFECT_API_URL."""
    from .schedule import serve

    load_pipeline(pipeline).set(settings)  # its mistakes are told now, not at the first run
    if not os.environ.get("PREFECT_API_URL"):
        raise UsageError(
            "schedule needs a Prefect server: start one with `prefect server start`, and set PREFECT_API_URL to its address"
        )
    serve(pipeline, store.absolute(), cron=cron, every=every, settings=list(settings))


@_command
def gc(*, keep: int, dry_run: bool, as_json: bool, store: Path) -> None:
    """Remove what no champion, no recent run and no live run needs."""
    from .upkeep import show_collected

    memory.enable()  # off since start-up; see __main__.py
    show_collected(LocalStore(store), keep, dry_run=dry_run, as_json=as_json)


@_command
def verify(*, as_json: bool, store: Path) -> int:
    """Read everything in the store, and set aside what is damaged; 5 when anything was damaged or missing."""
    from .upkeep import show_verified

    memory.enable()  # likewise
    return show_verified(LocalStore(store), as_json=as_json)


def _pipeline_of(record: RunRecord) -> Pipeline:
    return load_pipeline(record.origin or record.pipeline).set(record.settings)


def _name_of(pipeline: str | None, store: LocalStore) -> str | None:
    """The name of a pipeline, of which runs may be in the store though its code is gone."""
    from pipeline.history import history

    if not pipeline or (":" not in pipeline and history(store, pipeline)):
        return pipeline
    return load_pipeline(pipeline).name


def _print_document(document: Any) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
