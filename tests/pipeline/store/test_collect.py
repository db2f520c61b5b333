"""What gc keeps, what it removes, and that a run beside it loses nothing."""

import os
import signal
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import (
    Check,
    Finding,
    LocalStore,
    Model,
    Pipeline,
    Stage,
    Step,
    StoreError,
    Table,
    UsageError,
    plan,
    turned_away,
)
from pipeline.publish import manifest
from pipeline.quarantine import Quarantined
from pipeline.runner import run
from pipeline.store import durable
from pipeline.store.collect import collect
from pipeline.store.lease import Lease
from pipeline.store.reach import lost
from pipeline.store.verify import verify


class HasRows(Check):
    """Light: what is kept is the subject here, and not Great Expectations."""

    name: str = "has rows"

    def judge(self, artifact):
        count = artifact.read().num_rows
        yield Finding(rule="has rows", evaluated=count, failed=0, passed=count > 0)


class Line(Quarantined):
    @classmethod
    def contract(cls) -> Check:
        return HasRows()


class Lines(Stage):
    """Three fragments, of which neighbours share two; one row of each is turned away."""

    first: int = 0

    def run(self) -> Table[Line]:
        for number in range(self.first, self.first + 3):
            good, bad = (pa.table({name: [f"{word} {number}"] for name in Line.columns()}) for word in ("line", "bad"))
            yield Table.of(Line, good, turned_away=[turned_away(bad, "bad")])


class Same(Stage):
    """The rows as they are."""

    mark: str = "!"

    def map(self, rows: Table[Line]) -> Table[Line]:
        return Table.of(Line, pa.table({n: [f"{v}{self.mark}" for v in c.to_pylist()] for n, c in _columns(rows)}))


class Fit(Stage):
    seed: int = 1

    def run(self, rows: Table[Line]) -> Model:
        return Model(facts={"seed": self.seed}, files={"weights": str(self.seed).encode() * 100})


def _columns(rows):
    table = rows.read()
    return [(name, table[name]) for name in table.column_names]


def built(first: int = 0, seed: int = 1, name: str = "p") -> Pipeline:
    return Pipeline(
        name,
        Step("lines", Lines(first=first)),
        Step("same", Same(), {"rows": "lines"}),
        Step("fit", Fit(seed=seed), {"rows": "same"}),
    )


def steps(record):
    return record.model_dump(mode="json")["steps"]


def whole(store: LocalStore, record) -> bool:
    return not lost(store, steps(record))


def everything(root: Path) -> dict[str, tuple]:
    return {
        path.relative_to(root).as_posix(): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in root.rglob("*")
    }


def names(store: LocalStore) -> set[str]:
    return {*store.digests(), *store.action_keys()}


def test_the_champion_and_the_last_runs_stay_and_all_else_goes(store):
    records = [run(built(first, seed=first), store) for first in (0, 20, 40, 60, 80)]
    found = collect(store, keep=2)
    assert [whole(store, record) for record in records] == [True, False, False, True, True]
    assert len(store.run_ids()) == 5
    alone = LocalStore(store.root.parent / "alone")
    for first in (0, 60, 80):
        run(built(first, seed=first), alone)
    assert names(store) == names(alone)
    assert found.removed["objects"].files > 0
    assert found.kept["objects"].files == len(store.digests())
    assert found.kept["actions"].files == len(store.action_keys())
    assert verify(store).clean
    again = collect(store, keep=2)
    assert (again.removed["objects"].files, again.removed["actions"].files) == (0, 0)


def test_nothing_kept_is_run_again_not_even_a_receipt_or_a_fragment(store):
    run(built(), store)
    run(built(first=1), store)
    collect(store, keep=1)
    assert plan(built(), store).stale == plan(built(first=1), store).stale == ()
    run(built(first=50), store)
    collect(store, keep=1)
    assert plan(built(), store).stale == ()  # the champion
    assert plan(built(first=1), store).stale == ("lines", "same", "fit")


def test_every_pipeline_has_its_own_last_runs_and_champion(store):
    kept = [run(built(first, name=name), store) for name, first in (("p", 0), ("q", 20), ("p", 40), ("q", 60))]
    collect(store, keep=1)
    assert all(whole(store, record) for record in kept)


