"""The flow that a deployment runs: any pipeline by name, whole or in part.

A scheduled run is a process of its own that imports this module, so that the environment is prepared here, before Prefect
is imported.  Its parameters are the command line's options; `from`, which Python reserves, among them.
"""

from __future__ import annotations

import inspect
import os
import signal
import threading
from pathlib import Path
from typing import Any

from .environment import prepare_environment

prepare_environment()

from prefect import Flow  # noqa: E402  # it reads the environment when imported
from prefect.runtime import flow_run  # noqa: E402  # likewise

from pipeline import BlockedError, GateError, LocalStore, Selection, StageError  # noqa: E402  # they stand below what must come first
from pipeline.runner import run  # noqa: E402  # likewise
from pipeline.stopping import ask_to_stop  # noqa: E402  # likewise

from .engine import prefect_engine  # noqa: E402  # likewise
from .gates import unmet  # noqa: E402  # likewise
from .load import load_pipeline  # noqa: E402  # likewise
from .tables import troubles  # noqa: E402  # likewise
from .told import tell  # noqa: E402  # likewise


class _Parameter(inspect.Parameter):
    """A parameter that may be called like a keyword of Python: Prefect makes its form and its checks from a signature."""

    def __init__(self, name: str, kind: Any, *, default: Any = inspect.Parameter.empty, annotation: Any = Any) -> None:
        super().__init__("x", kind, default=default, annotation=annotation)
        self._name = name


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> _Parameter:
    return _Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)


SIGNATURE = inspect.Signature(
    [
        _parameter("pipeline", str),
        _parameter("store", str),
        _parameter("folder", str, "."),
        _parameter("only", str | None, None),
        _parameter("from", str | None, None),
        _parameter("to", str | None, None),
        _parameter("set", list[str], []),
        _parameter("force", bool, False),
    ]
)


def _run(*given: Any, **named: Any) -> str:
    """Run a pipeline as a subflow; returns the run id. Raises where a stage failed, a check blocked or a gate is not met."""
    bound = SIGNATURE.bind(*given, **named)
    bound.apply_defaults()
    options = bound.arguments
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
    os.chdir(options["folder"])
    pipeline, store = load_pipeline(options["pipeline"]).set(options["set"]), LocalStore(Path(options["store"]))
    record = run(
        pipeline,
        store,
        selection=Selection(options["only"], options["from"], options["to"], options["force"]),
        settings=options["set"],
        origin=options["pipeline"],
        engine=prefect_engine(store),
    )
    tell(record, store)
    if record.status in ("failed", "blocked"):
        raise (StageError if record.status == "failed" else BlockedError)(
            "; ".join(troubles(record.steps, store, record.run_id))
        )
    if record.unmet:
        raise GateError("; ".join(unmet(record.gates)))
    return str(record.run_id)


def _leave(number: int, frame: Any) -> None:
    """Be gone as soon as stages have saved; whoever stops this process tells the server."""
    ask_to_stop()
    os._exit(128 + number)


def _run_name() -> str:
    options = flow_run.parameters
    chosen = [f"{word} {options[word]}" for word in ("only", "from", "to") if options.get(word)]
    return " ".join([options["pipeline"].rpartition(":")[2], *chosen, *options.get("set", [])])


_run.__signature__ = SIGNATURE  # type: ignore[attr-defined]  # functions have one, typeshed leaves it out
_run.__name__ = _run.__qualname__ = "run_pipeline"  # by which a scheduled process finds the flow in this module
run_pipeline: Flow[..., str] = Flow(_run, name="brickwise", flow_run_name=_run_name, persist_result=False)
