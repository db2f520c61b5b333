"""One execution: plan, run what is stale with an engine, compare with the champion, record."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from .compare import against, comparisons_of, metrics_of
from .errors import BlockedError, BrickwiseError, StageError
from .execute import Outputs, execute, recorded
from .key import key, step_parts
from .pipeline import Pipeline
from .plan import EVERYTHING, Plan, Selection, inputs_of, plan
from .progress import Listener
from .record import Difference, Outcome, RunRecord, new_run_id
from .store import LocalStore

Work = Callable[[str, Outputs], Outcome]  # (step, outputs of the steps above) -> its outcome; raises BrickwiseError
Engine = Callable[[Pipeline, Plan, Work, str], Sequence[Outcome]]  # (..., run id) -> one outcome a step

_STATES = {"failed": "failed", "blocked": "is blocked", "skipped": "was skipped"}
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
    """Run what is stale and record it; with nothing stale, say so and write nothing.

    settings, origin: what was changed with `set`, and where the pipeline was found, for the record.
    engine: how steps are carried out, one after the other by default.
    listener: hears of progress inside steps.  announce: hears of each step that is done.
    A stage's failure is in the record, not raised.  Raises UsageError and StoreError.
    """
    began, now = time.monotonic(), datetime.now(UTC)
    run_id = new_run_id(now)
    planned = plan(pipeline, store, selection)
    if not planned.stale:
        earlier = _same(pipeline, store, planned)
        if earlier is not None:
            return earlier.model_copy(
                update={
                    "status": "up-to-date",
                    "seconds": round(time.monotonic() - began, 3),
                    "steps": tuple(_reused(pipeline, store, planned, name) for name in pipeline.steps),
                }
            )
        outcomes: Sequence[Outcome] = [_reused(pipeline, store, planned, name) for name in pipeline.steps]
    else:

        def work(name: str, above: Outputs) -> Outcome:
            forced = selection.force and name in selection.steps(pipeline)
            outcome = execute(pipeline, store, name, above, forced=forced, listener=listener)
            if announce is not None:
                announce(outcome)
            return outcome

        outcomes = (engine or in_order)(pipeline, planned, work, run_id)
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
        metrics=metrics_of(pipeline, store, outcomes),
        comparisons=comparisons_of(pipeline, store, outcomes),
        diff=diff,
        settings=tuple(settings),
        origin=origin,
        environment={"python": platform.python_version(), "platform": platform.platform()},
    )
    store.save_run(run_id, record.model_dump(mode="json"))
    if whole and champion is None:
        store.set_ref(pipeline.name, "champion", run_id)
    return record


def in_order(pipeline: Pipeline, planned: Plan, work: Work, run_id: str) -> list[Outcome]:
    """The engine with no orchestrator: steps one after the other, in this thread, each retried as it asks.

    run_id: nobody here needs it; an orchestrator names its own run after it.
    """
    done: dict[str, Outcome] = {}
    for name, step in pipeline.steps.items():
        skipped = skip(pipeline, planned, name, done)
        if skipped is not None:
            done[name] = skipped
            continue
        above = {above: outcome.outputs for above, outcome in done.items()}
        for left in reversed(range(step.retries + 1)):
            done[name] = _attempt(planned, work, name, above)
            if done[name].status != "failed" or not left:
                break
    return list(done.values())


def _attempt(planned: Plan, work: Work, name: str, above: Outputs) -> Outcome:
    """Do a step's work; a failure becomes its outcome, a usage or store error is raised."""
    began = time.monotonic()
    try:
        return work(name, above)
    except (StageError, BlockedError) as error:
        return failure(planned, name, str(error), time.monotonic() - began, blocked=isinstance(error, BlockedError))


def failure(planned: Plan, name: str, error: str, seconds: float, *, blocked: bool = False) -> Outcome:
    """The outcome of a step that did not finish. blocked: it refused its input, or a check blocked it."""
    why = next(step.why for step in planned.steps if step.name == name)
    return Outcome(name=name, status="blocked" if blocked else "failed", why=why, seconds=round(seconds, 3), error=error)


def skip(pipeline: Pipeline, planned: Plan, name: str, done: dict[str, Outcome]) -> Outcome | None:
    """The outcome of a step that must not start: not selected, or below one that did not finish."""
    step = next(step for step in planned.steps if step.name == name)
    if step.action == "skip":
        return Outcome(name=name, status="skipped", why=step.why)
    broken = dict.fromkeys(_broken_above(pipeline, planned, name, done))
    if broken:
        found = ", ".join(f"{up}, which {_STATES[done[up].status]}" for up in broken)
        return Outcome(name=name, status="skipped", why=f"needs {found}")
    return None


def _broken_above(pipeline: Pipeline, planned: Plan, name: str, done: dict[str, Outcome]) -> Iterator[str]:
    """The steps above, however far, that are the reason why a step cannot start."""
    for up in pipeline.upstream(name):
        not_selected = any(step.name == up and step.action == "skip" for step in planned.steps)
        if done[up].status == "skipped" and not not_selected:
            yield from _broken_above(pipeline, planned, up, done)
        elif done[up].status not in ("ran", "reused"):
            yield up


def status(outcomes: Sequence[Outcome]) -> str:
    """failed before blocked before done."""
    found = {outcome.status for outcome in outcomes}
    return "failed" if "failed" in found else "blocked" if "blocked" in found else "done"


def _reused(pipeline: Pipeline, store: LocalStore, planned: Plan, name: str) -> Outcome:
    step = next(step for step in planned.steps if step.name == name)
    if step.action == "skip":
        return Outcome(name=name, status="skipped", why=step.why)
    above = {step.name: step.outputs for step in planned.steps}
    step_key = key(step_parts(pipeline, name, inputs_of(pipeline, name, above)))
    return Outcome(name=name, status="reused", why=step.why, key=step_key, **recorded(store.action(step_key)))


def _same(pipeline: Pipeline, store: LocalStore, planned: Plan) -> RunRecord | None:
    """The newest finished run with exactly these outputs that is the champion, or was compared with it."""
    wanted = {step.name: dict(step.outputs) for step in planned.steps if step.action == "reuse"}
    champion = store.ref(pipeline.name, "champion")
    for _, document in zip(range(_RECENT), store.runs(pipeline.name), strict=False):
        found = {step["name"]: step["outputs"] for step in document["steps"]}
        current = champion in (document["run_id"], document["diff"]["against"])
        if current and document["status"] == "done" and all(found.get(name) == outputs for name, outputs in wanted.items()):
            return RunRecord.model_validate(document)
    return None


__all__ = ["BrickwiseError", "Engine", "Work", "failure", "in_order", "run", "skip", "status"]