def test_what_a_step_made_last_stays_also_of_a_run_that_was_killed_before_it_recorded_itself(store):
    for first in (0, 15, 30):
        run(built(first=first), store)
    killed = run(built(first=60), store)
    (store.root / "runs" / f"{killed.run_id}.json").unlink()
    run(built(name="other"), store)
    collect(store, keep=1)
    assert whole(store, killed)
    assert plan(built(first=60), store).stale == ()
    assert plan(built(first=90), store).steps[0].why == "config: first 60 -> 90"
    assert plan(built(first=15), store).stale
    assert verify(store).clean


def test_what_a_live_lease_pins_stays(store):
    with store.lease():
        digest = store.put(b"data")
        store.record_action("a" * 64, {"parts": {}, "outputs": {}, "quarantine": None})
        assert collect(LocalStore(store.root)).removed["objects"].files == 0
        assert store.has(digest)
        assert store.action("a" * 64) is not None
    assert collect(store).removed["objects"].files == 1
    assert names(store) == set()


def test_a_pinned_key_keeps_what_its_action_made(store):
    run(built(), store)
    old = run(built(first=20, seed=2), store)
    run(built(first=40), store)
    with store.lease():
        store.pin([old.step("same").key])
        collect(LocalStore(store.root), keep=1)
        assert lost(store, steps(old)) == ["lines", "fit"]


def test_a_pinned_key_of_a_fragment_keeps_its_files(store):
    good, away = store.put(b"good"), store.put(b"away")
    store.record_action("f" * 64, {"rows_in": 2, "files": [{"digest": good}], "quarantine": [{"digest": away}]})
    with store.lease():
        store.pin(["f" * 64])
        collect(LocalStore(store.root))
        assert names(store) == {good, away, "f" * 64}
    collect(store)
    assert names(store) == set()


def test_what_a_dead_run_left_goes(store, project):
    process = project.python(
        """
        import sys, time
        from pipeline import LocalStore
        from pipeline.store import durable
        store = LocalStore(sys.argv[1])
        with store.lease(), store.lock("b" * 64), store.new_object() as draft:
            store.put(b"data")
            draft.write_bytes(b"half")
            print("ready", flush=True)
            time.sleep(600)
        """,
        str(store.root),
    )
    process.stdout.readline()
    beside = collect(store)
    assert {kind: found.files for kind, found in beside.removed.items()} == {
        "objects": 0,
        "actions": 0,
        "work": 0,
        "drafts": 0,
        "locks": 0,
    }
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    after = collect(store)
    assert {kind: found.files for kind, found in after.removed.items()} == {
        "objects": 1,
        "actions": 0,
        "work": 0,
        "drafts": 1,
        "locks": 1,
    }
    assert after.removed["drafts"].bytes == 4
    left = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}
    assert left == {"format", "locks/gc.lock", "locks/collect.lock"}


def test_a_dry_run_touches_nothing_and_says_what_would_go(store):
    for first in (0, 20, 40):
        run(built(first), store)
    (store.root / "tmp" / "draft").write_bytes(b"half")
    with store.lock("c" * 64):
        pass
    (store.root / "leases" / "dead.lock").touch()
    before = everything(store.root)
    said = collect(LocalStore(store.root), keep=1, dry_run=True)
    assert everything(store.root) == before
    done = collect(store, keep=1)
    assert said.removed == done.removed
    assert said.kept == done.kept
    assert done.removed["drafts"].files == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_where_there_is_no_store_there_is_nothing_to_do(store, dry_run):
    found = collect(store, dry_run=dry_run)
    assert {amount.files for amount in (*found.kept.values(), *found.removed.values())} == {0}
    assert not store.root.exists()


def test_damaged_objects_lie_aside_until_somebody_looks(store):
    run(built(), store)
    (store.root / "aside").mkdir()
    (store.root / "aside" / ("d" * 64)).write_bytes(b"damaged")
    assert collect(store).aside == (1, 7)
    assert (store.root / "aside" / ("d" * 64)).exists()


