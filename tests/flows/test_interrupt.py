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


LONG = """
import os, signal, threading, time
from pathlib import Path

from pipeline import Model, Pipeline, Stage, Step, saving, workplace


class Long(Stage):
    \"\"\"Works until it is asked to leave, and takes `seconds` to save.\"\"\"

    seconds: float = 1.0

    def run(self) -> Model:
        place = workplace()
        if not place.names():
            with saving() as asked:
                Path("thread").write_text(threading.current_thread().name)
                print("at work", flush=True)
                while not asked():
                    time.sleep(0.01)
                time.sleep(self.seconds)
                place.write("so_far", b"17")
        return Model(facts={"found": len(place.read("so_far"))})


long = Pipeline("long", Step("long", Long()))
"""

MAIN = """
import sys
import flows.__main__ as command
from zoo.long import long

command.COMMANDS["runs"] = lambda **options: long.run(".brickwise")  # in the main thread
sys.argv = ["brickwise", "runs"]
command.main()
"""
SIGNALS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


def asked_to_stop(process, number, *, again=None):
    """(seconds until it was gone, what it said), once the stage is at work."""
    assert next(process.stdout) == "at work\n"
    os.killpg(process.pid, number)
    began = time.monotonic()
    if again is not None:
        time.sleep(again)
        os.killpg(process.pid, number)
    _, err = process.communicate(timeout=30)
    return time.monotonic() - began, err


def work_of(project):
    return [path.name for path in project.folder.glob(".brickwise/work/*/*")]


@pytest.mark.parametrize("server", ["ours", "named"])
@pytest.mark.parametrize(("number", "code", "word"), SIGNALS)
def test_a_stage_saves_before_the_process_leaves(project, server, number, code, word):
    project.write("zoo/long.py", LONG)
    unnamed = {"PREFECT_API_URL": ""} if server == "ours" else {}
    process = project.start("run", "zoo.long:long", **unnamed)
    seconds, err = asked_to_stop(process, number, again=0.1)  # as torchrun and `timeout` do
    assert (process.returncode, seconds < 5) == (code, True), err
    assert err.count(word) == 1
    assert "Traceback" not in err
    assert work_of(project) == ["so_far"]
    assert (project.folder / "thread").read_text() != "MainThread"
    assert project.brickwise("run", "zoo.long:long").returncode == 0
    assert work_of(project) == []


@pytest.mark.parametrize(("number", "code", "word"), SIGNALS)
def test_a_stage_in_the_main_thread_saves_before_the_process_leaves(project, number, code, word):
    project.write("zoo/long.py", LONG)
    project.write("main.py", MAIN)
    process = subprocess.Popen(
        [sys.executable, "main.py"], cwd=project.folder, env=project.environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    seconds, err = asked_to_stop(process, number)
    assert (process.returncode, seconds < 5) == (code, True), err
    assert err.strip() == f"brickwise: {word}; finished steps are kept, the same command goes on from there"
    assert (project.folder / "thread").read_text() == "MainThread"
    assert work_of(project) == ["so_far"]


@pytest.mark.parametrize(("again", "least", "most"), [(None, 4, 5), (1.5, 1.5, 3)], ids=["too slow", "a second signal"])
def test_the_process_does_not_wait_for_a_stage_that_saves_too_slowly_nor_after_a_second_signal(project, again, least, most):
    project.write("zoo/long.py", LONG.replace("1.0", "60.0"))
    process = project.start("run", "zoo.long:long")
    seconds, err = asked_to_stop(process, signal.SIGTERM, again=again)
    assert process.returncode == 143, err
    assert least <= seconds < most
    assert "terminated" in err
    assert work_of(project) == []
