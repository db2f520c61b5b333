"""`validate --record`: a file of any kind that a source reads, against a Record."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.validate import validate_file
from pipeline import UsageError

ROWS = [{"id": "1", "text": "hello", "label": "cat"}, {"id": "2", "text": "there", "label": ""}]
CSV = b"id,text,label\n1,hello,cat\n\n2,there,\n"
JSON = "".join(f"{json.dumps(row)}\n\n" for row in ROWS).encode()


def parquet():
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), buffer)
    return buffer.getvalue()


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("in.csv", CSV)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.csv", CSV, "line 4"),
        ("a.csv.gz", gzip.compress(CSV, mtime=0), "line 4"),
        ("a.tsv", CSV.replace(b",", b"\t"), "line 4"),
        ("a.csv.zip", zipped(), "line 4 of a.csv.zip/in.csv"),
        ("a.jsonl", JSON, "line 3"),
        ("a.ndjson.gz", gzip.compress(JSON, mtime=0), "line 3"),
        ("a.parquet", parquet(), "line 2"),
    ],
)
def test_a_file_of_every_kind_is_checked_and_what_is_turned_away_names_its_line(
    tmp_path, monkeypatch, capsys, name, content, place
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert validate_file("schemas:Text", name, as_json=False) == 3
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{name}: 2 rows, 1 keep schemas:Text, 1 do not" in shown
    assert f"'' ({place})" in shown
    assert "left out" not in shown


def test_several_files_are_one_table_and_each_row_names_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1.csv").write_bytes(CSV)
    (tmp_path / "2.csv").write_bytes(CSV.replace(b"1,", b"3,") + b"alone\n")
    assert validate_file("schemas:Text", "*.csv", as_json=True) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["accepted"]) == (5, 2)
    assert [(row["source"], row["line"]) for row in told["turned_away"]] == [("1.csv", 4), ("2.csv", 5), ("2.csv", 4)]


def test_columns_that_the_record_lacks_or_does_not_name_are_told(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("id,text,label,more\n1,a,b,c\n")
    assert validate_file("schemas:Text", str(tmp_path / "a.csv"), as_json=False) == 0
    assert "left out: more" in " ".join(capsys.readouterr().out.split())
    (tmp_path / "b.csv").write_text("id,text\n1,a\n")
    with pytest.raises(UsageError, match=r"is no table of schemas:Text: .*label"):
        validate_file("schemas:Text", str(tmp_path / "b.csv"), as_json=False)
