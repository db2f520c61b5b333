"""Each source through a real pipeline: rows in = rows out + rows quarantined, each of which says where it stood."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import Pipeline, Step
from schemas import Text
from stages import CsvFile, Ingest, JsonLines, ParquetFiles

GOOD = [{"id": f"r{i}", "text": f"some text {i}", "label": "a"} for i in range(50)]
BAD = {"id": "bad", "text": "no label", "label": ""}
ROWS = [*GOOD[:20], BAD, *GOOD[20:]]


def write_csv(path):
    lines = [f'{row["id"]},"{row["text"]}",{row["label"]}\n' for row in ROWS]
    path.write_text("id,text,label\n" + "".join(lines) + "ragged\n")
    return CsvFile(path=path), {22: "label", 53: None}


def write_json(path):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS) + "ragged\n")
    return JsonLines(path=path), {21: "label", 52: None}


def write_parquet(path):
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    return ParquetFiles(path=path), {21: "label"}


@pytest.mark.parametrize("write", [write_csv, write_json, write_parquet])
def test_every_row_comes_out_or_is_quarantined_with_its_file_and_line(store, tmp_path, write):
    source, expected = write(tmp_path / "rows")
    pipeline = Pipeline("p", Step("raw", Ingest[Text](source=source, fragment_rows=16)))
    outcome = pipeline.run(store.root).step("raw")
    assert (outcome.status, outcome.rows_out, outcome.rows_quarantined) == ("ran", len(GOOD), len(expected))
    parts = list(source.read(source.path))
    away = [part for _, rejected in parts for part in rejected]
    for rows, _ in parts:
        away.append(Text.sift(rows)[1])
    found = [row for part in away for row in part.to_pylist()]
    assert {row["line"]: row["column"] for row in found} == expected
    assert {row["source"] for row in found} == {str(tmp_path / "rows")}
    assert pipeline.run(store.root).step("raw").status == "reused"


def test_members_of_an_archive_with_other_columns_are_other_fragments(store, tmp_path, packed):
    path = tmp_path / "days.zip"
    path.write_bytes(packed("zip", {"1.csv": b"id,text,label\n1,a,b\n", "2.csv": b"label,id,more,text\nb,2,x,a\n"}))
    outcome = Pipeline("p", Step("raw", Ingest[Text](source=CsvFile(path=path)))).run(store.root).step("raw")
    assert (outcome.status, outcome.rows_out) == ("ran", 2)


@pytest.mark.parametrize(("source", "content"), [(CsvFile, b"id,text,label\n"), (JsonLines, b"\n\n")])
def test_a_file_without_rows_is_blocked_by_the_contract_or_fails(store, tmp_path, source, content):
    (tmp_path / "rows").write_bytes(content)
    run = Pipeline("p", Step("raw", Ingest[Text](source=source(path=tmp_path / "rows")))).run(store.root)
    assert run.step("raw").status in ("blocked", "failed")
