"""`gc` and `verify` from the command line, and what other commands say of a run whose outputs were collected."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import LocalStore
from pipeline.store.work import KEPT
from pipeline.workplace import Workplace

ROOT = Path(__file__).parents[2]
PACKAGE = '''
"""Light: no suite, no server."""
from pipeline import Check, Finding, Model, Pipeline, Stage, Step, Table
from pipeline.compare import Compared
from pipeline.quarantine import Quarantined, turned_away


class Line(Quarantined):
    """Any row will do."""

    @classmethod
    def contract(cls):
        return Anything()


class Anything(Check):
    """Light."""

    name: str = "anything"

    def judge(self, artifact):
        yield Finding(rule="anything", evaluated=1, failed=0, passed=True)


class Start(Stage):
    """One row, and one turned away."""

    seed: int = 1

    def run(self) -> Table[Line]:
        import pyarrow as pa

        rows = pa.table({name: [f"seed {self.seed}"] for name in Line.columns()})
        return Table.of(Line, rows, turned_away=[turned_away(rows, "bad")])


class Fit(Stage):
    """A model."""

    def run(self, rows: Table[Line]) -> Model:
        return Model(files={"weights": rows.read()["row"][0].as_py().encode() * 100})


class Judge(Stage):
    """Compares."""

    def run(self, model: Model) -> Model:
        return Model(facts={"judged": model.digest}, files={"weights": b"1"})

    def diff(self, before, after):
        before["model"].read("weights")
        return Compared("better", [], {})


light = Pipeline("light", Step("start", Start()), Step("fit", Fit(), {"rows": "start"}), Step("judge", Judge(), {"model": "fit"}))
'''

RUN = """
from pipeline import LocalStore
from pipeline.store.work import KEPT
from pipeline.workplace import Workplace
from pipeline.runner import run
from light.flow import light
for seed in range(1, 5):
    settings = [f"start.seed={seed}"]
    print(run(light.set(settings), LocalStore(".brickwise"), settings=settings, origin="light.flow:light").run_id)
"""


class Folder:
    """A user's folder with four runs, of which the first is the champion."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "light").mkdir(parents=True)
        (path / "light" / "__init__.py").touch()
        (path / "light" / "flow.py").write_text(PACKAGE)
        self.runs = self.python("-c", RUN).stdout.split()
        self.store = LocalStore(path / ".brickwise")

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("BRICKWISE", "PREFECT"))}
        environment |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{self.path}", "NO_COLOR": "1", "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def brickwise(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "flows", *arguments)


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path / "folder")


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> Folder:
    """With all collected but the champion and the newest run."""
    found = Folder(tmp_path_factory.mktemp("collected") / "folder")
    done = found.brickwise("gc", "--keep", "1")
    assert done.returncode == 0, done.stderr
    return found


