"""The ingest stage, with a source of one's own."""

import pyarrow as pa
import pytest

from pipeline import StageError, turned_away
from schemas import Text
from stages import CsvFile, Ingest, Source


class Fragments(Source):
    """Some fragments of n rows each."""

    sizes: tuple[int, ...]

    def state(self):
        return {"sizes": list(self.sizes)}

    def read(self):
        for number, size in enumerate(self.sizes):
            rows = pa.table({"id": [f"{number}-{i}" for i in range(size)], "text": ["t"] * size, "label": ["a"] * size})
            yield rows, [turned_away(pa.table({"line": [number]}), "odd")]


def test_each_fragment_of_a_source_is_one_of_the_table_with_what_was_turned_away():
    table = Ingest[Text](source=Fragments(sizes=(2, 0, 1))).run()
    assert table.record is Text
    assert [fragment.num_rows for fragment in table.fragments] == [2, 0, 1]
    assert [part["row"].to_pylist() for part in table.turned_away] == [['{"line":0}'], ['{"line":1}'], ['{"line":2}']]


def test_the_state_of_the_source_is_what_the_stage_reads_from_outside():
    assert Ingest[Text](source=Fragments(sizes=(1,))).outside() == {"sizes": [1]}


def test_a_source_with_no_row_is_a_stage_error_that_names_it():
    with pytest.raises(StageError, match=r"source Fragments\(sizes=.*\) has no rows"):
        Ingest[Text](source=Fragments(sizes=(0, 0))).run()


def test_a_csv_file_of_a_header_alone_is_a_stage_error(tmp_path):
    (tmp_path / "rows.csv").write_text("id,text,label\n")
    with pytest.raises(StageError, match=r"source CsvFile\(path=.*rows\.csv\) has no rows"):
        Ingest[Text](source=CsvFile(path=tmp_path / "rows.csv")).run()


def test_the_fields_of_a_source_are_part_of_the_config():
    shown = Ingest[Text](source=Fragments(sizes=(1, 2))).model_dump(mode="json")
    assert shown == {"source": {"sizes": [1, 2]}}


@pytest.mark.parametrize("method", ["state", "read"])
def test_a_source_that_does_not_say_how_is_told_what_to_define(method):
    class Half(Source):
        pass

    with pytest.raises(TypeError, match=rf"source Half must define {method}\(self\)"):
        getattr(Half(), method)()
