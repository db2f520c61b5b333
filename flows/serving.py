"""A Prefect runner that takes its runs with it when it stops.

Import it with the environment prepared; `schedule` does.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
)
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import FlowRunSort, TaskRunSort
from prefect.runner import Runner
from prefect.states import Cancelled

_ANSWER_SECONDS = 10
_SAVE_SECONDS = 4.5  # a little more than stages have
_ORDER, _MOST = FlowRunSort.ID_DESC, 200  # the server refuses the client's own defaults, which are neither


class StoppableRunner(Runner):
    """Prefect's own leaves runs behind as Running on SIGINT, the schedule active on SIGTERM, and waits for threads at work.

    deployment: whose schedule is paused at the end.  farewell: what became of it and of the runs, for people.
    """

    deployment: UUID | None = None
    farewell = "stopped before the server had the schedule"

    def handle_sigterm(self, *_: Any) -> None:
        """Stop as on Ctrl-C."""
        signal.raise_signal(signal.SIGINT)

    async def __aexit__(self, *error: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self._scheduled_run_poller.stopping = True
        runs = list(self._scheduled_run_poller._submitting_flow_run_ids)  # noqa: SLF001  # until their processes end
        self._let_save()
        for run in self._process_manager.flow_run_ids():
            await self._process_manager.kill(run, force=True)  # a store is whole whenever its writer dies
        try:
            await super().__aexit__(*error)
        finally:
            self.farewell = await self._tell_server(runs)

    def _let_save(self) -> None:
        """Ask the runs' processes to leave, and wait for them."""
        handles = [self._process_manager.get(run) for run in self._process_manager.flow_run_ids()]
        pids = [handle.pid for handle in handles if handle and handle.pid]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + _SAVE_SECONDS
        while any(map(_is_alive, pids)) and time.monotonic() < end:
            time.sleep(0.05)

    async def _tell_server(self, runs: list[UUID]) -> str:
        count = f"{len(runs)} run{'' if len(runs) == 1 else 's'} in progress"
        try:
            await asyncio.wait_for(self._close(runs), _ANSWER_SECONDS)
        except Exception as problem:  # noqa: BLE001  # the server may be gone; we leave all the same, and say so
            left = f", and {count} ended but may be shown as running" if runs else ""
            return f"stopped, but the server did not take it all ({type(problem).__name__}): the schedule may be active{left}"
        return f"stopped; the schedule is paused{f', and {count} cancelled' if runs else ''}"

    async def _close(self, runs: list[UUID]) -> None:
        async with get_client() as client:
            if self.deployment:
                await client.pause_deployment(self.deployment)
            await _cancel(client, runs)


def _is_alive(child: int) -> bool:
    """Whether a child runs; one that has ended is left for asyncio to reap."""
    try:
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


async def _cancel(client: PrefectClient, runs: list[UUID]) -> None:
    """Cancel flow runs, the flows inside them and their tasks, whose process is gone and can no longer do it."""
    state: State[None] = Cancelled(message="its schedule was stopped")
    found, level = list(runs), list(runs)
    while level:
        inside = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=level))
        level = [run.id for run in await client.read_flow_runs(flow_run_filter=inside, sort=_ORDER, limit=_MOST)]
        found += level
    if not found:
        return
    of_them = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=found))
    for task in await client.read_task_runs(task_run_filter=of_them, sort=TaskRunSort.ID_DESC, limit=_MOST):
        if not (task.state and task.state.is_final()):
            await client.set_task_run_state(task.id, state, force=True)
    themselves = FlowRunFilter(id=FlowRunFilterId(any_=found))
    for run in await client.read_flow_runs(flow_run_filter=themselves, sort=_ORDER, limit=_MOST):
        if (
            run.state is None or not run.state.is_final() or run.state.is_crashed()
        ):  # the runner takes those that we ended for crashed
            await client.set_flow_run_state(run.id, state, force=True)
