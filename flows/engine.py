"""The engine that carries out a run as a Prefect flow, with a server of its own where none is named."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from pipeline import LocalStore, Pipeline, Plan
from pipeline.engine import Engine, Work
from pipeline.record import Outcome

from .environment import prepare_environment


def prefect_engine(store: LocalStore) -> Engine:
    """An engine for `pipeline.runner.run`; Prefect is imported when it is called."""

    def engine(pipeline: Pipeline, planned: Plan, work: Work, run_id: str) -> Sequence[Outcome]:
        prepare_environment()
        from .server import server

        with server() as ours:
            from .flow import run_flow

            if not gc.isenabled():  # off since start-up, see __main__.py; what was imported stays, so nobody need look at it
                gc.freeze()
                gc.enable()
            return run_flow(pipeline, planned, work, store, run_id, drain=ours)

    return engine