def test_gc_says_what_would_go_and_then_what_went(folder):
    would = folder.brickwise("gc", "--keep", "1", "--dry-run")
    assert would.returncode == 0, would.stderr
    assert "would remove: " in would.stdout
    assert "would be freed" in would.stdout
    said = json.loads(folder.brickwise("gc", "--keep", "1", "--dry-run", "--json").stdout)
    before = len(folder.store.digests())
    done = json.loads(folder.brickwise("gc", "--keep", "1", "--json").stdout)
    assert (said.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert said == done
    assert list(done) == ["kept", "removed", "aside", "notes"]
    assert done["removed"]["objects"]["files"] == before - len(folder.store.digests()) > 0
    assert done["removed"]["objects"]["bytes"] > 0
    again = folder.brickwise("gc")
    assert "removed: 0 objects (0 bytes), 0 actions, 0 drafts" in again.stdout
    assert "0 bytes freed" in again.stdout


def test_gc_tells_how_much_unfinished_work_stays_and_goes(folder):
    place = Workplace(folder.store, "a" * 64)
    place.write("one", b"17 bytes of work.")
    assert "kept: 1 file (17 bytes) of steps that were not finished" in folder.brickwise("gc").stdout
    long_ago = time.time() - KEPT - 60
    os.utime(folder.store.root / "work" / place.key / "one", (long_ago, long_ago))
    assert "would go: 1 file (17 bytes) of steps" in folder.brickwise("gc", "--dry-run").stdout
    assert "removed: 1 file (17 bytes) of steps" in folder.brickwise("gc").stdout


def test_gc_keeps_ten_runs_unless_told_otherwise_and_never_fewer_than_one(folder):
    assert json.loads(folder.brickwise("gc", "--json").stdout)["removed"]["objects"]["files"] == 0
    refused = folder.brickwise("gc", "--keep", "0")
    assert refused.returncode == 2
    assert "expected 1 or more" in refused.stderr


def test_a_store_that_is_whole_is_verified(collected):
    done = collected.brickwise("verify")
    assert done.returncode == 0
    assert "4 runs: all as it was written" in done.stdout
    assert json.loads(collected.brickwise("verify", "--json").stdout)["clean"] is True


def test_a_damaged_store_needs_care(folder):
    damaged, missing = folder.store.digests()[:2]
    path = folder.store.object_file(damaged)
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    folder.store.object_file(missing).unlink()
    (folder.path / ".brickwise" / "notes.txt").touch()
    done = folder.brickwise("verify")
    assert done.returncode == 5
    assert f"damaged: object {damaged} is not what its name says" in done.stdout
    assert f"missing: object {missing}, of " in done.stdout
    assert "foreign: notes.txt is not the store's" in done.stdout
    assert "1 damaged, 2 missing, 1 foreign" in done.stdout
    again = folder.brickwise("verify", "--json")
    assert again.returncode == 5
    assert len(json.loads(again.stdout)["missing"]) == 2
    assert "1 object (7 bytes) that were damaged lie in" in folder.brickwise("gc").stdout


def test_a_collected_run_is_still_listed(collected):
    assert all(run in collected.brickwise("runs", "--json").stdout for run in collected.runs)


def test_a_collected_run_cannot_be_accepted_and_is_told_how_to_be_made_again(collected):
    refused = collected.brickwise("accept", collected.runs[1])
    assert refused.returncode == 2
    assert f"what start, fit, judge of run {collected.runs[1]} made was collected by gc, or lost" in refused.stderr
    assert "brickwise run light.flow:light --set start.seed=2 makes it again; accept the new run" in refused.stderr
    assert collected.store.ref("light", "champion") == collected.runs[0]
    accepted = collected.brickwise("accept", collected.runs[3])
    assert accepted.returncode == 0, accepted.stderr
    assert collected.brickwise("accept", collected.runs[0]).returncode == 0


def test_a_collected_run_is_shown_with_what_is_gone(collected):
    gone = f"of run {collected.runs[1]} made was collected by gc, or lost; brickwise run"
    assert f"what start, fit, judge {gone}" in collected.brickwise("show", collected.runs[1]).stdout
    step = collected.brickwise("show", collected.runs[1], "start")
    assert step.returncode == 0
    assert f"what start {gone}" in step.stdout
    key = collected.brickwise("show", collected.runs[1], "start", "--key")
    assert key.returncode == 2
    assert f"the action of step 'start' of run {collected.runs[1]} was collected by gc, or lost; its key was" in key.stderr
    assert "collected" not in collected.brickwise("show", collected.runs[3]).stdout
    assert "quarantine: 1 rows" in collected.brickwise("show", collected.runs[3], "start").stdout


def test_a_collected_run_cannot_be_compared_which_is_said(collected):
    compared = json.loads(collected.brickwise("diff", collected.runs[1], collected.runs[3], "--json").stdout)
    assert compared["verdict"] is None
    assert compared["note"].startswith(
        f"not comparable: what start, fit, judge of run {collected.runs[1]} made was collected or lost"
    )
    assert compared["changes"]["start"] == "not known: what its key was made of was collected"
    other = json.loads(collected.brickwise("diff", collected.runs[3], collected.runs[1], "--json").stdout)
    assert other["note"] == compared["note"]
    whole = json.loads(collected.brickwise("diff", collected.runs[0], collected.runs[3], "--json").stdout)
    assert whole["verdict"] == "better"
    assert whole["changes"]["start"] == "config: seed 1 -> 4"
