"""What a step has done so far: it outlives a kill, and goes when the step is made, or when nobody goes on from it."""

import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline import LocalStore, Model, Pipeline, Selection, Stage, Step, StoreError, UsageError, workplace
from pipeline.execute import execute
from pipeline.runner import run
from pipeline.store.collect import collect
from pipeline.store.verify import verify
from pipeline.store.work import KEPT
from pipeline.workplace import Workplace


class Counts(Stage):
    """Counts to three, a file each; `fails` at this number. The model says where it began."""

    keeps: ClassVar[list[int]] = []  # what the last run found
    fails: ClassVar[int] = 0

    def run(self) -> Model:
        place = workplace()
        found = [int(name) for name in place.names()]
        type(self).keeps = found
        for number in range(max(found, default=0) + 1, 4):
            if number == self.fails:
                raise ValueError(number)
            place.write(str(number), bytes(number))
        return Model(facts={"sum": sum(len(place.read(name)) for name in place.names())})


COUNT = Pipeline("p", Step("count", Counts()))


@pytest.fixture(autouse=True)
def _afresh(monkeypatch):
    monkeypatch.setattr(Counts, "keeps", [])
    monkeypatch.setattr(Counts, "fails", 0)


def broken_off(store: LocalStore, monkeypatch, *, force: bool = False) -> Path:
    """The folder that an attempt left which failed at its third number."""
    with monkeypatch.context() as patch:
        patch.setattr(Counts, "fails", 3)
        assert run(COUNT, store, selection=Selection(force=force)).status == "failed"
    (folder,) = (store.root / "work").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["1", "2"]
    return folder


def left(store: LocalStore) -> list[str]:
    return [path.name for path in (store.root / "work").rglob("*")]


def test_outside_a_run_there_is_none():
    assert workplace() is None


def test_an_attempt_that_was_cut_off_is_gone_on_from_and_leaves_nothing_when_it_is_done(store, monkeypatch):
    broken_off(store, monkeypatch)
    assert verify(store).foreign == []
    assert (run(COUNT, store).status, Counts.keeps) == ("done", [1, 2])
    assert left(store) == []


def test_force_begins_anew_and_goes_on_from_a_forced_attempt_that_was_cut_off(store, monkeypatch):
    run(COUNT, store)
    run(COUNT, store, selection=Selection(force=True))
    assert Counts.keeps == []
    broken_off(store, monkeypatch, force=True)
    run(COUNT, store, selection=Selection(force=True))
    assert Counts.keeps == [1, 2]


def spared(store: LocalStore, monkeypatch) -> None:
    """A run whose work was not removed, as when it was killed just after it recorded the action."""
    with monkeypatch.context() as patch:
        patch.setattr(Workplace, "clear", lambda place: None)
        run(COUNT, store)
    assert len(left(store)) == 4


def test_what_a_kill_spared_after_the_action_is_not_gone_on_from_with_force(store, monkeypatch):
    spared(store, monkeypatch)
    run(COUNT, store, selection=Selection(force=True))
    assert Counts.keeps == []


def test_what_a_kill_spared_after_the_action_goes_when_the_step_is_reused(store, monkeypatch):
    spared(store, monkeypatch)
    assert execute(COUNT, store, "count", {}).status == "reused"
    assert left(store) == []


def test_gc_removes_what_a_kill_spared_after_the_action(store, monkeypatch):
    spared(store, monkeypatch)
    said = collect(store, dry_run=True)
    done = collect(store)
    assert said.removed == done.removed
    assert (done.removed["work"], done.kept["work"], said.kept["work"]) == ((3, 6), (0, 0), (0, 0))
    assert left(store) == []


def test_gc_keeps_what_a_killed_run_left_for_some_days(store, monkeypatch):
    folder = broken_off(store, monkeypatch)
    found = collect(store)
    assert (found.kept["work"], found.removed["work"]) == ((2, 3), (0, 0))
    for path in folder.iterdir():
        os.utime(path, (time.time() - KEPT - 60,) * 2)
    (folder / "2").touch()  # as the newest says
    assert collect(store).removed["work"] == (0, 0)
    os.utime(folder / "2", (time.time() - KEPT - 60,) * 2)
    with store.lock(folder.name):  # a run is in it
        assert collect(store, dry_run=True).removed["work"] == (0, 0)
        assert collect(store).removed["work"] == (0, 0)
    said = collect(store, dry_run=True)
    done = collect(store)
    assert (done.removed["work"], done.kept["work"]) == ((2, 3), (0, 0))
    assert said.removed == done.removed
    assert not folder.exists()


def test_a_name_stays_inside_and_a_link_is_not_followed(store, tmp_path):
    place = Workplace(store, "a" * 64)
    for name in ("../x", "a/b", "", ".x", "/etc/passwd"):
        for use in (place.read, place.remove, lambda name: place.write(name, b"")):
            with pytest.raises(UsageError, match="is not a name in a store"):
                use(name)
    place.write("one", b"1")
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    (store.root / "work" / place.key / "two").symlink_to(outside)
    assert place.names() == ["one"]
    with pytest.raises(StoreError):
        place.read("two")
    assert len(verify(store).foreign) == 1
    place.write("two", b"2")
    assert (place.read("two"), outside.read_bytes()) == (b"2", b"secret")
    (tmp_path / "elsewhere").mkdir()
    (store.root / "work" / ("b" * 64)).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is a symbolic link"):
        Workplace(store, "b" * 64).write("one", b"1")
    assert collect(store).kept["work"] == (2, 2)


def test_a_file_is_replaced_as_a_whole_and_goes_when_it_is_removed(store):
    place = Workplace(store, "a" * 64)
    assert (place.read("x"), place.names()) == (None, [])
    for data in (b"old", b"new"):
        place.write("x", data)
        assert place.read("x") == data
    place.remove("x")
    place.remove("x")
    assert (place.read("x"), place.names()) == (None, [])


KILLED = """
    import os, signal, sys
    from pipeline import LocalStore, Model, Pipeline, Stage, Step, workplace
    from pipeline.runner import run

    class Half(Stage):
        def run(self) -> Model:
            place = workplace()
            if not place.names():
                place.write("half", b"half")
                os.kill(os.getpid(), signal.SIGKILL)
            return Model(facts={"found": len(place.read("half"))})

    print(run(Pipeline("p", Step("half", Half())), LocalStore(sys.argv[1])).status, os.listdir(sys.argv[1] + "/work"))
"""


def test_it_outlives_a_kill(project, store):
    project.write("half.py", KILLED)
    code = "import half"
    process = project.python(code, str(store.root))
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    out, err = project.python(code, str(store.root)).communicate(timeout=60)
    assert out == "done []\n", err
