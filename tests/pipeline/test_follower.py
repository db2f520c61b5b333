"""Processes with the environment that torchrun gives: rank 0 runs, the others join its collective stages and write nothing."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import LocalStore
from pipeline.store.verify import verify

ROOT = Path(__file__).parents[2]

FLOW = '''
import os, sys, threading, time
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pipeline import Check, Finding, Model, Pipeline, Stage, Step, Table, workplace
from schemas import Record

RANK = int(os.environ.get("RANK", 0))
LOCK = threading.Lock()


def note(what):
    with open("log", "a") as log:
        log.write(f"{what} {RANK} {workplace() is not None}\\n")


class Judge(Check):
    name: str = "judge"
    passes: bool = True

    def judge(self, artifact):
        time.sleep(0.3)
        yield Finding(rule="passes", evaluated=1, failed=0, passed=self.passes)


class Row(Record):
    n: int

    @classmethod
    def contract(cls) -> Check:
        return Judge()


class Gives(Stage):
    fails: bool = False

    def run(self) -> Table[Row]:
        note("gives")
        time.sleep(0.5)
        if self.fails:
            raise ValueError("of no use")
        return Table.of(Row, pa.table({"n": pa.array([1, 2, 3], pa.int64())}))


class Meets(Stage):
    """Adds what all ranks have: each the rows whose number is its own, by files."""

    collective: ClassVar[bool] = True
    fails: str = ""

    def run(self, rows: Table[Row]) -> Model:
        note("meets")
        size = int(os.environ.get("WORLD_SIZE", 1))
        own = sum(rows.read()["n"].to_pylist()[RANK::size])
        if self.fails == "before" and not RANK:
            raise ValueError("before they met")
        Path(f"part {RANK}.new").write_text(str(own))
        Path(f"part {RANK}.new").rename(f"part {RANK}")
        end = time.monotonic() + 20
        while len(parts := list(Path().glob("part ?"))) < size:
            if time.monotonic() > end:
                raise TimeoutError("nobody came")
            time.sleep(0.01)
        time.sleep(0.2)
        if self.fails == "after" and not RANK:
            raise ValueError("after they met")
        return Model(facts={"sum": sum(int(part.read_text()) for part in parts)})


class Turn(Stage):
    """Waits for itself in all ranks, one at a time, as training does."""

    collective: ClassVar[bool] = True
    tag: str

    def run(self, rows: Table[Row]) -> Model:
        with LOCK:
            Path(f"part {self.tag} {RANK}").touch()
            end = time.monotonic() + 5
            while len(list(Path().glob(f"part {self.tag} ?"))) < int(os.environ.get("WORLD_SIZE", 1)):
                if time.monotonic() > end:
                    raise TimeoutError("nobody came")
                time.sleep(0.01)
        return Model(facts={"sum": 1})


class Slow(Stage):
    def run(self, rows: Table[Row]) -> Table[Row]:
        time.sleep(1)
        return rows


class Sees(Stage):
    def run(self, model: Model) -> Model:
        note("sees")
        return Model(facts={"seen": model.facts["sum"]})


meet = Pipeline("meet", Step("gives", Gives()), Step("meets", Meets(), {"rows": "gives"}), Step("sees", Sees(), {"model": "meets"}))
turns = Pipeline(
    "meet",
    Step("gives", Gives()),
    Step("slow", Slow(), {"rows": "gives"}),
    Step("late", Turn(tag="late"), {"rows": "slow"}),
    Step("early", Turn(tag="early"), {"rows": "gives"}),
)
blocked = Pipeline(
    "meet",
    Step("gives", Gives(), checks=(Judge(name="no", passes=False),)),
    Step("meets", Meets(), {"rows": "gives"}),
)
'''

RUN = """
import json, sys
from pipeline import BrickwiseError, LocalStore, Selection, follower
from pipeline.runner import run
import meet
follower._START = 3.0
name, force, *settings = sys.argv[1:]
try:
    record = run(getattr(meet, name).set(settings), LocalStore("store"), selection=Selection(force=force == "force"))
except BrickwiseError as error:
    sys.exit(f"{error}")
