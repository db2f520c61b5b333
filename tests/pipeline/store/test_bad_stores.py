"""Stores that are odd, foreign, or not to be written; a clock that runs backwards; a process that must not fork."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import LocalStore, Pipeline, Report, Stage, Step, StoreError, plan
from pipeline import runner as running
from pipeline.store import durable
from pipeline.store.layout import FOLDERS, FORMAT


class Number(Stage):
    value: int = 1

    def run(self) -> Report:
        return Report(facts={"n": self.value}, files={"n.json": str(self.value).encode()})


class Twice(Stage):
    def run(self, report: Report) -> Report:
        return Report(facts={"n": 2 * int(report.read("n.json"))})


def built(value: int = 1) -> Pipeline:
    return Pipeline("p", Step("number", Number(value=value)), Step("twice", Twice(), {"report": "number"}))


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (FORMAT + 1, "upgrade brickwise, or choose another store"),
        (FORMAT - 1, "choose another store"),
        ("x y", "choose another store"),
    ],
)
def test_a_store_of_another_format_is_refused_by_everything_and_left_as_it_is(store, number, way_out):
    built().run(store.root)
    (store.root / "format").write_text(f"{number}\n")
    before = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match=f"has format {number}, this brickwise reads and writes {FORMAT}; {way_out}") as caught:
        LocalStore(store.root)
    assert caught.value.exit_code == 5
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == before


def test_a_store_from_before_stores_had_a_number_is_refused(store):
    built().run(store.root)
    (store.root / "format").unlink()
    with pytest.raises(StoreError, match="has format 1"):
        LocalStore(store.root)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_link_in_place_of_a_folder_is_refused(store, tmp_path, folder):
    built().run(store.root)
    (store.root / folder).mkdir(exist_ok=True)
    (store.root / folder).rename(tmp_path / "elsewhere")
    (store.root / folder).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=f"{folder} is a symbolic link, and what a store holds must lie inside it"):
        LocalStore(store.root)


def test_a_store_that_is_reached_by_a_link_is_fine(store, tmp_path):
    built().run(store.root)
    (tmp_path / "link").symlink_to(store.root)
    assert plan(built(), LocalStore(tmp_path / "link")).stale == ()


def test_a_link_in_place_of_an_object_is_set_aside_and_what_it_points_to_is_untouched(store, tmp_path):
    outcome = built().run(store.root).step("number")
    path = store._object(outcome.outputs["report"])
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert plan(built(), store).steps[0].why == "damaged object set aside"
    content = elsewhere.read_bytes()
    assert built().run(store.root).step("number").outputs == outcome.outputs
    assert (path.is_symlink(), elsewhere.read_bytes()) == (False, content)


def test_a_link_in_place_of_an_inner_folder_or_an_action_is_not_followed(store, tmp_path):
    outcome = built().run(store.root).step("number")
    action = store.root / "actions" / f"{outcome.key}.json"
    action.rename(tmp_path / "action")
    action.symlink_to(tmp_path / "action")
    assert store.action(outcome.key) is None
    folder = store._object(outcome.outputs["report"]).parent
    folder.rename(tmp_path / "folder")
    folder.symlink_to(tmp_path / "folder")
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.get(outcome.outputs["report"])


def refuse_writing(operation: str, path: Path, target: Path | None) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_store_that_cannot_be_written_can_be_read_planned_and_found_up_to_date(store, monkeypatch):
    first = built().run(store.root)
    monkeypatch.setattr(durable, "watch", refuse_writing)
    assert plan(built(2), LocalStore(store.root)).stale == ("number", "twice")
    assert built().run(store.root).status == "up-to-date"
    assert LocalStore(store.root).run(first.run_id)["status"] == "done"
    with pytest.raises(
        StoreError, match=r"Read-only file system; give this user the right to write there, or choose another store"
    ):
        built(2).run(store.root)


def test_a_damaged_object_of_a_store_that_cannot_be_written_is_not_served(store, monkeypatch):
    digest = built().run(store.root).step("twice").outputs["report"]
    path = store._object(digest)
    path.chmod(0o644)
    path.write_bytes(b"altered")
    monkeypatch.setattr(durable, "watch", refuse_writing)
    with pytest.raises(StoreError):
        store.get(digest)


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="only root may mount")
def test_a_store_on_a_read_only_file_system_is_up_to_date_for_a_real_process(tmp_path):
    store = tmp_path / "store"
    code = "import sys; from test_bad_stores import built; print(built(int(sys.argv[2])).run(sys.argv[1]).status)"
    environment = os.environ | {"PYTHONPATH": f"{Path(durable.__file__).parents[2]}:{Path(__file__).parent}"}
    subprocess.run([sys.executable, "-c", code, str(store), "1"], env=environment, check=True, capture_output=True)
    mounted = f"mount --bind -o ro {store} {store} 2>/dev/null || exit 77; exec {sys.executable} -c '{code}' {store} "
    said = [
        subprocess.run(
            ["unshare", "-m", "sh", "-c", mounted + value], env=environment, capture_output=True, text=True, check=False
        )
        for value in ("1", "2")
    ]
    if said[0].returncode == 77:
        pytest.skip("this machine refuses to mount")
    assert said[0].stdout == "up-to-date\n", said[0].stderr
    assert "Read-only file system; give this user the right to write there" in said[1].stderr


def test_runs_stay_in_their_order_when_the_clock_is_set_back(store, monkeypatch):
    now = datetime(2026, 5, 1, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return now

    monkeypatch.setattr(running, "datetime", Clock)
    ids = []
    for value in range(4):
        ids.append(built(value).run(store.root).run_id)
        now -= timedelta(days=100)
    assert ids == sorted(ids) == store.run_ids()
    assert [record["run_id"] for record in store.runs("p")] == ids[::-1]
    assert store.ref("p", "champion") == ids[0]


@pytest.mark.parametrize(
    "name", ["with space", "quo'te\"s", "Größe 日本", "a[1]*?", "-rf", "back\\slash", "per%cent", "semi;colon & more"]
)
def test_a_store_may_have_any_path(tmp_path, name):
    root = tmp_path / name
    first = built().run(str(root))
    assert (first.status, built().run(str(root)).status) == ("done", "up-to-date")
    assert LocalStore(root).run_ids() == [first.run_id]
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_nothing_is_forked_whatever_threads_run(project, store, monkeypatch):
    """Workers are fresh interpreters: a lock that another thread holds at a fork would hang a forked one for ever."""
    project.write(
        "mypkg/flow.py",
        """
        import os
        from pipeline import Outside, Pipeline, Stage, Step, Table
        from schemas import Record
        class Row(Record):
            text: str
        class Count(Stage):
            def outside(self):
                return {str(i): i for i in range(6)}
            def map(self, item: Outside) -> Table[Row]:
                import pyarrow as pa
                return Table.of(Row, pa.table({"text": [str(os.getpid())]}))
        p = Pipeline("p", Step("count", Count()))
        """,
    )

    def refused():
        raise AssertionError("forked")

    monkeypatch.setattr(os, "fork", refused)
    monkeypatch.setattr("pipeline.workers._PATIENCE", 0.0)
    monkeypatch.setattr("pipeline.workers.cores", lambda: 2)
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        record = project.load("mypkg.flow:p").run(store.root)
    finally:
        stop.set()
    assert record.step("count").rows_out == 6


def test_too_little_space_is_said_before_a_stage_starts(store, monkeypatch):
    from pipeline import space

    built().run(store.root)
    usage = shutil.disk_usage(store.root)._replace(free=10 * 2**20)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StoreError, match=r"step 'number' needs about 64 MiB in .*, and 10 MiB are free; free some"):
        built(2).run(store.root)
    assert built().run(store.root).status == "up-to-date"
