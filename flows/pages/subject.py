"""What is documented: the steps of a run, or those of a pipeline as the store has them now. Both look the same from here on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pipeline import BrickwiseError, LocalStore, Pipeline, UsageError
from pipeline.check import Receipt
from pipeline.digest import Json, digest_json
from pipeline.pipeline import NAME
from pipeline.plan import made_of, plan
from pipeline.receipts import asked, find_receipt
from pipeline.record import RunRecord, load_run

from ..hints import command
from ..load import SHIPPED, load_pipeline


@dataclass(frozen=True)
class ShownStep:
    """One step. status: as of a run; of a pipeline "up to date", "stale", "blocked" or "never run".

    reads: the steps it reads.  overridden: the names of its checks that failed and were let pass.  config: of its stage, where the store still knows it.
    """

    name: str
    status: str
    why: str = ""
    error: str = ""
    outputs: tuple[tuple[str, str], ...] = ()
    quarantine: str | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    rows_quarantined: int | None = None
    receipts: tuple[Receipt, ...] = ()
    reads: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    config: Json = None

    @property
    def file(self) -> str:
        """Its page."""
        return f"step-{file_name(self.name)}.html"


@dataclass(frozen=True)
class Subject:
    """target: what names it on a command line.  overrides: checks that failed and were let pass, each with the reason given."""

    pipeline: str
    target: str
    run_id: str | None
    said: str
    steps: tuple[ShownStep, ...]
    overrides: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def step(self, name: str) -> ShownStep | None:
        """A step by name."""
        return next((step for step in self.steps if step.name == name), None)


def file_name(name: str) -> str:
    """A name as part of a file's; that of a record which somebody else made may be anything."""
    return name if NAME.fullmatch(name) else digest_json(name)[:16]


def subject(store: LocalStore, named: str | None) -> Subject:
    """A run by id, a pipeline by name, or the newest run where nothing is named. Raises UsageError."""
    if named is not None and (named in SHIPPED or ":" in named):
        return _of_pipeline(store, load_pipeline(named), named)
    ids = store.run_ids()
    if named is None and not ids:
        found = command(store, "validate", "docstrings")
        raise UsageError(f"no runs in {store.root}; name a pipeline, or make its data first: {found}")
    return _of_run(store, load_run(store, named or ids[-1]))


def _of_run(store: LocalStore, record: RunRecord) -> Subject:
    steps, wires = [], _wires(record)
    for step in record.steps:
        parts = ((store.action(step.key) if step.key else None) or {}).get("parts", {})
        taken = step.model_dump(include={"name", "status", "why", "error", "quarantine"} | _ROWS)
        more = {"reads": _reads(parts) or wires.get(step.name, ()), "config": parts.get("config")}
        passed_over = tuple(check.removeprefix(f"{step.name}.") for check in step.overridden)
        steps.append(
            ShownStep(**taken, **more, outputs=tuple(step.outputs.items()), receipts=step.receipts, overridden=passed_over)
        )
    return Subject(
        pipeline=record.pipeline,
        target=record.origin or record.pipeline,
        run_id=record.run_id,
        said=f"{record.status}, begun {record.started[:16].replace('T', ' ')} UTC, {record.seconds:,.1f} s",
        steps=tuple(steps),
        overrides=tuple(f"{check}: {why}" for check, why in record.overrides.items()),
        settings=record.settings,
    )


def _wires(record: RunRecord) -> dict[str, tuple[str, ...]]:
    """What each step reads, of a run with steps that were skipped: their keys, which would tell, were never made."""
    if all(step.key for step in record.steps):
        return {}
    with suppress(BrickwiseError):  # the pipeline may be gone by now, and the run is shown all the same
        pipeline = load_pipeline(record.origin or record.pipeline)
        return {name: pipeline.upstream(name) for name in pipeline.steps}
    return {}


def _of_pipeline(store: LocalStore, pipeline: Pipeline, named: str) -> Subject:
    steps = tuple(_now(store, pipeline))
    if not any(step.outputs for step in steps):
        found = command(store, "validate", named)
        raise UsageError(f"pipeline {named!r} has no data in {store.root} yet; next: {found}")
    stale = sum(step.status not in ("up to date", "blocked") for step in steps)
    said = f"{stale} of {len(steps)} steps are stale or have not run" if stale else "all steps are up to date"
    return Subject(pipeline.name, named, None, f"as the store has it now: {said}", steps)


def _now(store: LocalStore, pipeline: Pipeline) -> Iterator[ShownStep]:
    for planned in plan(pipeline, store).steps:
        name, reads = planned.name, pipeline.upstream(planned.name)
        fresh = planned.action == "reuse"
        last = planned.key if fresh else store.ref(pipeline.name, f"step-{name}")
        action = store.action(last) if last else None
        if action is None or set(action["outputs"]) != set(pipeline.ports[name].outputs):
            yield ShownStep(name, "never run", planned.why, reads=reads)
            continue
        known = (find_receipt(store, one) for one in asked(pipeline, store, name, made_of(action)))
        receipts = tuple(receipt for receipt in known if receipt is not None)
        failed = not all(receipt.passed for receipt in receipts)
        yield ShownStep(
            name,
            "blocked" if failed else "up to date" if fresh else "stale",
            "" if fresh else planned.why,
            outputs=tuple(action["outputs"].items()),
            quarantine=action["quarantine"],
            receipts=receipts,
            reads=reads,
            config=action["parts"]["config"],
            **{rows: action[rows] for rows in _ROWS},
        )


_ROWS = {"rows_in", "rows_out", "rows_quarantined"}


def _reads(parts: Json) -> tuple[str, ...]:
    feeds = (feed for port in parts.get("inputs", {}).values() for feed in port)
    return tuple(dict.fromkeys(feed.partition(".")[0] for feed in feeds))