print(json.dumps([record.status, record.run_id, {step.name: [step.status, step.outputs] for step in record.steps}]))
sys.exit(record.status not in ("done", "up-to-date"))
"""


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / "meet.py").write_text(FLOW)
    (tmp_path / "run.py").write_text(RUN)
    return tmp_path


def start(place: Path, rank: int, *arguments: str, size: int = 2, command: tuple[str, ...] = ("run.py",)) -> subprocess.Popen:
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}",
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *command, *arguments], cwd=place, env=environment, **pipes)


def both(place: Path, *arguments: str, name: str = "meet", force: str = "no", size: int = 2):
    """(exit code, what it said) of each rank; the files by which they met are gone before."""
    for part in place.glob("part *"):
        part.unlink()
    processes = [start(place, rank, name, force, *arguments, size=size) for rank in range(size)]
    said = [process.communicate(timeout=60) for process in processes]
    return [(process.returncode, out, err) for process, (out, err) in zip(processes, said, strict=True)]


def log(place: Path) -> list[str]:
    found = sorted((place / "log").read_text().splitlines())
    (place / "log").unlink()
    return found


def everything(root: Path) -> dict[str, int]:
    return {
        f"{path.relative_to(root)}": path.lstat().st_mtime_ns
        for path in root.rglob("*")
        if path.is_file() and "locks" not in path.parts
    }


def test_one_writes_and_all_meet_in_the_collective_stage(place):
    leader, *followers = both(place, size=3)
    assert [one[0] for one in (leader, *followers)] == [0, 0, 0], (leader, followers)
    status, run_id, steps = json.loads(leader[1])
    for follower in followers:
        said = json.loads(follower[1])
        assert said[:2] == ["done", None]
        assert {name: step[1] for name, step in said[2].items()} == {name: step[1] for name, step in steps.items()}
    assert log(place) == ["gives 0 True", "meets 0 True", "meets 1 False", "meets 2 False", "sees 0 True"]
    store = LocalStore(place / "store")
    assert (store.run_ids(), store.ref("meet", "champion"), status) == ([run_id], run_id, "done")
    assert verify(store).clean
    assert verify(store).foreign == []


def test_all_ranks_meet_in_the_order_of_the_pipeline_whichever_step_could_begin_first(place):
    said = both(place, name="turns")
    assert [one[0] for one in said] == [0, 0], said


def test_the_command_line_of_a_follower_says_nothing_and_starts_no_orchestrator(place):
    (place / "meet.py").write_text(
        FLOW.replace("def note(what):", "def note(what):\n    print(what, 'prefect' in sys.modules)")
    )
    leader = start(place, 0, "meet", "no")
    follower = start(place, 1, "run", "meet:meet", "--store", "store", command=("-m", "flows"))
    out, err = follower.communicate(timeout=60)
    assert (follower.returncode, out, err) == (0, "", "meets False\n")
    assert leader.wait(timeout=60) == 0
    leader.communicate()


def test_what_is_up_to_date_is_taken_and_force_meets_again(place):
    first = both(place)
    log(place)
    before = everything(place / "store")
    again = both(place)
    assert [one[0] for one in again] == [0, 0], again
    assert json.loads(again[0][1])[0] == "up-to-date"
    assert not (place / "log").exists()
    assert everything(place / "store") == before
    forced = both(place, force="force")
    assert [one[0] for one in forced] == [0, 0], forced
    assert log(place) == ["gives 0 True", "meets 0 True", "meets 1 False", "sees 0 True"]
    assert [json.loads(one[1])[2]["sees"][1] for one in (first[0], *forced)] == [json.loads(first[1][1])[2]["sees"][1]] * 3


def test_a_forced_run_that_rank_0_fails_is_no_success_of_the_follower(place):
    both(place)
    (place / "log").unlink()
    edited = FLOW.replace("if self.fails:", "if self.fails or Path('broken').exists():")
    (place / "meet.py").write_text(edited)
    assert [one[0] for one in both(place)] == [0, 0]
    (place / "broken").touch()
    leader, follower = both(place, force="force")
    assert (leader[0], follower[0]) == (1, 1)
    assert "step 'gives': rank 0 has ended without it" in follower[2]


def test_a_follower_alone_writes_nothing_and_gives_up(place):
    process = start(place, 1, "meet", "no")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "rank 0 was not seen to run the same pipeline on the store store for 3 s" in err
    assert not (place / "store").exists()


@pytest.mark.parametrize(
    ("arguments", "step", "why"),
    [
        (["gives.fails=true"], "gives", "it was not made"),
        (["meets.fails=after"], "meets", "it was not made"),
    ],
)
def test_when_rank_0_fails_the_follower_says_so_and_leaves(place, arguments, step, why):
    began = time.monotonic()
    (code, _, _), follower = both(place, *arguments)
    assert code == 1
    assert (follower[0], follower[1]) == (1, "")
    assert f"step {step!r}: rank 0 has ended without it ({why}); see what it says" in follower[2]
    assert time.monotonic() - began < 20


def test_when_a_check_blocks_rank_0_the_follower_does_not_go_on_to_meet_it(place):
    (code, _, _), follower = both(place, name="blocked")
    assert (code, follower[0]) == (1, 1)
    assert "step 'gives': rank 0 has ended without it (check no: it failed)" in follower[2]
    assert log(place) == ["gives 0 True"]


def test_a_follower_whose_stage_fails_names_the_step_and_the_rank(place):
    (place / "meet.py").write_text(FLOW.replace("end = time.monotonic() + 20", "end = time.monotonic() + 1"))
    leader, follower = both(place, "meets.fails=before")
    assert (leader[0], follower[0]) == (1, 1)
    assert "step 'meets' at rank 1 failed: TimeoutError: nobody came" in follower[2]


PARENT = """
import subprocess, sys, time
process = subprocess.Popen([sys.executable, "run.py", "meet", "no"], stdout=subprocess.DEVNULL, stderr=open("said", "w"))
time.sleep(float(sys.argv[1]))
"""


def test_a_follower_whose_parent_is_gone_gives_up(place):
    (place / "run.py").write_text(RUN.replace("_START = 3.0", "_START = 60.0"))
    (place / "parent.py").write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": f"{ROOT}", "RANK": "1", "WORLD_SIZE": "2"}
    subprocess.run([sys.executable, "parent.py", "3"], cwd=place, env=environment, check=True)
    end = time.monotonic() + 20
    while not (said := (place / "said").read_text()) and time.monotonic() < end:
        time.sleep(0.1)
    assert "the process that started this one and rank 0 is gone" in said
