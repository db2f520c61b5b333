"""The Prefect flow: what a server sees of a run, and a terminal that stays clean."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.request import Request, urlopen

FLAKY = """
from pathlib import Path
from pipeline import Pipeline, Stage, Step, Table
from schemas import Text
from stages import CsvFile, Ingest


class Flaky(Stage):
    \"\"\"Fails the first time.\"\"\"

    def map(self, rows: Table[Text]) -> Table[Text]:
        mark = Path("tried")
        if not mark.exists():
            mark.write_text("once")
            raise OSError("the network went away")
        return Table.of(Text, rows.read())


class Slow(Stage):
    \"\"\"Takes its time.\"\"\"

    def map(self, rows: Table[Text]) -> Table[Text]:
        import time

        for _ in range(600):
            time.sleep(0.1)
        return Table.of(Text, rows.read())


raw = Step("raw", Ingest[Text](source=CsvFile(path="animals.csv")))
flaky = Pipeline("flaky", raw, Step("again", Flaky(), reads={"rows": "raw"}, retries=1))
once = Pipeline("once", raw, Step("again", Flaky(), reads={"rows": "raw"}))
slow = Pipeline("slow", raw, Step("slow", Slow(), reads={"rows": "raw"}, timeout=1), Step("below", Slow(), reads={"rows": "slow"}))
"""


def ask(server: str, path: str, body: dict) -> list[dict]:
    request = Request(f"{server}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_server_sees_one_task_a_step_and_both_tables(project, prefect_server):
    done = project.brickwise("run", "zoo.flow:animals", "--json")
    assert done.returncode == 0, done.stderr
    run_id = json.loads(done.stdout)["run_id"]
    (flow_run,) = ask(prefect_server, "flow_runs/filter", {"flow_runs": {"name": {"any_": [f"animals {run_id}"]}}})
    assert flow_run["state_type"] == "COMPLETED"
    inside = {"flow_runs": {"id": {"any_": [flow_run["id"]]}}}
    tasks = ask(prefect_server, "task_runs/filter", inside)
    assert {task["name"]: task["state_type"] for task in tasks} == {
        f"animals {step}": "COMPLETED"
        for step in ("raw", "tidy", "split", "features", "majority", "linear", "net", "report", "compare")
    }
    tables = {found["key"]: found["data"] for found in ask(prefect_server, "artifacts/filter", inside)}
    assert "| model | accuracy | macro\\_f1 | log\\_loss |" in tables["animals-metrics"]
    rows = [line.split(" | ")[0] for line in tables["animals-metrics"].splitlines()]
    assert rows[2:5] == ["| majority", "| linear", "| net"]  # the order of the ladder
    assert rows[-1].startswith("keep ")
    assert "| tidy | known animals | passed |" in tables["animals-checks"]
    assert all(found["state"]["data"] is None or "storage_key" not in str(found["state"]["data"]) for found in tasks)


def test_a_step_is_retried_as_it_asks_and_only_then_fails(project):
    project.write("zoo/flaky.py", FLAKY)
    done = project.brickwise("run", "zoo.flaky:flaky", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"][1]["status"] == "ran"
    (project.folder / "tried").unlink()
    failed = project.brickwise("run", "zoo.flaky:once", "--store", "other")
    assert failed.returncode == 1
    assert "step 'again' failed: OSError: the network went away" in failed.stdout
    assert "goes on from again" in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    assert project.brickwise("run", "zoo.flaky:once", "--store", "other").returncode == 0


def test_a_step_that_takes_too_long_fails_and_what_is_below_is_skipped(project):
    project.write("zoo/flaky.py", FLAKY)
    done = project.brickwise("run", "zoo.flaky:slow", "--json")
    assert done.returncode == 1, done.stderr
    steps = json.loads(done.stdout)["steps"]
    assert [step["status"] for step in steps] == ["ran", "failed", "skipped"]
    assert (steps[1]["seconds"], steps[2]["why"]) == (1.0, "needs slow, which failed")


def test_without_a_server_the_terminal_stays_clean_on_a_busy_machine(project):
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        done = project.brickwise("run", "zoo.flow:data", PREFECT_API_URL="")
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [["raw", "ran"], ["tidy", "ran"], ["split", "ran"]]
