"""One execution: plan, run what is stale with an engine, compare with the champion, record."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime

from .compare import Headlined, against, changes, comparisons_of, keep_of, main_of, metrics_of
from .engine import Engine, local_engine, status
from .errors import BrickwiseError
from .execute import execute, recorded
from .follower import follow, is_follower, leading
from .judging import judged
from .making import Outputs
from .pipeline import Pipeline
from .plan import EVERYTHING, Plan, Selection, StepPlan, plan
from .progress import Listener
from .record import Difference, Outcome, RunRecord, load_run, new_run_id
from .store.local import LocalStore
from .workers import Workers

_RECENT = 100  # run records looked at to find the one that is up to date


def run(
    pipeline: Pipeline,
    store: LocalStore,
    *,
    selection: Selection = EVERYTHING,
    settings: Sequence[str] = (),
    origin: str = "",
    engine: Engine | None = None,
    listener: Listener | None = None,
    announce: Callable[[Outcome], None] | None = None,
) -> RunRecord:
    """Run what is stale and record it; with nothing stale, say so and write nothing (but a champion, where a kill left none).

    settings, origin: what was changed with `set`, and where the pipeline was found, for the record.
    engine: how steps are carried out, one after the other by default.
    listener: hears of progress inside steps.  announce: hears of each step that is done.
    A stage's failure is in the record, not raised.  Raises UsageError and StoreError.

    Under torchrun this is what rank 0 does; the others follow (follower.py), and raise StageError too.
    """
    if is_follower():
        return follow(pipeline, store, selection)
    with leading(store):
        return _run(pipeline, store, selection, settings, origin, engine, listener, announce)


def _run(
    pipeline: Pipeline,
    store: LocalStore,
    selection: Selection,
    settings: Sequence[str],
    origin: str,
    engine: Engine | None,
    listener: Listener | None,
    announce: Callable[[Outcome], None] | None,
) -> RunRecord:
    began, now = time.monotonic(), datetime.now(UTC)
    planned = plan(pipeline, store, selection)
    if not planned.stale:
        # what is let pass is put on record each time
        earlier = None if selection.overrides else _same(pipeline, store, planned)
        if earlier is not None:
            _crown(pipeline, store, planned, earlier)
            return earlier.model_copy(
                update={
                    "status": "up-to-date",
                    "seconds": round(time.monotonic() - began, 3),
                    "steps": tuple(map(_reused, planned.steps)),
                    "gates": earlier.gates if _whole(planned) else (),
                }
            )
    run_id = new_run_id(now, store.run_ids())

    def work(name: str, above: Outputs) -> Outcome:
        forced = selection.force and name in selection.steps(pipeline)
        overrides = selection.overrides
        outcome = execute(pipeline, store, name, above, forced=forced, overrides=overrides, listener=listener, workers=workers)
        if announce is not None:
            announce(outcome)
        return outcome

    with store.lease(), closing(Workers(store)) as workers:
        if not planned.stale:
            planned = plan(pipeline, store, selection)  # pinned, this time: what the first look found may have been collected
        if planned.stale or selection.overrides:
            outcomes = (engine or local_engine)(pipeline, planned, work, run_id)
        else:
            outcomes = list(map(_reused, planned.steps))
        return _recorded(pipeline, store, outcomes, run_id, now, began, settings, origin)


def _recorded(
    pipeline: Pipeline,
    store: LocalStore,
    outcomes: Sequence[Outcome],
    run_id: str,
    now: datetime,
    began: float,
    settings: Sequence[str],
    origin: str,
) -> RunRecord:
    """Compare with the champion, judge, and record the run.

    The first whole one, with nothing overridden and no gate unmet, becomes the champion.
    """
    whole = all(outcome.status in ("ran", "reused") for outcome in outcomes)
    champion = store.ref(pipeline.name, "champion")
    diff = against(pipeline, store, outcomes, champion) if whole and champion else Difference(against=champion)
    record = RunRecord(
        run_id=run_id,
        pipeline=pipeline.name,
        status=status(outcomes),
        started=now.isoformat(timespec="milliseconds"),
        seconds=round(time.monotonic() - began, 3),
        steps=tuple(outcomes),
        metrics=(metrics := metrics_of(pipeline, store, outcomes)),
        models=tuple(metrics),
        main=main_of(pipeline, store, outcomes),
        comparisons=comparisons_of(pipeline, store, outcomes),
        keep=keep_of(pipeline, store, outcomes),
        diff=diff,
        headline=_headline(pipeline),
        asked=pipeline.gates if whole else (),
        gates=judged(pipeline, store, outcomes, champion) if whole else (),
        settings=tuple(settings),
        origin=origin,
        environment={"python": platform.python_version(), "platform": platform.platform()},
    )
    if champion is not None:
        with suppress(BrickwiseError):  # its record is lost; the difference says so
            record = record.model_copy(update={"changed": changes(store, load_run(store, champion), record)})
    store.save_run(run_id, record.model_dump(mode="json"))
    if whole and champion is None and not record.overrides and not record.unmet:
        with store.lock("champion"):  # somebody may have accepted another run by now
            if store.ref(pipeline.name, "champion") is None:
                store.set_ref(pipeline.name, "champion", run_id)
    return record


def _crown(pipeline: Pipeline, store: LocalStore, planned: Plan, earlier: RunRecord) -> None:
    """Make the first whole run the champion where it was killed, or the power went, between its record and that."""
    crowned = earlier.run_id is not None and not earlier.overrides and not earlier.unmet
    if _whole(planned) and crowned and store.ref(pipeline.name, "champion") is None:
        store.set_ref(pipeline.name, "champion", str(earlier.run_id))


def _whole(planned: Plan) -> bool:
    return all(step.action == "reuse" for step in planned.steps)


def _headline(pipeline: Pipeline) -> tuple[str, ...]:
    """The model and metric by which the pipeline judges a run, where its comparing stage names them."""
    stage = next((step.stage for step in pipeline.steps.values() if isinstance(step.stage, Headlined)), None)
    return (stage.model, stage.metric) if stage else ()


def _reused(step: StepPlan) -> Outcome:
    if step.action == "skip":
        return Outcome(name=step.name, status="skipped", why=step.why)
    return Outcome(name=step.name, status="reused", why=step.why, key=step.key, **recorded(step.recorded))


def _same(pipeline: Pipeline, store: LocalStore, planned: Plan) -> RunRecord | None:
    """The newest finished run with exactly these outputs that is the champion, or was compared with it, and held to these gates."""
    wanted = {step.name: dict(step.outputs) for step in planned.steps if step.action == "reuse"}
    gates = [gate.model_dump(mode="json") for gate in pipeline.gates]
    champion = store.ref(pipeline.name, "champion")
    for _, document in zip(range(_RECENT), store.runs(pipeline.name), strict=False):
        found = {step["name"]: step["outputs"] for step in document["steps"]}
        current = champion in (document["run_id"], document["diff"]["against"])
        held = not _whole(planned) or document.get("asked", []) == gates
        same = document["status"] == "done" and all(found.get(name) == outputs for name, outputs in wanted.items())
        if current and held and same:
            return RunRecord.model_validate(document)
    return None
