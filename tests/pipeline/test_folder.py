"""An artifact to a folder of its own and back, also from a stranger."""

import json
import os
import pickle
import resource
import threading

import pytest

from pipeline import LocalStore, Model, Report, StageError, StoreError, UsageError
from pipeline.digest import canonical, digest_bytes
from pipeline.publish import load, save
from pipeline.stage import Port
from pipeline.store import durable

HEAD = b'{"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}'
WEIGHTS = len(HEAD).to_bytes(8, "little") + HEAD + b"abc"
FILES = {"weights.safetensors": WEIGHTS, "tokens.tokenizer.json": b"{}", "a/terms.json": b"[1]", "größe.json": b"2"}
FACTS = {"family": "net", "classes": ["a", "ü"], "share": 0.25}


@pytest.fixture
def folder(tmp_path):
    """A saved model."""
    return Model(facts=FACTS, files=FILES).save(tmp_path / "model")


def forge(folder, **changes):
    """Rewrite facts.json as its writer would, so that its digest fits."""
    document = json.loads((folder / "facts.json").read_text())
    document.pop("digest")
    document |= changes
    (folder / "facts.json").write_text(json.dumps({"digest": digest_bytes(canonical(document)), **document}))


def entry(name, data):
    return {"name": name, "digest": digest_bytes(data), "bytes": len(data)}


def test_what_is_saved_is_loaded(folder):
    model = Model.load(str(folder))
    assert (dict(model.facts), {name: model.read(name) for name in model.files}) == (FACTS, FILES)
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_loaded_model_has_the_digest_that_its_store_gives_it(folder, store: LocalStore):
    with store.lease():
        digest = save(store, Model(facts=FACTS, files=FILES))
        stored = load(store, digest, Port("model", Model))
        again = stored.save(folder.parent / "again")
    assert Model.load(folder).digest == Model.load(again).digest == digest


def test_saving_the_same_again_changes_nothing_and_anything_else_is_refused(folder):
    before = (folder / "facts.json").stat().st_mtime_ns
    (folder / "model.onnx").write_bytes(b"beside it")
    assert Model(facts=FACTS, files=FILES).save(folder) == folder
    assert (folder / "facts.json").stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="model is there already, and holds something else"):
        Model(facts=FACTS, files={}).save(folder)
    (folder / "a/terms.json").write_bytes(b"[2]")
    with pytest.raises(UsageError, match="holds something else"):
        Model(facts=FACTS, files=FILES).save(folder)


def test_an_empty_folder_is_filled_and_the_folders_above_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    assert Model.load(Model(files=FILES).save(tmp_path / "empty")).read("a/terms.json") == b"[1]"
    assert Model.load(Model().save(tmp_path / "deep/er/model")).files == {}


def test_a_save_that_is_cut_off_leaves_nothing(tmp_path, monkeypatch):
    def full(operation, path, target):
        if operation == "rename" and path.name.startswith(".model"):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "watch", full)
    with pytest.raises(UsageError, match="model: No space left on device; mend that, or name another folder"):
        Model(files=FILES).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"?"], ids=["cut", "changed"])
def test_a_damaged_file_is_refused_by_name(folder, name, damage):
    (folder / name).write_bytes(damage(FILES[name]))
    with pytest.raises((StoreError, UsageError), match=name):
        Model.load(folder)


def test_a_file_that_is_damaged_after_it_was_loaded_is_refused_when_it_is_read(folder):
    model = Model.load(folder)
    (folder / "a/terms.json").write_bytes(b"[2]")
    with pytest.raises(StoreError, match=r"terms\.json is gone or was changed"):
        model.read("a/terms.json")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"digest": "x"}', b"null"])
def test_facts_that_are_damaged_are_refused(folder, data):
    (folder / "facts.json").write_bytes(data)
    with pytest.raises(StoreError, match=r"facts\.json is not what was written"):
        Model.load(folder)


def test_a_changed_fact_is_refused(folder):
    (folder / "facts.json").write_text((folder / "facts.json").read_text().replace("0.25", "0.75"))
    with pytest.raises(StoreError, match=r"facts\.json is not what was written"):
        Model.load(folder)


