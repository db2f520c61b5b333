"""Processes that make fragments: when they are started, what crosses, and what happens when one is lost."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pipeline import BrickwiseWarning, DamagedError, LocalStore, Pipeline, StageError, UsageError
from pipeline.fragments import map_items
from pipeline.key import step_parts
from pipeline.portable import describe, rebuild
from pipeline.runner import run
from pipeline.workers import ElsewhereError, Workers

PACKAGE = '''
    import os, signal, sys, time
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Annotated, Generic, Literal, TypeVar
    from pydantic import BaseModel, SerializeAsAny
    from pipeline import BrickwiseWarning, DamagedError, Outside, Pipeline, Stage, StageError, Step, Table, UsageError, record_of
    from schemas import Record

    class Row(Record):
        text: str

    R = TypeVar("R", bound=Record)

    class Part(BaseModel):
        width: int = 1

    class Wide(Part):
        """A subclass, held by a field of its base."""
        names: tuple[str, ...] = ("a",)

    class Count(Stage, Generic[R]):
        """One row for each item, that names the process which made it."""
        n: int = 6
        do: str = ""
        part: SerializeAsAny[Part] = Wide(width=3)
        folder: Path = Path("here")
        table: dict[str, int] = {"x": 1}
        kind: type = Row

        def outside(self):
            return {str(i): i for i in range(self.n)}

        def map(self, item: Outside) -> Table[R]:
            import pyarrow as pa
            if self.do == "print":
                print("what a stage prints")
            if self.do == "slow":
                time.sleep(0.1)
            if self.do == "fail" and item.state == 4:
                raise ValueError("four")
            if self.do == "usage" and item.state == 4:
                raise UsageError("bad four")
            if self.do == "damaged" and item.state == 4:
                raise DamagedError("d" * 64, "is missing from the store")
            if self.do == "die" and item.state == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            if self.do == "sleep":
                Path(f"{self.folder}-{os.getpid()}").touch()
                time.sleep(60 if item.state > 1 else 0)
            return Table.of(record_of(self), pa.table({"text": [str(os.getpid()) if self.do != "same" else "t"]}))

    def built(**config):
        return Pipeline("p", Step("count", Count[Row](**config)))
'''


@pytest.fixture
def count(project):
    """The stage of PACKAGE, with a config."""
    project.write("mypkg/flow.py", PACKAGE)
    return lambda **config: project.load("mypkg.flow:built")(**config)


def mapped(store: LocalStore, built: Pipeline, cores: int, patience: float = 0.0) -> list[str]:
    """The process that made each item."""
    with store.lease(), closing(Workers(store, cores, patience)) as workers:
        return makers(store, built, workers)


def makers(store: LocalStore, built: Pipeline, workers: Workers) -> list[str]:
    """Likewise, of workers that may be there already."""
    stage = built.steps["count"].stage
    files, _ = map_items(store, stage, step_parts(built, "count", {}), forced=False, workers=workers)
    import pyarrow as pa
    import pyarrow.parquet as pq

    return [pq.read_table(pa.BufferReader(store.get(file["digest"])))["text"][0].as_py() for file in files]


def test_a_stage_crosses_as_json_and_comes_back_equal(count):
    stage = count(n=9, folder=Path("über/x y")).steps["count"].stage
    document = describe(stage)
    assert rebuild(document) == stage
    assert type(rebuild(document)) is type(stage)
    assert document["class"] == "mypkg.flow:Count"


def test_a_stage_that_cannot_be_named_does_not_cross(count, monkeypatch):
    stage = count().steps["count"].stage
    monkeypatch.setattr(sys.modules["mypkg.flow"].Count, "__module__", "__main__")
    assert describe(stage) is None


def test_the_first_is_made_here_and_the_rest_by_as_many_processes_as_there_are_cores(count, store):
    found = mapped(store, count(n=8), cores=2)
    assert found[0] == str(os.getpid())
    assert len(set(found[1:])) == 2
    assert str(os.getpid()) not in found[1:]


def test_little_work_and_one_core_start_no_process(count, store, tmp_path):
    assert set(mapped(store, count(), cores=2, patience=60)) == {str(os.getpid())}
    assert set(mapped(LocalStore(tmp_path / "other"), count(), cores=1)) == {str(os.getpid())}


def test_processes_that_a_step_before_started_take_over_after_one_item(count, store, monkeypatch):
    with store.lease(), closing(Workers(store, 2, 0.0)) as workers:
        makers(store, count(n=8), workers)
        monkeypatch.setattr(workers, "_patience", 60)
        found = makers(store, count(n=8, do="slow"), workers)
        assert (found[0], str(os.getpid()) in found[1:]) == (str(os.getpid()), False)
        assert set(makers(store, count(n=7), workers)) == {str(os.getpid())}, "too little to ask anybody"


def test_however_many_make_them_the_outputs_are_the_same(count, store, tmp_path):
    for built in (count(do="same"), count(do="print")):
        stores = [LocalStore(tmp_path / f"{cores}-{built.steps['count'].stage.do}") for cores in (1, 2)]
        found = [len(mapped(one, built, cores)) for one, cores in zip(stores, (1, 2), strict=True)]
        assert found == [6, 6]
    keys = [
        {key: store.action(key) for key in store.action_keys()}
        for store in (LocalStore(tmp_path / f"{n}-same") for n in (1, 2))
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("do", "kind", "message"),
    [
        ("fail", ElsewhereError, "ValueError: four"),
        ("usage", UsageError, "bad four"),
        ("damaged", DamagedError, "object dddddddddddd is missing from the store"),
        ("die", StageError, "a worker process was killed by signal 9; memory may have run out"),
    ],
)
def test_what_is_raised_there_is_raised_here(count, store, do, kind, message):
    with pytest.raises(kind, match=message) as caught:
        mapped(store, count(do=do), cores=2)
    if do == "fail":
        assert 'raise ValueError("four")' in "".join(caught.value.__notes__)


def test_what_was_made_before_a_worker_died_is_kept(count, store):
    with pytest.raises(StageError):
        mapped(store, count(do="die", n=5), cores=2)
    made = {store.action(key)["files"][0]["digest"] for key in store.action_keys()}
    assert len(made) >= 2


def test_code_that_changed_on_disk_since_the_run_began_is_not_used(project, count, store):
    built = count()
    step_parts(built, "count", {})
    path = project.folder / "mypkg" / "flow.py"
    path.write_text(path.read_text().replace('"what a stage prints"', '"something else"'))
    assert set(mapped(store, built, cores=2)) == {str(os.getpid())}


def test_the_error_of_a_step_reads_the_same_wherever_it_was_raised(count, monkeypatch, tmp_path):
    errors = []
    for cores in (1, 2):
        monkeypatch.setattr("pipeline.workers.cores", lambda cores=cores: cores)
        monkeypatch.setattr("pipeline.workers._PATIENCE", 0.0)
        errors.append(run(count(do="fail"), LocalStore(tmp_path / str(cores))).step("count").error)
    assert errors == ["step 'count' failed: ValueError: four"] * 2


def test_workers_go_when_the_process_that_asked_them_is_killed(project, count, tmp_path):
    count()
    script = """
        import sys
        from pathlib import Path
        from pipeline import workers
        from mypkg.flow import built
        workers._PATIENCE = 0.0
        workers.cores = lambda: 2
        built(do="sleep", folder=Path(sys.argv[1])).run(sys.argv[2])
    """
    process = project.python(script, str(tmp_path / "pid"), str(tmp_path / "store"))
    end = time.monotonic() + 30
    while len(found := list(tmp_path.glob("pid-*"))) < 3 and time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    pids = [int(path.name.removeprefix("pid-")) for path in found]
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(pids) == 3
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_script_s_own_stages_run_in_its_own_process(project, tmp_path):
    project.write("mypkg/flow.py", PACKAGE)
    script = tmp_path / "script.py"
    body = "\n".join(line[4:] for line in PACKAGE.splitlines())
    script.write_text(
        body + "\nimport pipeline.workers\npipeline.workers._PATIENCE = 0.0\npipeline.workers.cores = lambda: 2\n"
        "print(built().run(sys.argv[1]).step('count').rows_out)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "store")], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("6", 0), done.stderr


def test_what_cannot_be_followed_is_told_once_and_not_by_workers_too(project, monkeypatch, tmp_path, capfd):
    project.write(
        "mypkg/flow.py",
        PACKAGE.replace('if self.do == "print":', 'if getattr(os, self.do or "getpid") and self.do == "print":'),
    )
    monkeypatch.setattr("pipeline.workers._PATIENCE", 0.0)
    monkeypatch.setattr("pipeline.workers.cores", lambda: 2)
    with pytest.warns(BrickwiseWarning, match="looks up code that cannot be followed") as given:
        assert run(project.load("mypkg.flow:built")(), LocalStore(tmp_path / "store")).status == "done"
    assert len(given) == 1
    assert "BrickwiseWarning" not in capfd.readouterr().err
