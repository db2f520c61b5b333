"""Schedule: serve a pipeline as a Prefect deployment, until interrupted."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline import UsageError

from .environment import prepare_environment
from .server import require_answer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def interval(text: str) -> timedelta:
    """`90s`, `15m`, `1h` or `1d`. Raises UsageError."""
    found = re.fullmatch(r"([1-9][0-9]*)([smhd])", text)
    if not found:
        raise UsageError(f"--every {text!r} is no time span, expected such as 30s, 15m, 1h or 1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def serve(pipeline: str, store: Path, *, cron: str | None, every: str | None, settings: list[str]) -> None:
    """Serve a deployment `brickwise/PIPELINE` by a cron line or an interval; returns when interrupted.

    Runs in progress are cancelled then, and the schedule is paused until somebody serves it again.  Raises UsageError.
    """
    if (cron is None) == (every is None):
        raise UsageError('schedule needs either --cron "0 6 * * *" or --every 1h')
    when: dict[str, Any] = {"cron": cron} if cron else {"interval": interval(every or "")}
    prepare_environment()
    from prefect.types.entrypoint import EntrypointType

    from .deployment import run_pipeline
    from .serving import StoppableRunner

    name = pipeline.rpartition(":")[2]
    try:
        deployment = run_pipeline.to_deployment(
            name,
            parameters={"pipeline": pipeline, "store": str(store), "folder": str(Path.cwd()), "set": settings},
            entrypoint_type=EntrypointType.MODULE_PATH,
            **when,
        )
    except ValueError as error:
        raise UsageError(
            f'--cron {cron!r} is no cron line, expected such as "0 6 * * *" (minute hour day month weekday)'
        ) from error
    require_answer()
    runner = StoppableRunner(name=name, limit=4, query_seconds=2, prefetch_seconds=2, pause_on_shutdown=False)
    with suppress(KeyboardInterrupt):
        runner.deployment = runner.add_deployment(deployment)  # type: ignore[arg-type, assignment]  # no event loop, no coroutine
        spoken = f'by cron "{cron}"' if cron else f"every {every}"
        print(f"serving brickwise/{name} {spoken}; Ctrl-C stops it and pauses the schedule", file=sys.stderr, flush=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # under any other, asyncio does not end its task on Ctrl-C
        asyncio.run(runner.start())
    print(f"brickwise/{name} {runner.farewell}", file=sys.stderr, flush=True)
