"""The engine with no orchestrator, and what every engine says of steps that fail or cannot start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from .errors import BlockedError, StageError
from .follower import at_once
from .making import Outputs
from .pipeline import Pipeline
from .plan import Plan
from .record import Outcome

Work = Callable[[str, Outputs], Outcome]  # (step, outputs of the steps above) -> its outcome; raises BrickwiseError
Engine = Callable[[Pipeline, Plan, Work, str], Sequence[Outcome]]  # (..., run id) -> one outcome a step

_STATES = {"failed": "failed", "blocked": "is blocked", "skipped": "was skipped"}
_AT_ONCE = 8


def local_engine(pipeline: Pipeline, planned: Plan, work: Work, run_id: str) -> list[Outcome]:
    """Run the steps here: independent ones at once in threads, a step with no other beside it in this thread, where a debugger sees it.

    run_id: nobody here needs it; an orchestrator names its own run after it.  Raises UsageError and StoreError of a step.
    """
    done: dict[str, Outcome] = {}
    waiting = list(pipeline.steps)
    running: dict[Future[Outcome], str] = {}
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        while waiting or running:
            ready = [name for name in waiting if all(up in done for up in pipeline.upstream(name))]
            ready = ready if at_once(_AT_ONCE) > 1 else waiting[:1]
            waiting = [name for name in waiting if name not in ready]
            skipped = {name: outcome for name in ready if (outcome := skip(pipeline, planned, name, done)) is not None}
            done |= skipped
            ready = [name for name in ready if name not in skipped]
            above = {name: outcome.made for name, outcome in done.items()}
            if len(ready) == 1 and not running and not skipped:
                done[ready[0]] = _retried(pipeline, planned, work, ready[0], above)
                continue
            running |= {threads.submit(_retried, pipeline, planned, work, name, above): name for name in ready}
            if running and not skipped:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done[running.pop(future)] = future.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    return [done[name] for name in pipeline.steps]


def _retried(pipeline: Pipeline, planned: Plan, work: Work, name: str, above: Outputs) -> Outcome:
    for _ in range(pipeline.steps[name].retries):
        outcome = _attempt(planned, work, name, above)
        if outcome.status != "failed":
            return outcome
    return _attempt(planned, work, name, above)


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
