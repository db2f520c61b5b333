"""The Prefect flow: `brickwise run` from cold, and a bare flow with as many empty tasks, on one server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import chains
from processes import BRICKWISE, OURS, Part, Target, clean, run, timed

STEPS = 50
QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
NOTES = (
    "Both import Prefect, with 8 threads, each task after the one before, logs to the server.",
    "A step of brickwise adds one to a number in a Report, and stores it with its receipt; a bare task does nothing.",
)


@contextmanager
def part(folder: Path) -> Iterator[Part]:
    """Make both projects; inside the block the server is up."""
    chains.facts(folder / "facts", STEPS)
    chains.prefect(folder / "prefect", STEPS)
    run([sys.executable, "-c", "import facts_chain"], folder / "facts", OURS)
    with _server(folder) as url:
        environment = {**OURS, **QUIET, "PREFECT_API_URL": url, "PREFECT_HOME": str(folder / "home")}
        command = [*BRICKWISE, "run", "facts_chain:chain", "--store", "store"]
        ours, theirs = f"brickwise, {STEPS} steps", f"bare Prefect flow, {STEPS} tasks"
        commands = {
            theirs: lambda: timed([sys.executable, "bare.py"], folder / "prefect", environment, "done"),
            ours: chains.cold(folder / "facts", lambda home: timed(command, home, environment, "done")),
        }
        for command_once in commands.values():
            command_once()
        yield Part(f"The Prefect flow, {STEPS} steps from cold", commands, (Target(ours, theirs, 1.2),), NOTES)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A `prefect server start` with a database of its own; its API address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = clean({**QUIET, "PREFECT_HOME": str(folder / "home")})
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_until_up(url, process, folder / "server.log")
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 150
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"{url}/health", timeout=2):  # noqa: S310  # our own loopback address
                return
        except (URLError, OSError):
            time.sleep(0.3)
    sys.exit(f"the Prefect server did not start:\n{log.read_text()[-2000:]}")
