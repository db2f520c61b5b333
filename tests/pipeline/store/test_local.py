import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import DamagedError, LocalStore, StoreError, UsageError
from pipeline.store import durable

NOT_A_DIGEST = ["", "ab", "../" + "a" * 61, "A" * 64, "g" * 64, "a" * 63 + "/", "a" * 64 + "\n", "/etc/passwd"]
NOT_A_NAME = ["", ".", "..", "../x", "a/b", "/x", "a\\b", "a b", "a\n", ".hidden", "a\0b", "a" * 129]


def damage(store: LocalStore, digest: str) -> None:
    path = store._object(digest)
    path.chmod(0o644)
    path.write_bytes(b"something else")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return LocalStore(tmp_path_factory.mktemp("store"))


@given(data=st.binary())
def test_what_is_put_is_got_also_by_another_process(shared, data):
    digest = shared.put(data)
    assert shared.get(digest) == data
    assert LocalStore(shared.root).get(digest) == data
    assert shared.size(digest) == len(data)
    assert shared.put(data) == digest


@given(document=st.recursive(st.none() | st.integers() | st.text(st.characters(codec="utf-8")), st.lists))
def test_an_action_reads_back(shared, document):
    shared.record_action("k", {"parts": document})
    assert shared.action("k") == {"parts": document}


def test_an_object_lies_under_its_digest_and_is_read_only(store):
    digest = store.put(b"data")
    path = store.root / "objects" / digest[:2] / digest[2:]
    assert path.read_bytes() == b"data"
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_drafted_file_is_adopted_under_its_digest(store):
    with store.new_object() as draft:
        draft.write_bytes(b"data")
        digest = store.adopt(draft)
    assert digest == LocalStore(store.root).put(b"data")
    assert store.get(digest) == b"data"
    assert not list((store.root / "tmp").iterdir())


def test_nothing_is_created_before_the_first_write(store):
    assert store.action("k") is None
    assert store.ref("p", "champion") is None
    assert store.run_ids() == []
    assert list(store.runs()) == []
    assert not store.has("a" * 64)
    assert not store.root.exists()


def test_a_damaged_object_is_set_aside_and_named(store):
    digest = store.put(b"data")
    damage(store, digest)
    fresh = LocalStore(store.root)
    with pytest.raises(DamagedError, match=f"object {digest[:12]} was damaged and has been set aside; run the pipeline again"):
        fresh.get(digest)
    assert (store.root / "aside" / digest).read_bytes() == b"something else"
    assert not fresh.has(digest)
    assert fresh.put(b"data") == digest
    assert LocalStore(store.root).get(digest) == b"data"


def test_putting_again_mends_a_damaged_object(store):
    digest = store.put(b"data")
    damage(store, digest)
    LocalStore(store.root).put(b"data")
    assert LocalStore(store.root).get(digest) == b"data"


def test_an_object_that_vanished_is_missing_also_to_the_process_that_wrote_it(store):
    digest = store.put(b"data")
    store._object(digest).unlink()
    with pytest.raises(DamagedError, match="is missing from the store"):
        store.get(digest)
    store.put(b"data")
    assert store.get(digest) == b"data"


@pytest.mark.parametrize("digest", NOT_A_DIGEST)
def test_only_a_digest_names_an_object(store, digest):
    for ask in (store.has, store.get, store.intact, store.size):
        with pytest.raises(StoreError, match="is not a digest, expected 64 hex digits"):
            ask(digest)


@pytest.mark.parametrize("name", NOT_A_NAME)
def test_a_name_stays_inside_its_folder(store, name):
    attempts = (
        lambda: store.action(name),
        lambda: store.record_action(name, {}),
        lambda: store.lock(name),
        lambda: store.save_run(name, {}),
        lambda: store.ref(name, "champion"),
        lambda: store.ref("p", name),
        lambda: store.set_ref(name, "champion", "x"),
        lambda: store.set_ref("p", name, "x"),
    )
    for attempt in attempts:
        with pytest.raises(UsageError, match="is not a name in a store"):
            attempt()
    assert not store.root.exists()


def test_a_file_where_the_store_should_be_is_refused(tmp_path):
    (tmp_path / "store").touch()
    with pytest.raises(StoreError, match="is a file, expected a folder; choose another with --store") as caught:
        LocalStore(tmp_path / "store")
    assert caught.value.exit_code == 5


