"""`brickwise schedule`: a deployment that a real server triggers, whole or in part."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from pipeline import UsageError


def ask(server: str, path: str, body: dict | None = None) -> Any:
    """One request; a server that is busy is asked again."""
    data = None if body is None else json.dumps(body).encode()
    for _ in range(20):
        try:
            with urlopen(Request(f"{server}/{path}", data, {"Content-Type": "application/json"}), timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code not in (404, 503):
                raise
            time.sleep(1)
    pytest.fail(f"no answer to {path}")


def finished_runs(server: str, deployment: str, expected: int) -> list[dict[str, Any]]:
    wanted = {
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}},
    }
    end = time.monotonic() + 180
    while len(found := ask(server, "flow_runs/filter", wanted)) < expected and time.monotonic() < end:
        time.sleep(1)
    return found


def test_the_clock_and_the_form_both_trigger_runs_and_sigterm_pauses_the_schedule(finished, prefect_server):
    serving = finished.start("schedule", "zoo.flow:animals", "--every", "30s")
    try:
        deployment = ask(prefect_server, "deployments/name/brickwise/animals")
        form = deployment["parameter_openapi_schema"]["properties"]
        assert {"only", "from", "to", "set", "force"} <= set(form)
        by_clock = finished_runs(prefect_server, deployment["id"], 1)
        assert by_clock[0]["auto_scheduled"]
        assert by_clock[0]["state_type"] == "COMPLETED"
        asked = {"parameters": {"from": "net", "to": "net", "set": ["net.epochs=1"]}}
        started = ask(prefect_server, f"deployments/{deployment['id']}/create_flow_run", asked)
        end = time.monotonic() + 180
        while (state := ask(prefect_server, f"flow_runs/{started['id']}")["state_type"]) in ("SCHEDULED", "PENDING", "RUNNING"):
            assert time.monotonic() < end
            time.sleep(1)
        assert state == "COMPLETED"
    finally:
        os.kill(serving.pid, signal.SIGTERM)
        out, err = serving.communicate(timeout=60)
    assert serving.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    assert "is paused" in err
    assert ask(prefect_server, "deployments/name/brickwise/animals")["paused"]
    listed = json.loads(finished.brickwise("runs", "--json").stdout)
    assert {step["name"]: step["status"] for step in listed[0]["steps"]}["net"] == "ran"
    assert listed[0]["settings"] == ["net.epochs=1"]
    named = {"artifacts": {"key": {"any_": ["animals-headline"]}}}
    told = [one["data"] for one in ask(prefect_server, "artifacts/filter", named)]
    assert any(str(listed[0]["run_id"]) in one for one in told)  # a scheduled run is told of as any other


SLOW = """
import os, time
from pathlib import Path

from pipeline import Pipeline, Stage, Step, Table
from schemas import Text
from stages import CsvFile, Ingest


class Slow(Stage):
    \"\"\"Takes its time, deaf to signals. rows: n rows. Returns n rows.\"\"\"

    def map(self, rows: Table[Text]) -> Table[Text]:
        Path("draft").write_text(str(os.getpid()))
        Path("draft").rename("at work")
        time.sleep(120)
        return Table.of(Text, rows.read())


NAME = Pipeline("slow", Step("raw", Ingest[Text](source=CsvFile(path="animals.csv"))), Step("slow", Slow(), reads={"rows": "raw"}))
"""


@pytest.mark.parametrize(
    ("name", "number", "send"),
    [("group", signal.SIGINT, os.killpg), ("alone", signal.SIGINT, os.kill), ("ended", signal.SIGTERM, os.kill)],
)
def test_a_run_in_progress_is_cancelled_when_the_schedule_stops(project, prefect_server, name, number, send):
    project.write("zoo/slow.py", SLOW.replace("NAME", name))
    mark = project.folder / "at work"
    serving = project.start("schedule", f"zoo.slow:{name}", "--every", "1d")
    try:
        deployment = ask(prefect_server, f"deployments/name/brickwise/{name}")["id"]
        run = ask(prefect_server, f"deployments/{deployment}/create_flow_run", {})["id"]
        end = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < end:
            time.sleep(0.2)
        worker = int(mark.read_text())
    finally:
        send(serving.pid, number)
        began = time.monotonic()
        _, err = serving.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert serving.returncode == 0, err
    assert f"brickwise/{name} stopped; the schedule is paused, and 1 run in progress cancelled" in err
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    inside = ask(prefect_server, "flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [run]}}})
    states = [ask(prefect_server, f"flow_runs/{run}")["state_type"], *[flow["state_type"] for flow in inside]]
    assert states == ["CANCELLED", "CANCELLED"]
    tasks = ask(prefect_server, "task_runs/filter", {"flow_runs": {"id": {"any_": [run, inside[0]["id"]]}}})
    assert not {"PENDING", "RUNNING"} & {task["state_type"] for task in tasks}


SAVES = """
import os, time
from pathlib import Path

from pipeline import Model, Pipeline, Stage, Step, saving, workplace


class Saves(Stage):
    \"\"\"Works until it is asked to leave.\"\"\"

    def run(self) -> Model:
        with saving() as asked:
            Path("at work").touch()
            while not asked():
                time.sleep(0.01)
            time.sleep(1)
            workplace().write("so_far", b"17")
        return Model(facts={"found": 1})


saves = Pipeline("saves", Step("saves", Saves()))
"""


def test_a_run_in_progress_saves_before_it_is_ended(project, prefect_server):
    project.write("zoo/saves.py", SAVES)
    serving = project.start("schedule", "zoo.saves:saves", "--every", "1d")
    try:
        deployment = ask(prefect_server, "deployments/name/brickwise/saves")["id"]
        run = ask(prefect_server, f"deployments/{deployment}/create_flow_run", {})["id"]
        end = time.monotonic() + 60
        while not (project.folder / "at work").exists() and time.monotonic() < end:
            time.sleep(0.2)
    finally:
        serving.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, err = serving.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert "the schedule is paused, and 1 run in progress cancelled" in err
    assert [path.name for path in project.folder.glob(".brickwise/work/*/*")] == ["so_far"]
    assert ask(prefect_server, f"flow_runs/{run}")["state_type"] == "CANCELLED"


def test_a_time_span_is_read_with_its_unit():
    from flows.schedule import interval

    assert interval("90s").total_seconds() == 90
    assert interval("1d").total_seconds() == 86_400
    with pytest.raises(UsageError, match="expected such as 30s"):
        interval("0h")