@pytest.mark.parametrize("keep", [0, -1])
def test_the_newest_run_cannot_be_collected(store, keep):
    with pytest.raises(UsageError, match=f"gc --keep {keep}: expected 1 or more"):
        collect(store, keep=keep)


def test_a_damaged_manifest_is_told_and_harms_nothing_else(store):
    record = run(built(), store)
    path = store.object_file(record.step("same").outputs["rows"])
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    found = collect(store)
    (note,) = found.notes
    assert "of step same of run" in note
    assert "is damaged or missing" in note
    assert path.read_bytes() == b"damaged"
    assert run(built(), store).status == "done"
    assert collect(store).notes == ()
    assert whole(store, record)


def test_a_damaged_record_is_told_and_a_champion_without_one_stops_everything(store):
    first = run(built(), store)
    second = run(built(first=20), store)
    (store.root / "runs" / f"{second.run_id}.json").unlink()
    (store.root / "runs" / f"{second.run_id}.json").write_text("{")
    (note,) = collect(store, dry_run=True).notes
    assert str(second.run_id) in note
    (store.root / "runs" / f"{first.run_id}.json").unlink()
    before = names(store)
    with pytest.raises(StoreError, match=f"the champion of p: run {first.run_id} has no record .*brickwise accept RUN"):
        collect(store)
    (store.root / "refs" / "p" / "champion").write_text("\0")
    with pytest.raises(StoreError, match="the champion of p: no run can be read off its ref"):
        collect(store)
    assert names(store) == before


def test_foreign_files_and_links_are_not_touched(store, tmp_path):
    run(built(), store)
    (tmp_path / "precious").write_text("mine")
    foreign = [store.root / "objects" / "notes.txt", store.root / "actions" / ".hidden.json", store.root / "refs" / "p" / ".x"]
    for path in foreign:
        path.write_text("mine")
    (store.root / "objects" / "zz").symlink_to(tmp_path, target_is_directory=True)
    collect(store)
    assert all(path.exists() for path in foreign)
    assert (tmp_path / "precious").exists()


def killed_at(number: int, monkeypatch) -> None:
    """From now on the operation of this number, and all after it, do not happen."""
    done = [0]

    def watch(operation, path, target):
        done[0] += 1
        if done[0] >= number:
            raise KeyboardInterrupt

    monkeypatch.setattr(durable, "watch", watch)


def test_nothing_dangles_wherever_it_is_killed(store, monkeypatch):
    monkeypatch.setattr("pipeline.store.collect._BATCH", 3)
    number, finished = 0, False
    while not finished:
        number += 7
        root = store.root.parent / f"store{number}"
        here = LocalStore(root)
        kept = [run(built(first), here) for first in (0, 20, 40)][::2]
        killed_at(number, monkeypatch)
        try:
            collect(here, keep=1)
            finished = True
        except KeyboardInterrupt:
            pass
        monkeypatch.setattr(durable, "watch", None)
        assert verify(here).clean, number
        collect(here, keep=1)
        assert all(whole(here, record) for record in kept)
        assert verify(here).clean
    assert number > 30


def pause(store: LocalStore, when, then) -> None:
    """Once, when an operation is about to be done, let `then` do its work to the end, in another thread."""
    left = [then]

    def watch(operation, path, target):
        if left and when(operation, path):
            thread = threading.Thread(target=left.pop())
            thread.start()
            thread.join(timeout=60)
            assert not thread.is_alive()

    durable.watch = watch


@pytest.fixture
def paused(monkeypatch):
    monkeypatch.setattr(durable, "watch", None)
    return pause


# Where a run is when the collector comes and goes; at the last its outputs are all found, and its record is not yet written.
MOMENTS = {
    "before its first pin": lambda operation, path: operation == "lock" and path.name == "collect.lock",
    "when a fragment is published": lambda operation, path: operation == "rename",
    "before an action is written": lambda operation, path: operation == "write",
}


def stale(store: LocalStore) -> tuple[Pipeline, object]:
    """A pipeline whose objects are all garbage, though they are there; and what its run gave."""
    run(built(), store)
    old = run(built(first=20, seed=5), store)
    run(built(first=40), store)
    return built(first=20, seed=5), old


