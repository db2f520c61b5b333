"""Ctrl-C and SIGTERM at any moment: out at once, nothing lost, the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest


@pytest.mark.parametrize(
    ("number", "code", "word", "after"),
    [
        (signal.SIGINT, 130, "interrupted", None),  # while it still imports
        (signal.SIGINT, 130, "interrupted", "raw ran"),
        (signal.SIGTERM, 143, "terminated", "net: epoch 1"),
    ],
)
def test_a_signal_ends_the_run_at_once_and_the_next_run_goes_on(project, finished_once, number, code, word, after):
    process = project.start("run", "zoo.flow:animals", "--json")
    if after is None:
        time.sleep(1.0)
    else:
        next(line for line in process.stderr if line.strip().startswith(after))
    os.killpg(process.pid, number)  # the whole group, as a terminal does
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert time.monotonic() - began < 10
    assert out == ""
    assert word in err
    assert "Traceback" not in err
    again = project.brickwise("run", "zoo.flow:animals", "--json")
    assert again.returncode == 0, again.stderr
    expected = {step["name"]: step["outputs"] for step in json.loads(finished_once[1])["steps"]}
    assert {step["name"]: step["outputs"] for step in json.loads(again.stdout)["steps"]} == expected


def test_what_was_finished_before_the_signal_is_reused_after_it(project):
    process = project.start("run", "zoo.flow:animals")
    for line in process.stderr:
        if line.strip().startswith("split ran"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    planned = json.loads(project.brickwise("plan", "zoo.flow:animals", "--json").stdout)
    assert {step["name"]: step["action"] for step in planned["steps"]}["split"] == "reuse"


def test_two_runs_at_once_on_one_store_both_finish_and_agree(project):
    both = [project.start("run", "zoo.flow:animals", "--json") for _ in range(2)]
    documents = []
    for process in both:
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        documents.append(json.loads(out))
    first, second = ([step["outputs"] for step in document["steps"]] for document in documents)
    assert first == second
    ran = [step["status"] for document in documents for step in document["steps"]]
    assert ran.count("ran") == 9, "every step was made once, and reused once"


INSIDE = """
import os, signal, sys
from pydantic import BaseModel, field_serializer
import flows.__main__ as command


class Interrupted(BaseModel):
    number: int

    @field_serializer("number")
    def interrupt(self, value):
        os.kill(os.getpid(), value)
        return value


command.COMMANDS["runs"] = lambda **options: Interrupted(number=int(os.environ["NUMBER"])).model_dump()
sys.argv = ["brickwise", "runs"]
command.main()
"""


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")])
def test_a_signal_that_comes_inside_a_serializer_is_no_error_of_pydantic(project, number, code, word):
    project.write("inside.py", INSIDE)
    environment = project.environment | {"NUMBER": str(int(number))}
    done = subprocess.run([sys.executable, "inside.py"], cwd=project.folder, env=environment, capture_output=True, text=True)
    assert (done.returncode, "unexpected" in done.stderr) == (code, False), done.stderr
    assert word in done.stderr
