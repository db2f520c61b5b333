"""What verify reads, what it finds, and what it leaves alone."""

import errno
import os
from pathlib import Path

import pytest

from pipeline import LocalStore, Model, Pipeline, Stage, Step
from pipeline.publish import manifest
from pipeline.runner import run
from pipeline.store import durable
from pipeline.store.collect import collect
from pipeline.store.verify import verify


class Start(Stage):
    seed: int = 1

    def run(self) -> Model:
        return Model(facts={"seed": self.seed}, files={"weights": str(self.seed).encode() * 100})


class Fit(Stage):
    def run(self, model: Model) -> Model:
        return Model(facts={**model.facts, "fitted": True}, files={"weights": model.read("weights") + b"fitted"})


def built(seed: int = 1) -> Pipeline:
    return Pipeline("p", Step("start", Start(seed=seed)), Step("fit", Fit(), {"model": "start"}))


def overwrite(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"damaged")


def truncate(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size - 1)


def link(path: Path) -> None:
    elsewhere = path.parents[3] / "elsewhere"
    elsewhere.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(elsewhere)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARMS = [overwrite, truncate, link, folder]


@pytest.fixture
def filled(store):
    run(built(), store)
    run(built(seed=2), store)
    return store


def output(store: LocalStore, step: str, number: int = -1) -> str:
    record = store.run(store.run_ids()[number])
    return next(one["outputs"]["model"] for one in record["steps"] if one["name"] == step)


def file_of(store: LocalStore, step: str, number: int = -1) -> str:
    return manifest(store, output(store, step, number))["files"][0]["digest"]


