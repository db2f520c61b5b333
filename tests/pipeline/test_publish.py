import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import DamagedError, LocalStore, Model, Report, StageError, Table
from pipeline.publish import load, manifest, missing, save
from pipeline.stage import Port
from schemas import Record

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
FACTS = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | TEXT | st.lists(st.floats(-1e9, 1e9)), max_size=4)


class Row(Record):
    n: int | None
    text: str


ROWS, MODEL = Port("rows", Table, Row), Port("model", Model)


def fragment(*texts: str) -> pa.Table:
    return pa.table({"n": pa.array(range(len(texts)), pa.int64()), "text": pa.array(texts, pa.string())})


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> LocalStore:
    return LocalStore(tmp_path_factory.mktemp("store"))


@settings(max_examples=30)
@given(st.lists(st.lists(TEXT, max_size=5), min_size=1, max_size=4))
def test_a_table_reads_back_with_its_rows_and_fragments_in_order(shared, fragments):
    stored = load(shared, save(shared, Table.of(Row, *(fragment(*texts) for texts in fragments))), ROWS)
    assert [part.read()["text"].to_pylist() for part in stored.split()] == fragments
    assert stored.read() == pa.concat_tables(fragment(*texts) for texts in fragments)
    assert stored.record is Row


@settings(max_examples=25)
@given(FACTS, st.dictionaries(st.sampled_from(["a", "b.json", "c"]), st.binary(max_size=50)))
def test_an_artifact_reads_back_with_its_facts_and_files(shared, facts, files):
    digest = save(shared, Model(facts=facts, files=files))
    found = load(LocalStore(shared.root), digest, MODEL)
    assert type(found) is Model
    assert (found.facts, found.digest) == (facts, digest)
    assert {name: found.read(name) for name in found.files} == files


def test_the_same_artifact_has_the_same_digest_and_any_change_another(store):
    one = Table.of(Row, fragment("a", "b"))
    assert save(store, one) == save(store, Table.of(Row, fragment("a", "b")))
    others = [
        Table.of(Row, fragment("a"), fragment("b")),
        Table.of(Row, fragment("b", "a")),
        Model(facts={"n": 1}),
        Model(facts={"n": 2}),
        Model(facts={"n": 1}, files={"x": b""}),
        Report(facts={"n": 1}),
    ]
    assert len({save(store, one), *(save(store, other) for other in others)}) == 7


def test_a_stored_artifact_is_stored_again_under_the_same_digest(store):
    digest = save(store, Model(facts={"n": 1}, files={"x": b"1"}))
    assert save(store, load(store, digest, MODEL)) == digest


def test_a_manifest_has_kind_facts_and_files(store):
    digest = save(store, Table.of(Row, fragment("a", "b"), fragment("c")))
    found = manifest(store, digest)
    assert found["kind"] == "Table"
    assert found["facts"] == {"rows": 3, "columns": {"n": "int64 | null", "text": "string"}}
    assert [(file["name"], file["rows"]) for file in found["files"]] == [("00000.parquet", 2), ("00001.parquet", 1)]
    assert all(store.size(file["digest"]) == file["bytes"] for file in found["files"])


def test_an_artifact_of_another_kind_is_refused(store):
    digest = save(store, Report(facts={"n": 1}))
    with pytest.raises(StageError, match=f"object {digest[:12]} is a Report, expected Model"):
        load(store, digest, MODEL)


def test_facts_that_json_does_not_have_are_refused(store):
    for facts in ({"loss": float("inf")}, {"array": b"1"}):
        with pytest.raises(StageError, match="the facts of a Model are no JSON"):
            save(store, Model(facts=facts))


def test_of_an_artifact_the_first_file_that_is_gone_is_missing_or_its_manifest(store):
    digest = save(store, Model(files={"x": b"1", "y": b"2"}))
    file = manifest(store, digest)["files"][0]["digest"]
    assert missing(store, [digest]) is None
    store._object(file).unlink()
    assert missing(store, [digest]) == file
    save(store, Model(files={"x": b"1", "y": b"2"}))
    assert missing(store, [digest]) is None
    store._object(digest).unlink()
    assert missing(store, [digest]) == digest


def test_a_damaged_file_is_not_read(store):
    digest = save(store, Model(files={"x": b"1"}))
    path = store._object(manifest(store, digest)["files"][0]["digest"])
    path.chmod(0o644)
    path.write_bytes(b"2")
    with pytest.raises(DamagedError, match="was damaged"):
        load(store, digest, MODEL).read("x")
