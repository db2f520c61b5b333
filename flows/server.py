"""A Prefect server for one run, where PREFECT_API_URL names none.

Prefect starts one by itself, but in our process group, so that Ctrl-C hits it first; with 20 s to start, which a busy
machine exceeds; and it is stopped while events are in flight, which prints "Error flushing" tracebacks.  This one has a
session and a socket of its own, goes when we go, and is stopped by a caller that has waited for its events.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from pipeline import BrickwiseError, UsageError

_START_SECONDS = 120
_ONE_RUN_ONLY = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
}


@contextmanager
def server() -> Iterator[bool]:
    """Have PREFECT_API_URL set inside the block; true when it names a server started here.

    Raises UsageError when the one that it names already does not answer, BrickwiseError with the end of its log when ours
    does not come up.
    """
    if os.environ.get("PREFECT_API_URL"):
        require_answer()
        yield False
        return
    with socket.socket() as listening, tempfile.TemporaryFile() as log:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        environment = {k: v for k, v in os.environ.items() if k != "PREFECT_LOGGING_CONFIG_PATH"} | _ONE_RUN_ONLY
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.server", str(listening.fileno())],
            pass_fds=[listening.fileno()],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
        )
        os.environ["PREFECT_API_URL"] = url
        try:
            import prefect  # noqa: F401  # takes about as long as the server does, so let them go together

            _wait_until_up(url, process, log)
            yield True
        finally:
            del os.environ["PREFECT_API_URL"]
            _stop(process)


def require_answer() -> None:
    """Raises UsageError unless the server that PREFECT_API_URL names answers."""
    from prefect.client.orchestration import get_client

    problem = get_client(sync_client=True).api_healthcheck()
    if problem is not None:
        status = getattr(getattr(problem, "response", None), "status_code", type(problem).__name__)
        raise UsageError(
            f"no Prefect server answers at {_public(os.environ['PREFECT_API_URL'])} ({status}), which PREFECT_API_URL names; start "
            f"one with `prefect server start` or correct PREFECT_API_URL; where it is unset, run starts a server of its own"
        ) from problem


def _public(url: str) -> str:
    """The address without credentials, which may stand before an @ or behind a question mark."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    return scheme + mark + rest.rpartition("@")[2].partition("?")[0]


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310  # our own loopback address
                if answer.status == 200:
                    return
        except (URLError, OSError):
            pass
        time.sleep(0.1)
    log.seek(0)
    told = log.read().decode(errors="replace").strip().splitlines()
    state = "did not answer" if process.poll() is None else f"stopped with exit code {process.returncode}"
    raise BrickwiseError(
        f"the temporary Prefect server {state} within {_START_SECONDS} s; set PREFECT_API_URL to a server of your own. "
        f"It said last: {' | '.join(told[-3:])}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def serve(handle: int) -> None:
    """Be the server, on an inherited socket, until told to stop or until the parent is gone."""
    import uvicorn
    from prefect.server.api.server import create_app

    def watch_parent() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch_parent, daemon=True).start()
    config = uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on", timeout_graceful_shutdown=3)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=handle)])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
