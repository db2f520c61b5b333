"""Columns of another source under other names."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from pipeline import LINE, SOURCE, LocalStore, Pipeline, StageError, Step
from schemas import Text
from stages import Columns, CsvFile, Ingest, Source


class Rows(Source):
    """A source whose rows are in memory."""

    def state(self):
        return {"memory": 1}

    def read(self, name):
        rows = pa.table({SOURCE: ["memory"] * 3, LINE: [1, 2, 3], **COLUMNS})
        yield rows.slice(0, 2), []
        yield rows.slice(2), []


COLUMNS = {
    "v1": ["a ", "b", ""],
    "v2": ["one", "two", "three"],
    "number": pa.array([1.0, 2.5, None]),
    "nan": pa.array([float("nan"), 1e300, -3.0]),
    "exact": [Decimal("12345678901234567890.10"), Decimal("12345678901234567891.00"), None],
    "flag": [True, False, None],
    "text": ["own", "own", "own"],
    "deep": [{"inner": {"name": "x"}}, {"inner": None}, None],
}


def read(**config):
    return pa.concat_tables(rows for rows, _ in Columns(of=Rows(), **config).read("memory")).to_pydict()


def test_columns_take_other_names_and_the_others_keep_theirs():
    found = read(names={"text": "v2", "text_": "text"})
    assert found["text"] == ["one", "two", "three"]
    assert found["text_"] == ["own"] * 3
    assert found["v1"] == COLUMNS["v1"]
    assert "v2" not in found
    assert found[LINE] == [1, 2, 3]


def test_a_path_leads_into_nested_values():
    assert read(names={"name": "deep.inner.name"})["name"] == ["x", None, None]


def test_values_become_text_without_blanks_around_it():
    found = read(as_text=("v1", "number", "nan", "exact", "flag"))
    assert found["v1"] == ["a", "b", None]
    assert found["number"] == ["1", "2.5", None]
    assert found["nan"] == [None, "1e+300", "-3"]
    assert found["exact"] == ["12345678901234567890.1", "12345678901234567891", None]
    assert found["flag"] == ["true", "false", None]


def test_the_id_is_a_digest_of_what_it_is_made_from_and_of_nothing_else():
    one, two = read(id_from=("v2",)), read(id_from=("v2",), names={"other": "v1"})
    assert one["id"] == two["id"]
    assert len(set(one["id"])) == 3
    assert read(id_from=("text",))["id"][0] == read(id_from=("text",))["id"][2]
    assert len(set(read(id_from=("v1", "number"))["id"])) == 3


def test_the_id_of_a_row_that_was_put_right_is_that_of_a_row_read_so():
    source = Columns(of=Rows(), names={"text": "v1", "own": "text"}, as_text=("text",), id_from=("text",))
    (first, *_) = pa.concat_tables(rows for rows, _ in source.read("memory")).to_pylist()
    put_right = source.derive(pa.table({"id": ["of another text", None], "text": [" a", None]})).to_pylist()
    assert put_right[0] == {"id": first["id"], "text": "a"}
    assert source.derived() == {"id": ("text",)}
    assert source.derive(pa.table({"id": ["1"], "label": ["x"]})).to_pylist() == [{"id": "1", "label": "x"}]


def test_the_first_rows_alone_are_read():
    assert read(first=1)["v2"] == ["one"]
    assert read(first=3)["v2"] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"names": {"text": "v3"}}, "no column v3; known: deep, exact, flag, nan, number, text, v1, v2"),
        ({"names": {"text": "deep.outer.name"}}, "no outer at deep.outer.name"),
        ({"names": {"text": "v2.inner"}}, "no inner at v2.inner"),
        ({"as_text": ("v9",)}, "no column v9"),
        ({"id_from": ("v9",)}, "no column v9"),
        ({"as_text": ("deep",)}, "which is no text"),
    ],
)
def test_a_column_that_is_not_there_is_named(config, said):
    with pytest.raises(StageError, match=said):
        read(**config)


def test_it_is_ingested_as_any_source_and_a_renamed_column_reads_the_file_anew(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("v1,v2,v3\nham,hello,hallo\n")

    def ingest(column):
        source = Columns(of=CsvFile(path=file), names={"label": "v1", "text": column}, id_from=("text",))
        built = Pipeline("rows", Step("raw", Ingest[Text](source=source)))
        return built.run(str(tmp_path / "store")), LocalStore(tmp_path / "store")

    first, _ = ingest("v2")
    assert first.steps[0].rows_out == 1
    second, _ = ingest("v3")
    assert second.steps[0].status == "ran"
    assert second.steps[0].outputs != first.steps[0].outputs
