"""Folders that the library `datasets` has written, read without it."""

import json
import os
import shutil
import subprocess
import sys

import pyarrow as pa
import pytest

from pipeline import LINE, SOURCE, Outside, StageError, UsageError
from pipeline.quarantine import without_origin
from schemas import Record
from stages import Ingest, SavedDataset

WRITE = """
import datasets, sys
from datetime import datetime
from decimal import Decimal
from datasets import Array2D, ClassLabel, Dataset, DatasetDict, Features, List, Value
datasets.disable_progress_bars()
label = ClassLabel(names=["ham", "spam"])
features = Features({
    "id": Value("int32"), "text": Value("string"), "label": label, "tags": List(label), "long": Value("large_string"),
    "inner": {"at": Value("timestamp[us]"), "n": Value("decimal128(10, 2)")}, "grid": Array2D((1, 2), "int32"),
})
def rows(n):
    columns = {
        "id": list(range(n)), "text": [f"text {i}" for i in range(n)], "label": [(0, 1, -1, None)[i % 4] for i in range(n)],
        "tags": [([1, 0], [], None, [-1])[i % 4] for i in range(n)], "long": ["é"] * n, "grid": [[[i, 2]] for i in range(n)],
        "inner": [{"at": datetime(2024, 2, 29), "n": Decimal("1.50")}] * n,
    }
    return Dataset.from_dict(columns, features=features)
whole = DatasetDict(train=rows(3000), test=rows(5).select([3, 1]), none=rows(0))
whole.save_to_disk(sys.argv[1] + "/whole", num_shards={"train": 3, "test": 1, "none": 1})
rows(4).save_to_disk(sys.argv[1] + "/one")
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    env = {**os.environ, "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder / "home")}
    subprocess.run([sys.executable, "-c", WRITE, str(folder)], check=True, env=env, timeout=120)
    return folder


@pytest.fixture
def saved(written, tmp_path):
    """A copy of what was written, to be damaged."""
    return shutil.copytree(written, tmp_path / "saved")


def read(source):
    """Rows and quarantined lines of all items."""
    parts = [part for name in source.state() for part in source.read(name)]
    rows = pa.concat_tables(rows for rows, _ in parts)
    return rows, [line for _, away in parts for part in away for line in part.to_pylist()]


def test_every_row_comes_with_its_types_and_the_names_of_its_classes(written):
    rows, away = read(SavedDataset(path=written / "one"))
    assert away == []
    assert without_origin(rows).drop_columns(["inner"]).to_pylist() == [
        {"id": i, "text": f"text {i}", "label": label, "tags": tags, "long": "é", "grid": [[i, 2]]}
        for i, (label, tags) in enumerate([("ham", ["spam", "ham"]), ("spam", []), (None, None), (None, [None])])
    ]
    assert str(rows.schema.field("inner").type) == "struct<at: timestamp[us], n: decimal128(10, 2)>"
    assert rows[LINE].to_pylist() == [1, 2, 3, 4]
    assert set(rows[SOURCE].to_pylist()) == {str(written / "one/data-00000-of-00001.arrow")}


def test_each_file_of_each_split_is_an_item_in_order_and_tells_its_split(written):
    source = SavedDataset(path=written / "whole", split_column="part")
    assert [name.removeprefix(f"{written}/whole/") for name in source.state()] == [
        *(f"train/data-0000{i}-of-00003.arrow" for i in range(3)), "test/data-00000-of-00001.arrow", "none/data-00000-of-00001.arrow",
    ]  # fmt: skip
    rows, _ = read(source)
    assert rows["id"].to_pylist() == [*range(3000), 3, 1]
    assert rows["part"].to_pylist() == ["train"] * 3000 + ["test"] * 2
    assert rows[LINE].to_pylist() == [*range(1, 1001)] * 3 + [1, 2]


def test_the_splits_that_are_asked_for_are_read_and_numbers_stay_where_they_are_wanted(written):
    rows, _ = read(SavedDataset(path=written / "whole", splits=("none", "test"), class_names=False))
    assert without_origin(rows).select(["id", "label", "tags"]).to_pylist() == [
        {"id": 3, "label": None, "tags": [-1]}, {"id": 1, "label": 1, "tags": []},
    ]  # fmt: skip


def test_neither_the_library_nor_pickle_is_imported(written):
    script = f"""
