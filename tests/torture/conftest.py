"""How much of the torture: in short beside the suite, in full with BRICKWISE_TORTURE=1, which `make torture` sets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE))  # `pipelines` and `forks` are imported by the harnesses


@pytest.fixture(scope="session")
def full() -> bool:
    return os.environ.get("BRICKWISE_TORTURE") == "1"


@pytest.fixture
def torture(request: pytest.FixtureRequest, tmp_path: Path, full: bool) -> Any:
    """A function that runs the test's own file as a program and gives the counts that it printed last; it forks, and pytest has threads."""

    def run(*arguments: str) -> dict[str, int]:
        done = subprocess.run(
            [sys.executable, str(request.path), str(tmp_path), "full" if full else "short", *arguments],
            env=os.environ | {"PYTHONPATH": f"{HERE.parents[1]}", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
        counts: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
        print(request.node.name, counts)  # noqa: T201  # `make torture` shows it
        return counts

    return run
