"""A training that is terminated or killed goes on from its checkpoint, to the same bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time

import pytest

LONG = ("zoo.flow:animals", "--set", "net.epochs=150", "--set", "net.patience=150", "--set", "net.checkpoint=7", "--json")


@pytest.fixture(scope="module")
def whole(finished_once, tmp_path_factory):
    """A project whose data steps are done, and what a training that nobody stops gives."""
    done, _ = finished_once
    folder = tmp_path_factory.mktemp("whole") / "project"
    shutil.copytree(done.folder, folder)
    project = type(done)(folder, done.environment)
    return project.brickwise("run", *LONG)


def net_of(document):
    return next(step["outputs"] for step in json.loads(document)["steps"] if step["name"] == "net")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)], ids=str)
def test_a_stopped_training_goes_on_to_the_same_bytes(finished, whole, number, code):
    process = finished.start("run", *LONG)
    next(line for line in process.stderr if re.match(r"\s*net: epoch 2\d", line))
    os.killpg(process.pid, number)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - began < 5
    kept = sorted((finished.folder / ".brickwise" / "work").rglob("*.safetensors"))
    assert 1 <= len(kept) <= 2
    last = int(kept[-1].name[:10])
    if number != signal.SIGKILL:
        assert last % 7 or len(kept) == 2  # it was written when asked to leave
    again = finished.brickwise("run", *LONG)
    assert again.returncode == 0, again.stderr
    assert f"net: note: goes on from step {last}, epoch" in again.stderr
    assert net_of(again.stdout) == net_of(whole.stdout)
    assert not list((finished.folder / ".brickwise" / "work").rglob("*.safetensors"))