def everything(root: Path) -> dict[str, tuple[int, int]]:
    return {path.relative_to(root).as_posix(): (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in root.rglob("*")}


def test_a_store_that_is_whole_is_read_and_left_as_it_is(filled):
    before = everything(filled.root)
    found = verify(LocalStore(filled.root))
    assert found.clean
    assert (found.objects, found.actions, found.runs) == (len(filled.digests()), len(filled.action_keys()), 2)
    assert found.bytes == sum(filled.size(digest) for digest in filled.digests())
    assert found.foreign == []
    assert everything(filled.root) == before


def test_where_there_is_no_store_there_is_nothing_to_find(store):
    assert verify(store).clean
    assert not store.root.exists()


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("which", [output, file_of], ids=["manifest", "file"])
def test_a_damaged_object_is_told_set_aside_and_made_again(filled, harm, which):
    digest = which(filled, "fit")
    harm(filled.object_file(digest))
    found = verify(LocalStore(filled.root))
    assert found.damaged == [f"object {digest} is not what its name says"]
    assert not found.clean
    assert os.path.lexists(filled.root / "aside" / digest)
    again = verify(LocalStore(filled.root))
    assert again.damaged == []
    assert len(again.missing) == 1
    assert again.missing[0].startswith(f"object {digest}, of ")
    assert again.missing[0].endswith(", lies damaged in aside/")
    run(built(seed=2), filled)
    assert verify(filled).clean


@pytest.mark.parametrize("harm", [overwrite, truncate, link])
@pytest.mark.parametrize("kind", ["actions", "runs"])
def test_a_damaged_document_is_told_and_set_aside(filled, harm, kind):
    path = max((filled.root / kind).iterdir())
    harm(path)
    found = verify(LocalStore(filled.root))
    assert found.damaged == [f"{kind}/{path.name} is not as it was written"]
    assert os.path.lexists(filled.root / "aside" / path.name)


@pytest.mark.parametrize("number", [0, 1], ids=["champion", "newest run"])
@pytest.mark.parametrize("which", [output, file_of], ids=["manifest", "file"])
@pytest.mark.parametrize("action", [True, False], ids=["with its action", "without"])
def test_what_a_champion_or_the_newest_run_needs_and_has_not_is_missing(filled, which, number, action):
    digest = which(filled, "fit", number)
    filled.object_file(digest).unlink()
    if not action:
        for key in filled.action_keys():
            filled.action_file(key).unlink()
    (line,) = verify(filled).missing
    assert digest in line
    assert f"of step fit of run {filled.run_ids()[number]}, the " in line


def test_an_action_that_points_to_nothing_is_told(filled):
    filled.record_action("a" * 64, {"parts": {}, "outputs": {"model": "b" * 64}, "quarantine": None})
    filled.record_action("c" * 64, {"rows_in": 1, "files": [{"digest": "d" * 64, "bytes": 1, "rows": 1}], "quarantine": []})
    assert sorted(verify(filled).missing) == [
        f"object {'b' * 64}, of action {'a' * 64}",
        f"object {'d' * 64}, of action {'c' * 64}",
    ]
    collect(filled)
    assert verify(filled).clean


def test_a_champion_without_a_record_is_missing(filled):
    filled.set_ref("p", "champion", "20200101-gone")
    assert verify(filled).missing == ["the record of run 20200101-gone, the champion of p"]


def test_an_output_that_is_no_manifest_is_told(filled):
    digest = filled.put(b"[1]")
    filled.record_action("a" * 64, {"parts": {}, "outputs": {"model": digest}, "quarantine": None})
    found = verify(filled)
    assert found.damaged == [f"object {digest} is no manifest, which action {'a' * 64} takes it for"]
    assert found.missing == []


def test_what_was_collected_is_not_missing(filled):
    run(built(seed=3), filled)
    collect(filled, keep=1)
    found = verify(filled)
    assert found.clean
    assert found.runs == 3


FOREIGN = [
    "notes.txt",
    "objects/notes.txt",
    "objects/ab/short",
    "actions/k.txt",
    "runs/.r.json",
    "refs/loose",
    "locks/x",
    "leases/x",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_no_store_makes_is_told_and_left(filled, name):
    path = filled.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    found = verify(filled)
    assert found.clean
    assert found.foreign == [f"{name} is not the store's"]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["objects/{}", "refs/q", "tmp/draft", "refs/p/other"])
def test_a_symbolic_link_is_told_and_not_followed(filled, tmp_path, name):
    (tmp_path / "outside" / "inner").mkdir(parents=True)
    free = next(f"{n:02x}" for n in range(256) if not (filled.root / "objects" / f"{n:02x}").exists())
    name = name.format(free)
    (filled.root / name).symlink_to(tmp_path / "outside")
    found = verify(filled)
    assert found.clean
    assert found.foreign == [f"{name} is a symbolic link"]


def test_drafts_and_what_lies_aside_are_not_foreign(filled):
    for name in ("tmp", "aside"):
        (filled.root / name).mkdir(exist_ok=True)
        (filled.root / name / "x.y").write_text("any")
    assert verify(filled).foreign == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_where_nothing_can_be_written_damage_is_named_and_left(filled, monkeypatch, number):
    paths = [filled.object_file(output(filled, "fit")), min((filled.root / "actions").iterdir())]
    for path in paths:
        overwrite(path)

    def refuse(operation, path, target):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(durable, "watch", refuse)
    before = everything(filled.root)
    found = verify(LocalStore(filled.root))
    assert len(found.damaged) == 2
    assert all("left there: cannot" in line or "is left where it is: cannot" in line for line in found.damaged)
    assert everything(filled.root) == before


def test_an_object_that_cannot_be_read_is_named_and_left(filled, monkeypatch):
    digest = output(filled, "fit")
    path = filled.object_file(digest)
    real = __import__("pipeline.store.local", fromlist=["digest_file"]).digest_file

    def broken(asked: Path) -> str:
        if asked == path:
            raise OSError(errno.EIO, "Input/output error")
        return real(asked)

    monkeypatch.setattr("pipeline.store.local.digest_file", broken)
    (line,) = verify(filled).damaged
    assert line.startswith(f"object {digest} is left where it is: cannot read ")
    assert "Input/output error" in line
    assert path.exists()


def test_damage_that_somebody_mends_meanwhile_is_not_set_aside(filled, monkeypatch):
    digest = file_of(filled, "fit")
    path = filled.object_file(digest)
    good = path.read_bytes()
    overwrite(path)

    def mend(operation, where, target):
        if operation == "lock":
            path.write_bytes(good)

    monkeypatch.setattr(durable, "watch", mend)
    assert verify(filled).clean
    assert path.read_bytes() == good
    assert not filled.damaged(digest)


def test_what_is_made_and_collected_while_it_reads_is_not_missing(filled, monkeypatch):
    read, peek, keys = LocalStore.digests, LocalStore.peek_document, []

    def digests(store):
        found = read(store)
        if not keys:
            records = [run(built(seed=seed), filled) for seed in (3, 4)]
            keys.extend(["", records[0].step("fit").key])
        return found

    def peek_document(store, kind, name):
        found = peek(store, kind, name)
        if keys[:1] == [""] and name == keys[1]:
            keys[0] = "collected"
            collect(LocalStore(filled.root), keep=1)
        return found

    monkeypatch.setattr(LocalStore, "digests", digests)
    monkeypatch.setattr(LocalStore, "peek_document", peek_document)
    assert verify(LocalStore(filled.root)).clean
    assert keys[0] == "collected"


def test_a_link_in_place_of_a_folder_of_objects_is_named_and_the_rest_is_read(filled, tmp_path):
    digest = output(filled, "fit")
    folder = filled.object_file(digest).parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    found = verify(filled)
    assert any(str(folder.name) in line for line in found.foreign)
    assert any(digest[:12] in line for line in found.missing)
    assert found.runs == len(filled.run_ids())
