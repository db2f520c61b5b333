"""What a fault at each boundary of a write leaves behind: the old file or the new one, and no draft."""

import errno
import os
import threading
from pathlib import Path

import pytest

from pipeline import LocalStore, StoreError
from pipeline.store import durable

BOUNDARIES = {"rename": (Path, "replace"), "flush": (os, "fsync"), "write": (Path, "write_bytes"), "protect": (Path, "chmod")}


@pytest.fixture
def fail(monkeypatch):
    """A function: the next calls at a boundary fail with an error number, after `calls` that do not."""

    def inject(boundary: str, number: int = errno.EIO, calls: int = 0) -> None:
        where, name = BOUNDARIES[boundary]
        real, left = getattr(where, name), [calls]

        def faulty(*given, **named):
            if left[0]:
                left[0] -= 1
                return real(*given, **named)
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(where, name, faulty)

    return inject


@pytest.fixture
def scratch(tmp_path) -> Path:
    """The drafts' folder, which is there as it is after the first write."""
    durable.make_folder(tmp_path / "tmp")
    durable.make_folder(tmp_path / "folder")
    return tmp_path / "tmp"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_fault_before_the_rename_is_done_leaves_nothing_visible(tmp_path, scratch, fail, boundary):
    fail(boundary)
    with pytest.raises(StoreError, match=r"cannot write .*Input/output error"):
        durable.write(tmp_path / "folder" / "target", b"new", scratch)
    assert files(tmp_path) == {}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_fault_leaves_the_old_file_as_it_was(tmp_path, fail, boundary):
    durable.write(tmp_path / "target", b"old", tmp_path / "tmp")
    fail(boundary)
    with pytest.raises(StoreError):
        durable.write(tmp_path / "target", b"new", tmp_path / "tmp")
    assert files(tmp_path) == {"target": b"old"}


def test_a_fault_while_the_folder_is_flushed_is_told_and_the_file_is_whole(tmp_path, scratch, fail):
    fail("flush", calls=1)
    with pytest.raises(StoreError, match="cannot flush"):
        durable.write(tmp_path / "target", b"new", scratch)
    assert files(tmp_path) == {"target": b"new"}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_store_has_no_object_whose_write_failed(tmp_path, fail, monkeypatch, boundary):
    store = LocalStore(tmp_path / "store")
    with monkeypatch.context():
        fail(boundary)
        with pytest.raises(StoreError):
            store.put(b"data")
        with pytest.raises(StoreError):
            store.record_action("k", {"parts": {}})
    monkeypatch.undo()
    assert files(store.root) == {}
    assert store.get(store.put(b"data")) == b"data"


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (errno.ENOSPC, "No space left on device; free some space and run again"),
        (errno.EACCES, "Permission denied; give this user the right to write there, or choose another store with --store"),
        (errno.EROFS, "Read-only file system; give this user the right"),
        (errno.EIO, "Input/output error; mend the cause"),
    ],
)
def test_an_error_says_the_way_out(tmp_path, fail, number, way_out):
    fail("rename", number)
    with pytest.raises(StoreError, match=way_out) as caught:
        durable.write(tmp_path / "target", b"new", tmp_path / "tmp")
    assert str(tmp_path / "target") in str(caught.value)


def test_a_new_folder_is_flushed_into_the_one_above(tmp_path, monkeypatch):
    done = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append(Path(f"/proc/self/fd/{handle}").readlink()), fsync(handle)))
    durable.make_folder(tmp_path / "a" / "b")
    assert done == [tmp_path, tmp_path / "a"]


def test_the_file_is_flushed_before_it_is_renamed_and_its_folder_after(tmp_path, scratch, monkeypatch):
    done = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(
        os, "fsync", lambda handle: (done.append(f"flush {Path(f'/proc/self/fd/{handle}').readlink()}"), fsync(handle))
    )
    monkeypatch.setattr(Path, "replace", lambda path, target: (done.append(f"rename to {target}"), replace(path, target)))
    durable.write(tmp_path / "target", b"new", scratch)
    assert done[0].startswith(f"flush {tmp_path / 'tmp'}/")
    assert done[1:] == [f"rename to {tmp_path / 'target'}", f"flush {tmp_path}"]


def test_a_draft_is_gone_when_its_writer_fails(tmp_path):
    def write_half() -> None:
        with durable.draft(tmp_path) as path:
            path.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert files(tmp_path) == {}


def test_what_is_not_there_reads_as_nothing(tmp_path):
    assert durable.read(tmp_path / "missing") is None
    with pytest.raises(StoreError, match=r"cannot read .*Is a directory"):
        durable.read(tmp_path)


def test_a_move_takes_the_whole_file_to_a_new_folder(tmp_path):
    (tmp_path / "a").write_bytes(b"data")
    durable.move(tmp_path / "a", tmp_path / "aside" / "b")
    assert files(tmp_path) == {"aside/b": b"data"}


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(StoreError, match=f"cannot create the folder {tmp_path / 'a'}"):
        durable.make_folder(tmp_path / "a")


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    inside, most = [0], [0]

    def enter() -> None:
        for _ in range(20):
            with durable.lock(tmp_path / "locks" / "k"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_a_lock_is_free_after_an_error_inside(tmp_path):
    with pytest.raises(ZeroDivisionError), durable.lock(tmp_path / "k"):
        raise ZeroDivisionError
    with durable.lock(tmp_path / "k"):
        pass


def test_a_lock_is_let_go_also_by_another_thread_than_took_it(tmp_path):
    held = durable.lock(tmp_path / "k")
    thread = threading.Thread(target=held.__enter__)
    thread.start()
    thread.join()
    assert durable.is_locked(tmp_path / "k")
    held.__exit__(None, None, None)
    assert not durable.is_locked(tmp_path / "k")


def test_a_folder_goes_only_when_it_is_empty(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    durable.remove_folder(tmp_path / "a")
    assert (tmp_path / "a").exists()
    (tmp_path / "a" / "file").unlink()
    durable.remove_folder(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    durable.remove_folder(tmp_path / "a")

    def refuse(path) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "rmdir", refuse)
    with pytest.raises(StoreError, match="cannot remove"):
        durable.remove_folder(tmp_path)