@pytest.mark.parametrize("when", MOMENTS.values(), ids=MOMENTS)
def test_a_run_that_finds_old_objects_keeps_them_through_a_collection(store, paused, when):
    pipeline, old = stale(store)
    paused(store, when, lambda: collect(LocalStore(store.root), keep=1))
    again = run(pipeline, LocalStore(store.root), settings=("x",))
    durable.watch = None
    assert again.status in ("done", "up-to-date")
    assert [step.outputs for step in again.steps] == [step.outputs for step in old.steps]
    if again.status == "done":
        assert whole(store, again)
    assert verify(store).clean


def record_is_due(operation: str, path: Path) -> bool:
    return operation == "rename" and b'"run_id"' in path.read_bytes()


def test_a_run_that_only_reused_keeps_what_it_is_about_to_record(store, paused):
    pipeline, _ = stale(store)
    pipeline = Pipeline("other", *pipeline.steps.values())  # nothing of it is stale, and it has no run
    assert plan(pipeline, store).stale == ()
    removed = []
    paused(store, record_is_due, lambda: removed.append(collect(LocalStore(store.root), keep=1)))
    record = run(pipeline, LocalStore(store.root))
    durable.watch = None
    assert removed
    assert whole(store, record)


def test_without_its_pins_that_run_would_lose_them(store, paused, monkeypatch):
    monkeypatch.setattr(Lease, "pin", lambda lease, names: None)
    pipeline, _ = stale(store)
    pipeline = Pipeline("other", *pipeline.steps.values())
    paused(store, record_is_due, lambda: collect(LocalStore(store.root), keep=1))
    record = run(pipeline, LocalStore(store.root))
    durable.watch = None
    assert not whole(store, record)


def while_sweeping(store: LocalStore, paused, then) -> None:
    """Collect, and let `then` happen after the marking, before the first batch."""
    paused(store, lambda operation, path: operation == "lock" and path.name == "collect.lock" and seen(), then)
    looks = []

    def seen() -> bool:
        looks.append(1)
        return len(looks) == 2  # the first is when leases of the dead are looked for

    collect(LocalStore(store.root), keep=1)
    durable.watch = None


def test_a_run_that_comes_and_goes_while_it_sweeps_is_kept(store, paused):
    pipeline, _ = stale(store)
    records = []
    while_sweeping(store, paused, lambda: records.append(run(pipeline, LocalStore(store.root))))
    assert records[0].status in ("done", "up-to-date")
    assert verify(store).clean


def test_a_champion_that_is_accepted_while_it_sweeps_is_kept(store, paused):
    _, old = stale(store)
    while_sweeping(store, paused, lambda: store.set_ref("p", "champion", str(old.run_id)))
    assert whole(store, old)


def test_an_action_that_is_written_while_it_sweeps_never_dangles(store, paused):
    _, old = stale(store)
    model = old.step("fit").outputs["model"]

    def write() -> None:
        with store.lease():
            store.has(model)
            store.record_action("e" * 64, {"parts": {}, "outputs": {"model": model}, "quarantine": None})

    while_sweeping(store, paused, write)
    assert verify(store).clean
    assert store.has(model)
    assert store.has(manifest(store, model)["files"][0]["digest"])
    collect(store, keep=1)
    assert not store.has(model)


def test_a_second_collector_waits(store):
    stale(store)
    with store.lock("gc"):
        thread = threading.Thread(target=collect, args=(LocalStore(store.root),), kwargs={"keep": 1})
        before = names(store)
        thread.start()
        thread.join(timeout=0.2)
        assert thread.is_alive()
        assert names(store) == before
    thread.join(timeout=30)
    assert names(store) < before


def test_a_lock_that_is_unlinked_under_those_who_wait_still_lets_in_one_at_a_time(store):
    run(built(), store)
    inside, most, stop = [0], [0], threading.Event()

    def enter() -> None:
        for _ in range(30):
            with store.lock("f" * 64):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    def sweep() -> None:
        while not stop.is_set():
            collect(LocalStore(store.root))

    sweeper = threading.Thread(target=sweep)
    threads = [threading.Thread(target=enter) for _ in range(3)]
    for thread in (sweeper, *threads):
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    stop.set()
    sweeper.join(timeout=60)
    assert most == [1]
