"""Where a row that a later step turned away stood in the file."""

from flows.trace import trace
from pipeline import Pipeline, Step, Table
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.stage import Port
from schemas import Record, Text
from schemas.text import Name
from stages import Clean, CsvFile, Deduplicate, Ingest


class Loose(Record):
    """Ids that may repeat."""

    id: str
    text: str
    label: Name


def places(store, folder, record, *lines: str, step="clean") -> dict[str, str]:
    (folder / "rows.csv").write_text("id,text,label\n" + "".join(f"{line}\n" for line in lines))
    pipeline = Pipeline(
        "p",
        Step("raw", Ingest[record](source=CsvFile(path=folder / "*.csv"))),
        Step("clean", Clean[record](min_chars=3), {"rows": "raw"}),
        Step("unique", Deduplicate[record](), {"rows": "clean"}),
    )
    outcome = pipeline.run(store.root).step(step)
    rows = load(store, outcome.quarantine, Port("q", Table, Quarantined)).read().to_pylist()
    return {row["value"]: trace(pipeline, step, rows).get(row["row"], "") for row in rows}


def test_a_row_is_found_by_its_key_also_behind_quoted_lines(store, tmp_path):
    found = places(store, tmp_path, Text, "1,good text,a", '2,"over\nlines",a', "3,x,b", "4,y,b")
    assert found == {"x": f"{tmp_path}/rows.csv:5", "y": f"{tmp_path}/rows.csv:6"}


def test_rows_of_one_id_are_told_together(store, tmp_path):
    (tmp_path / "a.csv").write_text("id,text,label\n1,same text,a\n")
    found = places(store, tmp_path, Loose, *["1,same text,a"] * 5, step="unique")
    assert found == {"same text": f"{tmp_path}/a.csv:2, {tmp_path}/rows.csv:2, 3, 4 and 2 more"}


def test_a_source_that_is_gone_tells_nothing(store, tmp_path):
    places(store, tmp_path, Text, "1,good text,a", "3,x,b")
    pipeline = Pipeline("p", Step("raw", Ingest[Text](source=CsvFile(path=tmp_path / "none.csv"))))
    assert trace(pipeline, "raw", [{"source": None, "row": '{"id":"3"}'}]) == {}
