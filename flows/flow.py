"""A pipeline as a Prefect flow: one task a step, independent steps at once. Only keys cross tasks.

Import it with PREFECT_API_URL set; `engine` does.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prefect import Flow, Task
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

from pipeline import BlockedError, BrickwiseError, LocalStore, Pipeline, Plan
from pipeline.compare import keep_of, main_of, metrics_of
from pipeline.engine import Work, failure, skip
from pipeline.follower import at_once
from pipeline.record import Outcome

from .markdown import checks_table, metrics_table

_DRAIN_SECONDS = 30
Keys = dict[str, dict[str, str]]  # step -> port -> digest, of a step and of everything above it


class PromptTaskRunner(ThreadPoolTaskRunner):  # type: ignore[type-arg]  # Prefect solves it to an incompatible future
    """Threads; on Ctrl-C it does not wait for those that run, since the process is about to leave."""

    def cancel_all(self) -> None:
        """Called while an exception passes through the flow."""
        if isinstance(sys.exc_info()[1], Exception | None):
            super().cancel_all()
            return
        for event in self._cancel_events.values():
            event.set()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


def run_flow(pipeline: Pipeline, planned: Plan, work: Work, store: LocalStore, run_id: str, drain: bool) -> Sequence[Outcome]:
    """Run the planned steps as a flow, and wait for its events when the server is to be stopped (drain).

    Raises UsageError and StoreError of a step; a stage's failure is an outcome.
    """
    done: dict[str, Outcome] = {}
    errors: list[BrickwiseError] = []
    futures: dict[str, PrefectFuture[Any]] = {}
    handler = signal.getsignal(signal.SIGTERM)

    def body() -> list[State[Any]]:
        with _handling(handler):
            return steps()

    def steps() -> list[State[Any]]:
        for name, step in pipeline.steps.items():
            skipped = skip(pipeline, planned, name, done) if _unselected(planned, name) else None
            if skipped is not None:
                done[name] = skipped
                continue
            one: Task[Any, Keys] = Task(
                _Body(planned, name, work, done, errors),
                name=name,
                task_run_name=f"{pipeline.name} {name}",
                retries=step.retries,
                retry_condition_fn=_may_pass_next_time,
                timeout_seconds=step.timeout,
                persist_result=False,
            )
            above = [futures[up] for up in pipeline.upstream(name) if up in futures]
            futures[name] = one.submit(above)
        for future in futures.values():
            future.wait()
        states = [future.state for future in futures.values()]
        for name, state in zip(futures, states, strict=True):
            if name not in done:
                done[name] = _unfinished(pipeline, planned, name, done, state)
        outcomes = [done[name] for name in pipeline.steps]
        key = pipeline.name.replace("_", "-")
        asked = (pipeline, store, outcomes)
        told = metrics_table(metrics_of(*asked), keep_of(*asked), main_of(*asked))
        create_markdown_artifact(told, f"{key}-metrics")
        create_markdown_artifact(checks_table(outcomes), f"{key}-checks")
        return states

    as_flow = Flow(
        body,
        name=pipeline.name,
        flow_run_name=f"{pipeline.name} {run_id}",
        task_runner=PromptTaskRunner(max_workers=at_once(8)),  # type: ignore[arg-type]  # a PrefectConcurrentFuture is a PrefectFuture
        persist_result=False,
        validate_parameters=False,
    )
    state = as_flow(return_state=True)
    if drain:
        _wait_for_events(futures)
    if errors:
        raise errors[0]
    if len(done) < len(pipeline.steps):
        problem = state.result(raise_on_failure=False)
        raise BrickwiseError(f"the Prefect flow failed: {type(problem).__name__}: {problem}") from (
            problem if isinstance(problem, BaseException) else None
        )
    return [done[name] for name in pipeline.steps]


@contextmanager
def _handling(handler: Any) -> Iterator[None]:
    """Have SIGTERM handled as before the flow began: Prefect's handler tells the server first, while stages have seconds to save."""
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    prefects = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    except Exception:
        signal.signal(signal.SIGTERM, prefects)
        raise
    signal.signal(signal.SIGTERM, prefects)  # not on the way out, where the signal may come again


@dataclass(frozen=True, slots=True)
class _Body:
    """What a task does. An object, since Prefect reads the source of a function anew for each task."""

    planned: Plan
    name: str
    work: Work
    done: dict[str, Outcome]
    errors: list[BrickwiseError]

    def __call__(self, above: list[Keys]) -> Keys:
        """Do the step's work, given the keys of everything above; returns them with its own."""
        keys: Keys = {step: outputs for part in above for step, outputs in part.items()}
        began = time.monotonic()
        try:
            outcome = self.done[self.name] = self.work(self.name, keys)
        except BrickwiseError as error:
            if error.exit_code not in (1, 3):
                self.errors.append(error)
            seconds, blocked = time.monotonic() - began, isinstance(error, BlockedError)
            self.done[self.name] = failure(self.planned, self.name, str(error), seconds, blocked=blocked)
            raise
        if outcome.status == "blocked":
            raise BlockedError("; ".join(str(f) for receipt in outcome.receipts for f in receipt.failures))
        return {**keys, self.name: outcome.made}


def _may_pass_next_time(task: Any, run: Any, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return not isinstance(error, BrickwiseError) or error.exit_code == 1


def _unselected(planned: Plan, name: str) -> bool:
    return any(step.name == name and step.action == "skip" for step in planned.steps)


def _unfinished(pipeline: Pipeline, planned: Plan, name: str, done: dict[str, Outcome], state: State[Any]) -> Outcome:
    """The outcome of a task whose body did not finish: it was timed out, or never started."""
    if state.name == "TimedOut":
        seconds = pipeline.steps[name].timeout
        return failure(planned, name, f"step {name!r} took longer than its {seconds:g} s", seconds or 0)
    skipped = skip(pipeline, planned, name, done)
    return skipped or failure(planned, name, f"step {name!r}: {state.message}", 0)


def _wait_for_events(futures: dict[str, PrefectFuture[Any]]) -> None:
    """Wait until the server has recorded every task's states.

    Task states reach it as events, which it writes one by one; stopping it before prints a traceback for each writer and
    loses them.  Recorded means: the final state is there, and two looks in a row saw the same.
    """
    end = time.monotonic() + _DRAIN_SECONDS
    EventsWorker.drain_all(timeout=_DRAIN_SECONDS, at_exit=False)
    seen: dict[str, set[str]] = {}
    left = dict(futures)
    with get_client(sync_client=True) as client:
        while left and time.monotonic() < end:
            for name, future in list(left.items()):
                answer = client._client.get(  # noqa: SLF001  # no public call lists the states of a task run
                    "/task_run_states/", params={"task_run_id": str(future.task_run_id)}
                )
                states = {state["id"] for state in answer.raise_for_status().json()}
                if str(future.state.id) in states and seen.get(name) == states:
                    del left[name]
                seen[name] = states
            time.sleep(0.05)