import sys
from pathlib import Path
from stages import SavedDataset
source = SavedDataset(path=Path({str(written / "one")!r}))
assert sum(rows.num_rows for name in source.state() for rows, _ in source.read(name)) == 4
print(sorted({{"datasets", "dill", "multiprocess", "torch"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


class Mail(Record):
    id: int
    text: str
    label: str | None
    part: str


def test_a_record_takes_the_columns_it_names(written):
    stage = Ingest[Mail](source=SavedDataset(path=written / "whole", split_column="part"))
    tables = [table for name, state in stage.outside().items() for table in stage.map(Outside(name, state))]
    kept = [Mail.sift(fragment)[0] for table in tables for fragment in table.fragments]
    assert pa.concat_tables(kept).num_rows == 3002
    assert [table.num_rows for table in kept] == [1000, 1000, 1000, 2, 0]


def test_a_number_that_no_class_has_turns_its_row_away(saved):
    info = saved / "one/dataset_info.json"
    document = json.loads(info.read_text())
    document["features"]["label"]["names"] = ["ham"]
    info.write_text(json.dumps(document))
    rows, away = read(SavedDataset(path=saved / "one"))
    assert rows["id"].to_pylist() == [0, 2, 3]
    assert [(line["rule"], line["column"], line["value"], line["line"]) for line in away] == [
        ("is the number of no class", "label", "1", 2)
    ]


def test_a_changed_file_changes_its_state_alone_and_changed_names_those_of_the_split(saved):
    source = SavedDataset(path=saved / "whole")
    before = source.state()
    shutil.copy(saved / "one/data-00000-of-00001.arrow", saved / "whole/test/data-00000-of-00001.arrow")
    after = source.state()
    assert [name.split("/")[-2] for name in before if before[name] != after[name]] == ["test"]
    info = saved / "whole/train/dataset_info.json"
    info.write_text(info.read_text().replace("ham", "good"))
    assert len([name for name in before if after[name] != source.state()[name]]) == 3


@pytest.mark.parametrize("keep", [0, 7, 100, -1, -8, -9, -400])
def test_a_file_that_is_cut_off_anywhere_is_a_stage_error(saved, keep):
    path = saved / "one/data-00000-of-00001.arrow"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StageError, match="is cut off"):
        read(SavedDataset(path=saved / "one"))


def test_a_file_of_anything_else_is_a_stage_error(saved):
    path = saved / "one/data-00000-of-00001.arrow"
    for content in (b"x" * 1000, b"\xff" * 1000, path.read_bytes()[:500] + b"\x7f" * 500):
        path.write_bytes(content + b"\xff\xff\xff\xff\0\0\0\0")
        with pytest.raises(StageError, match="is damaged after row 0"):
            read(SavedDataset(path=saved / "one"))


@pytest.mark.parametrize(
    "document",
    [
        "[]", "{", "{}", '{"_data_files": [{"filename": "../whole/test/data-00000-of-00001.arrow"}]}', '{"_data_files": [{"filename": "/etc/passwd"}]}',
        '{"_data_files": [{"filename": ".."}]}', '{"_data_files": ["x"]}', '{"_data_files": [{"filename": "gone.arrow"}]}',
        '{"_data_files": [{"filename": "link.arrow"}]}', '{"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_indices_data_files": ["i"]}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_description_that_is_no_such_thing_or_leads_out_is_a_usage_error(saved, document):
    (saved / "one/link.arrow").symlink_to(saved / "whole/test/data-00000-of-00001.arrow")
    (saved / "one/state.json").write_text(document)
    with pytest.raises(UsageError, match=r"save the dataset again|expected regular files|save it again"):
        SavedDataset(path=saved / "one").state()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"path": "nowhere"}, "is no saved dataset"),
        ({"path": "."}, "is no saved dataset"),
        ({"path": "one", "splits": ("train",)}, "one dataset without splits"),
        ({"path": "whole", "splits": ("trian",)}, "has no split 'trian'; did you mean 'train'"),
    ],
)
def test_mistakes_are_usage_errors(saved, fields, message):
    with pytest.raises(UsageError, match=message):
        SavedDataset(**{**fields, "path": saved / fields["path"]}).state()


def test_a_column_for_the_split_must_have_a_name_of_its_own(saved):
    with pytest.raises(StageError, match="has a column 'text' already"):
        read(SavedDataset(path=saved / "one", split_column="text"))
