"""Leases: a name is pinned before anybody looks, counts while its run lives, and blocks nobody afterwards."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from pipeline import LocalStore, StoreError
from pipeline.store import durable
from pipeline.store.lease import gate, leased, live_pins, seen_pins

A, B, C = "a" * 64, "b" * 64, "c" * 64

HOLD = """
    import sys, time
    from pathlib import Path
    from pipeline import LocalStore
    store = LocalStore(sys.argv[1])
    with store.lease():
        store.pin(["a" * 64])
        print(store.lease_file, flush=True)
        time.sleep(600)
"""


def pins(store: LocalStore) -> set[str] | None:
    with durable.lock(gate(store.root)):
        return live_pins(store.root)


def missing(store: LocalStore, digest: str) -> None:
    with pytest.raises(StoreError, match="is missing"):
        store.get(digest)


@pytest.fixture
def watched(monkeypatch):
    """What is done on disk, in order: (operation, name of the file)."""
    done = []
    monkeypatch.setattr(durable, "watch", lambda operation, path, target: done.append((operation, path.name)))
    return done


def test_what_a_lease_pins_is_seen_until_it_ends(store):
    assert pins(store) is None
    with store.lease():
        assert pins(store) == set()
        store.pin([A, B])
        assert pins(LocalStore(store.root)) == {A, B}
    assert pins(store) is None
    assert list((store.root / "leases").iterdir()) == []


def test_without_a_lease_nothing_is_pinned_and_nothing_written(store):
    store.pin([A])
    assert not store.has(A)
    assert not store.root.exists()


@pytest.mark.parametrize(
    "look",
    [
        lambda store: store.has(A),
        lambda store: store.action(A),
        lambda store: store.put(b"data"),
        lambda store: missing(store, A),
    ],
    ids=["has", "action", "put", "get"],
)
def test_a_pin_comes_before_the_look(store, watched, monkeypatch, look):
    def spy(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda path: (watched.append(("look", str(path))), real(path))[1])

    for module, name in ((durable, "size"), (durable, "read"), (durable, "is_file"), (Path, "exists")):
        spy(module, name)
    with store.lease():
        watched.clear()
        look(store)
        done = [operation for operation, name in watched if "/objects/" in name or "/actions/" in name or operation == "append"]
    assert done[:2] == ["append", "look"]


def test_a_pin_waits_while_a_batch_is_removed(store):
    with store.lease():
        with durable.lock(gate(store.root)):
            thread = threading.Thread(target=store.pin, args=([A],))
            thread.start()
            time.sleep(0.05)
            assert thread.is_alive()
            assert seen_pins(store.root) == set()
        thread.join(timeout=10)
        assert pins(store) == {A}


def test_a_name_is_written_once(store, watched):
    with store.lease():
        store.pin([A, A])
        store.pin([A])
        assert [operation for operation, _ in watched].count("append") == 1


def test_one_lease_inside_another_is_the_same_and_ends_with_the_outer(store):
    with store.lease():
        file = store.lease_file
        with store.lease():
            assert store.lease_file == file
            store.pin([A])
        assert pins(store) == {A}
    assert pins(store) is None


def test_the_lease_of_two_threads_ends_with_the_last(store):
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with store.lease():
            store.pin([B])
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with store.lease():
        store.pin([A])
        thread.start()
        assert inside.wait(10)
    assert pins(store) == {A, B}
    store.pin([C])
    assert pins(store) == {A, B, C}
    leave.set()
    thread.join(timeout=10)
    assert pins(store) is None
    with store.lease():  # the lock was let go, by a thread that had not taken it
        assert pins(store) == set()


def test_a_worker_pins_in_the_lease_of_its_run(store):
    with store.lease():
        LocalStore(store.root).join(store.lease_file).pin([B])
        assert pins(store) == {B}
    assert pins(store) is None


def test_a_lease_dies_with_its_process_and_blocks_nobody(store, project):
    process = project.python(HOLD, str(store.root))
    process.stdout.readline()
    assert pins(store) == {A}
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert seen_pins(store.root) is None
    assert len(list((store.root / "leases").iterdir())) == 2
    assert pins(store) is None
    assert list((store.root / "leases").iterdir()) == []


def test_what_a_worker_writes_when_its_run_is_dead_counts_for_nothing(store):
    with leased(store.root) as lease:
        lease.pin([A])
        worker = LocalStore(store.root).join(lease.file)
    worker.pin([B])
    assert [path.suffix for path in (store.root / "leases").iterdir()] == [".pins"]
    assert pins(store) is None
    assert list((store.root / "leases").iterdir()) == []


def test_looking_at_pins_changes_nothing(store):
    dead = store.root / "leases" / "0123.lock"
    durable.make_folder(dead.parent)
    dead.touch()
    with store.lease():
        store.pin([A])
        before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
        assert seen_pins(store.root) == {A}
        assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


def test_a_disk_that_is_full_fails_the_pin_and_spoils_no_later_one(store, monkeypatch):
    real = os.write
    with store.lease():
        store.pin([A])
        with monkeypatch.context() as full:
            taken = []

            def write(handle, data):
                if taken:
                    raise OSError(28, "No space left on device")
                taken.append(real(handle, data[:10]))
                return taken[0]

            full.setattr(os, "write", write)
            with pytest.raises(StoreError, match="No space left on device"):
                store.pin([B])
        store.pin([C, B])
        assert {A, B, C} <= pins(store)