@pytest.mark.parametrize("changes", [{"files": {}}, {"files": [{}]}, {"files": [5]}, {"facts": []}, {"more": 1}])
def test_facts_of_another_shape_are_refused(folder, changes):
    forge(folder, **changes)
    with pytest.raises(UsageError, match="is no manifest; expected kind, facts, and files"):
        Model.load(folder)


def test_facts_without_end_are_refused_unread(folder):
    os.truncate(folder / "facts.json", 2**40)
    with pytest.raises(UsageError, match="1,099,511,627,776 bytes, expected at most"):
        Model.load(folder)


def test_another_kind_is_refused(folder):
    with pytest.raises(UsageError, match="holds a Model, expected a Report"):
        Report.load(folder)


@pytest.mark.parametrize("name", ["nothing", "model/facts.json"])
def test_no_folder_is_a_message(folder, name):
    with pytest.raises(UsageError, match=r"has no facts\.json"):
        Model.load(folder.parent / name)


OUT = [
    "../outside.json",
    "/etc/hostname",
    "a/../../outside.json",
    "a//b",
    "./a",
    "a\\b",
    "a\0b",
    ".hidden",
    "",
    "facts.json",
    "a/",
    "a\nb",
]


@pytest.mark.parametrize("name", OUT)
def test_a_name_that_leads_elsewhere_is_refused_both_ways(folder, name):
    (folder.parent / "outside.json").write_bytes(b"[]")
    forge(folder, files=[entry(name, b"[]")])
    with pytest.raises(UsageError, match="cannot name a file of an artifact"):
        Model.load(folder)
    with pytest.raises(UsageError, match="cannot name a file of an artifact"):
        Model(files={name: b"[]"}).save(folder.parent / "other")
    assert not (folder.parent / "other").exists()


@pytest.mark.parametrize("name", ["facts.json", "a/terms.json"])
def test_a_link_is_never_followed(folder, name):
    (folder / name).rename(folder.parent / "elsewhere")
    (folder / name).symlink_to(folder.parent / "elsewhere")
    with pytest.raises(UsageError, match="is a link or no plain file"):
        Model.load(folder)


def test_a_folder_that_is_a_link_is_never_followed(folder):
    (folder / "a").rename(folder.parent / "elsewhere")
    (folder / "a").symlink_to(folder.parent / "elsewhere")
    with pytest.raises(UsageError, match="is a link or no plain file"):
        Model.load(folder)


def test_a_pipe_in_place_of_a_file_is_refused_and_keeps_nobody_waiting(folder):
    (folder / "a/terms.json").unlink()
    os.mkfifo(folder / "a/terms.json")
    with pytest.raises(UsageError, match="is a link or no plain file"):
        Model.load(folder)


class Trap:
    """Unpickled, it would make a file."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_code_in_a_strangers_folder_is_not_looked_at(folder, tmp_path):
    marker = tmp_path / "ran"
    run = f"import os; os.mkdir({str(marker)!r})"
    for name in ("__init__.py", "model.py", "modeling_net.py", "sitecustomize.py", "a/conftest.py"):
        (folder / name).write_text(run)
    for name in ("weights.pkl", "pytorch_model.bin", "model.joblib"):
        (folder / name).write_bytes(pickle.dumps(Trap(marker)))
    os.mkfifo(folder / "weights.pt")  # whoever opened it would wait for ever
    loaded = []
    thread = threading.Thread(target=lambda: loaded.append(Model.load(folder)), daemon=True)
    thread.start()
    thread.join(20)
    assert [set(model.files) for model in loaded] == [set(FILES)]
    assert not marker.exists()
    assert not list(folder.rglob("*.pyc"))


@pytest.mark.parametrize("size", [2**30 + 8, 120], ids=["a file of 1 GB", "a file that is short"])
def test_a_header_of_a_gigabyte_is_refused_without_taking_memory(folder, size):
    path = folder / "weights.safetensors"
    path.write_bytes((2**30).to_bytes(8, "little"))
    os.truncate(path, size)
    forge(folder, files=[{"name": path.name, "digest": "0" * 64, "bytes": size}])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UsageError, match="claims a header of 1,073,741,824 bytes"):
        Model.load(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_facts_that_are_no_json_are_refused(tmp_path):
    with pytest.raises(StageError, match="the facts of a Model are no JSON"):
        Model(facts={"share": float("nan")}).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