def test_a_store_that_cannot_be_written_or_read_says_so(tmp_path):
    (tmp_path / "file").touch()
    store = LocalStore(tmp_path / "file" / "store")
    with pytest.raises(
        StoreError, match=r"cannot create the folder .*(Not a directory|File exists).*choose another store with --store"
    ):
        store.put(b"data")
    with pytest.raises(StoreError, match=r"cannot read .*Not a directory"):
        store.action("k")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_without_the_right_to_write_says_so(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="Permission denied; give this user the right to write there"):
        LocalStore(folder / "store").put(b"data")


def test_a_damaged_action_is_no_action(store):
    store.record_action("k", {"parts": 1})
    path = store.root / "actions" / "k.json"
    path.chmod(0o644)
    path.write_text('{"par')
    assert store.action("k") is None
    assert (store.root / "aside" / "k.json").exists()
    store.record_action("k", {"parts": 2})
    assert store.action("k") == {"parts": 2}


def test_runs_are_listed_newest_first_and_by_pipeline(store):
    for run_id, pipeline in (("2026-a", "p"), ("2027-b", "q"), ("2028-c", "p")):
        store.save_run(run_id, {"run_id": run_id, "pipeline": pipeline})
    assert [run["run_id"] for run in store.runs()] == ["2028-c", "2027-b", "2026-a"]
    assert [run["run_id"] for run in store.runs("p")] == ["2028-c", "2026-a"]


def test_a_run_is_found_by_a_unique_beginning_or_end(store):
    for run_id in ("2026-aa", "2026-bb", "2027-ba"):
        store.save_run(run_id, {"run_id": run_id, "pipeline": "p"})
    assert store.run("2027")["run_id"] == store.run("ba")["run_id"] == store.run("2027-ba")["run_id"] == "2027-ba"
    with pytest.raises(UsageError, match=r"run .2026.: 2 runs fit"):
        store.run("2026")
    with pytest.raises(UsageError, match=r"run .2026-ab.: no such run; did you mean '2026-"):
        store.run("2026-ab")


def test_a_damaged_run_record_is_set_aside_and_the_others_are_listed(store):
    for run_id in ("2026-a", "2027-b"):
        store.save_run(run_id, {"run_id": run_id, "pipeline": "p"})
    path = store.root / "runs" / "2027-b.json"
    path.chmod(0o644)
    path.write_text("{")
    with pytest.raises(StoreError, match="the record of run 2027-b was damaged and has been set aside"):
        store.run("2027-b")
    path.write_text("{")
    assert [run["run_id"] for run in store.runs("p")] == ["2026-a"]


def test_a_ref_points_somewhere_else_when_it_is_set_again(store):
    store.set_ref("p", "champion", "a")
    store.set_ref("p", "champion", "b")
    assert store.ref("p", "champion") == "b"


@pytest.fixture
def flushed(monkeypatch):
    """The folders that are flushed, as it goes on."""
    found = []

    def watch(operation, path, target):
        if operation == "flush folder":
            found.append(path)

    monkeypatch.setattr(durable, "watch", watch)
    return found


def test_an_object_that_is_found_is_flushed_too_since_its_writer_may_have_been_killed_before(store, flushed):
    folder = store._object(store.put(b"data")).parent
    flushed.clear()
    store.put(b"data")
    assert flushed == [folder]
    with store.new_object() as draft:
        draft.write_bytes(b"data")
        flushed.clear()
        store.adopt(draft)
    assert flushed == [folder]


def test_the_first_write_of_a_process_flushes_the_folders_that_a_killed_one_made(store, flushed):
    store.put(b"data")
    store.record_action("k", {"parts": {}})
    flushed.clear()
    LocalStore(store.root).record_action("l", {"parts": {}})
    assert flushed[:4] == [store.root.parent, store.root, store.root / "objects", store.root / "actions"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, digest: store.has(digest),
        lambda store, digest: store.size(digest),
        lambda store, digest: store.get(digest),
        lambda store, digest: store.put(b"data"),
        lambda store, digest: store.action("k"),
        lambda store, digest: store.run_ids(),
        lambda store, digest: LocalStore(store.root),
    ],
    ids=["has", "size", "get", "put", "action", "run_ids", "open"],
)
def test_what_cannot_be_looked_at_is_named_as_what_cannot_be_written_is(store, monkeypatch, ask):
    digest = store.put(b"data")

    def stat(path, **given):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", stat)
        with pytest.raises(StoreError, match=f"cannot read {store.root}.*Input/output error; mend the cause"):
            ask(store, digest)
    assert ask(store, digest) is not False
