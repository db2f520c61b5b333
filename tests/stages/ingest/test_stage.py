"""The ingest stage, with a source of one's own."""

import pyarrow as pa
import pytest

from pipeline import Outside, Pipeline, Step, turned_away
from schemas import Text
from stages import CsvFile, Ingest, Source


class Days(Source):
    """Some rows a day, that come in parts of n."""

    days: dict[str, tuple[int, ...]]

    def state(self):
        return {day: str(sizes) for day, sizes in self.days.items()}

    def read(self, name):
        for number, size in enumerate(self.days[name]):
            ids = [f"{name}-{number}-{i}" for i in range(size)]
            rows = pa.table([ids, ["t"] * size, ["a"] * size], pa.schema([(n, pa.string()) for n in ("id", "text", "label")]))
            yield rows, [turned_away(pa.table({"line": [number]}), "odd")]


def ingested(fragment_rows: int, *sizes: int):
    stage = Ingest[Text](source=Days(days={"monday": sizes}), fragment_rows=fragment_rows)
    return list(stage.map(Outside("monday", "")))


@pytest.mark.parametrize(
    ("most", "sizes", "fragments"),
    [(4, (2, 1, 3, 4), [4, 4, 2]), (2, (5,), [2, 2, 1]), (3, (3, 3), [3, 3]), (9, (2, 0, 1), [3]), (2, (0, 0), [0])],
)
def test_an_item_is_cut_into_fragments_however_it_comes(most, sizes, fragments):
    tables = ingested(most, *sizes)
    assert [table.read().num_rows for table in tables] == fragments
    assert {table.record for table in tables} == {Text}
    ids = [row["id"] for table in tables for row in table.read().to_pylist()]
    assert ids == [f"monday-{number}-{i}" for number, size in enumerate(sizes) for i in range(size)]


def test_what_was_turned_away_on_the_way_is_told_once():
    away = [part["row"].to_pylist() for table in ingested(2, 2, 3, 1) for part in table.turned_away]
    assert away == [[f'{{"line":{number}}}'] for number in range(3)]


@pytest.mark.parametrize("sizes", [(2, 0), (2, 2, 0), (1, 1, 0, 0), (0, 0)])
def test_what_was_turned_away_behind_a_last_fragment_that_is_full_is_told_too(sizes):
    tables = ingested(2, *sizes)
    assert sum(part.num_rows for table in tables for part in table.turned_away) == len(sizes)
    assert sum(table.count() for table in tables) == sum(sizes)


def test_the_state_of_the_source_is_what_the_stage_reads_from_outside():
    assert Ingest[Text](source=Days(days={"monday": (1,)})).outside() == {"monday": "(1,)"}


def test_csv_files_without_rows_are_blocked_by_the_contract_unless_another_has_some(store, tmp_path):
    def days() -> Pipeline:
        return Pipeline("p", Step("raw", Ingest[Text](source=CsvFile(path=tmp_path / "*.csv"))))

    (tmp_path / "1.csv").write_text("id,text,label\n")
    outcome = days().run(store.root).step("raw")
    assert (outcome.status, outcome.rows_out) == ("blocked", 0)
    (tmp_path / "2.csv").write_text("id,text,label\n1,a,b\n")
    assert days().run(store.root).step("raw").rows_out == 1


def test_the_fields_of_a_source_are_part_of_the_config():
    shown = Ingest[Text](source=Days(days={"monday": (1, 2)}), fragment_rows=5).model_dump(mode="json")
    assert shown == {"source": {"days": {"monday": [1, 2]}}, "fragment_rows": 5}


def test_a_source_that_does_not_say_how_is_told_what_to_define():
    class Half(Source):
        pass

    with pytest.raises(TypeError, match=r"source Half must define state\(self\)"):
        Half().state()
    with pytest.raises(TypeError, match=r"source Half must define read\(self, name\)"):
        Half().read("x")
