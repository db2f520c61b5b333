"""quarantine show, export and replay, as people use them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.quarantine import _require_rows, replay
from flows.repair_file import cell_of, changed, read, write
from flows.spreadsheet import escaped, plain
from pipeline import Pipeline, Step, Table, UsageError
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.repairs import identity
from pipeline.stage import Port
from schemas import Record, Text
from stages import CsvFile, Ingest

ROWS = "id,text,label\n1,hello,cat\n2,,\n3,=1+1,\n4,<b>x</b>,\n5,too,many,fields\n6,bye,dog\n"


@pytest.fixture
def turned_away(project):
    """Four rows of six are turned away by the step that reads them."""
    project.write("animals.csv", ROWS)
    project.edit("zoo/flow.py", "checks=(KNOWN,)", "checks=()")
    assert project.brickwise("run", "zoo.flow:data").returncode == 0
    return project


def test_show_names_reasons_counts_rows_and_where_each_came_from(turned_away):
    shown = turned_away.brickwise("quarantine", "show", "zoo.flow:data", "raw").stdout
    assert "data.raw: 4 rows were turned away" in shown
    assert "3  label: is shorter than 1" in shown
    assert "1  has 4 fields, expected 3" in shown
    assert "animals.csv:6" in shown
    assert "next: brickwise quarantine export zoo.flow:data raw" in shown
    document = json.loads(turned_away.brickwise("quarantine", "show", "zoo.flow:data", "raw", "--json", "--limit", "1").stdout)
    assert (document["rows"], [(r["count"], len(r["rows"])) for r in document["reasons"]]) == (4, [(3, 1), (1, 1)])


def save(path, rows, *, delimiter=",", encoding="utf-8-sig"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def test_what_is_put_right_in_the_exported_file_is_merged(turned_away):
    told = turned_away.brickwise("quarantine", "export", "zoo.flow:data", "raw").stdout
    assert "4 rows in data-raw-quarantine.csv" in told
    path = turned_away.folder / "data-raw-quarantine.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    by_id = {row["id"]: row for row in rows}
    assert by_id["3"]["text"] == "'=1+1"
    by_id["2"]["label"], by_id["3"]["label"] = "cat", "dog"
    save(path, rows)
    done = turned_away.brickwise("quarantine", "replay", "zoo.flow:data", "raw")
    assert done.returncode == 0, done.stderr
    assert "2 rows put right, 2 left alone, 0 unknown; 2 rows are quarantined now, 4 before" in done.stdout
    assert "repairs: 2 rows put right" in done.stdout
    record = json.loads(turned_away.brickwise("run", "zoo.flow:data", "--json").stdout)
    assert [(step["rows_in"], step["rows_out"], step["rows_quarantined"]) for step in record["steps"][:2]] == [
        (None, 4, 2),
        (4, 4, 0),
    ]
    again = turned_away.brickwise("quarantine", "replay", "zoo.flow:data", "raw")
    assert (again.returncode, "changes no row" in again.stderr) == (2, True)
    by_id["2"]["label"] = ""  # a mistake, in the same file
    save(path, rows, delimiter=";", encoding="cp1252")
    done = turned_away.brickwise("quarantine", "replay", "zoo.flow:data", "raw")
    assert "1 rows put right, 3 left alone, 0 unknown; 3 rows are quarantined now, 2 before" in done.stdout
    assert "animals.csv:3" in turned_away.brickwise("quarantine", "show", "zoo.flow:data", "raw").stdout
    assert "2 repairs of data.raw taken back" in turned_away.brickwise("quarantine", "forget", "zoo.flow:data", "raw").stdout
    record = json.loads(turned_away.brickwise("run", "zoo.flow:data", "--json").stdout)
    assert record["steps"][0]["rows_quarantined"] == 4


def test_json_lines_are_exported_and_replayed_with_their_types(turned_away):
    path = turned_away.folder / "bad.jsonl"
    assert turned_away.brickwise("quarantine", "export", "zoo.flow:data", "raw", "bad.jsonl").returncode == 0
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {"_identity", "_rule", "_line", "text"} <= rows[0].keys()
    assert [(row["_raw"], row["text"]) for row in rows if row.get("_raw")] == [("5,too,many,fields", None)]
    path.write_text(
        "".join(json.dumps(row | {"id": row["id"] or "5", "text": row["text"] or "too", "label": "owl"}) + "\n" for row in rows)
    )
    done = turned_away.brickwise("quarantine", "replay", "zoo.flow:data", "raw", "bad.jsonl", "--json")
    document = json.loads(done.stdout)
    assert (document["repaired"], document["run"]["steps"][0]["rows_out"]) == (4, 6)


def test_rows_that_broke_a_check_are_shown_and_exported_all_of_them(project):
    project.write_data("cat", "dog", "eel")
    assert project.brickwise("run", "zoo.flow:data").returncode == 3
    words = ("zoo.flow:data", "tidy", "--check", "known animals")
    shown = project.brickwise("quarantine", "show", *words)
    assert "broke check 'known animals'" in shown.stdout
    count = int(shown.stdout.split(": ")[1].split()[0])
    assert project.brickwise("quarantine", "export", *words).returncode == 0
    with (project.folder / "data-tidy-quarantine.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows} == {"eel"}
    assert len(rows) == count > 20


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "zoo.flow:data", "rwa"), "did you mean 'raw'?"),
        (("show", "zoo.flow:data", "raw"), "never ran"),
        (("export", "zoo.flow:data", "raw"), "never ran"),
        (("replay", "zoo.flow:data", "raw"), "never ran"),
        (("list", "zoo.flow:data", "raw"), "invalid choice"),
        (("forget", "zoo.flow:data", "rwa"), "did you mean 'raw'?"),
        (("forget", "zoo.flow:data", "raw", "some.csv"), "quarantine forget takes no FILE"),
        (("replay", "zoo.flow:data", "raw", "--check", "limit"), "quarantine replay takes no"),
        (("export", "zoo.flow:data", "raw", "--json"), "quarantine export takes no"),
    ],
)
def test_a_mistake_is_told(project, words, told):
    project.write("animals.csv", ROWS)
    done = project.brickwise("quarantine", *words)
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bad.txt", "", "expected .csv or .jsonl"),
        ("gone.csv", None, "cannot be read"),
        ("bad.csv", "a,b\n1,2\n", "has no column _identity"),
        ("bad.csv", "_identity,b\n1\n", "1 cells, expected 2"),
        ("bad.jsonl", "[1]\n", "expected a JSON object with _identity"),
        ("bad.jsonl", '{"_identity": "none", "id": "1"}\n', "there is none in the quarantine of now"),
        ("bad.csv", b"_identity,b\n\xff,2\n", "there is none in the quarantine of now"),
        ("bad.jsonl", b'{"_identity": "\xff"}\n', "is no UTF-8"),
    ],
)
def test_a_file_that_is_not_as_exported_is_refused(turned_away, name, content, told):
    if content is not None:
        (turned_away.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = turned_away.brickwise("quarantine", "replay", "zoo.flow:data", "raw", name)
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_an_exported_file_is_not_overwritten(turned_away):
    for code in (0, 2):
        done = turned_away.brickwise("quarantine", "export", "zoo.flow:data", "raw")
        assert done.returncode == code
    assert "is there already" in done.stderr


@given(st.text(max_size=5) | st.text("'=+-@\t\r\nx", max_size=4))
def test_an_escaped_cell_starts_no_formula_and_reads_back_as_it_was(cell):
    assert plain(escaped(cell)) == cell
    assert not escaped(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


VALUES = st.none() | st.text(max_size=3) | st.integers() | st.booleans() | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_a_row_that_nobody_changed_is_no_repair(values):
    row = json.dumps(values)
    assert changed(row, {name: cell_of(value) for name, value in values.items()}) is None
    assert changed(row, values) is None


@pytest.mark.parametrize(
    ("before", "cells", "after"),
    [
        ({"n": None, "t": "a"}, {"n": "", "t": "b"}, {"n": None, "t": "b"}),
        ({"n": 1, "t": "a"}, {"n": "2", "t": "a"}, {"n": "2", "t": "a"}),
        ({"l": [1]}, {"l": "[1, 2]"}, {"l": [1, 2]}),
        ({"l": [1]}, {"l": "oops"}, {"l": "oops"}),
        ({"text": "2,x"}, {"text": "2,x", "id": "2"}, {"text": "2,x", "id": "2"}),
    ],
)
def test_what_was_changed_is_taken_and_the_rest_keeps_its_type(before, cells, after):
    assert json.loads(changed(json.dumps(before), cells)) == after


class Tagged(Record):
    id: str
    tags: list[int]


@pytest.mark.parametrize("cell", ["oops", "1", [["a"]]])
def test_a_repair_that_no_column_can_hold_is_refused_before_it_is_kept_with_its_line(cell):
    good, bad = json.dumps({"id": "1", "tags": [1]}), json.dumps({"id": "2", "tags": cell})
    with pytest.raises(UsageError, match=r"rows\.csv, line 3: .*nothing was replayed"):
        _require_rows(Tagged, Path("rows.csv"), [(2, good), (3, bad)])


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_text_with_line_ends_of_any_kind_is_read_back_as_it_was(tmp_path, name):
    text = "a\x85b\u2028c\u2029d\x0be\nf\r\ng"
    row = {"rule": "r", "column": None, "value": text, "source": "a.csv", "line": 2, "key": None}
    row["row"] = json.dumps({"text": text}, ensure_ascii=False)
    assert write(tmp_path / name, [row], ["text"], {}) == 1
    ((_, named, values),) = read(tmp_path / name)
    assert (named, values) == (identity(row), {"text": text})


def test_of_two_rows_that_are_the_same_each_is_put_right_and_put_right_anew(store, tmp_path):
    (tmp_path / "rows.csv").write_text("id,text,label\n1,one,\n1,one,\n3,three,a\n")
    pipeline = Pipeline("p", Step("raw", Ingest[Text](source=CsvFile(path=tmp_path / "rows.csv"))))
    away = load(store, pipeline.run(store.root).step("raw").quarantine, Port("q", Table, Quarantined)).read().to_pylist()
    assert len({identity(row) for row in away}) == 1

    def put_right(*labels):
        rows = [{"_identity": identity(away[0]), "id": f"1{label}", "label": label} for label in labels]
        (tmp_path / "repairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        replay(pipeline, store, "raw", tmp_path / "repairs.jsonl", origin="p", as_json=False)
        outcome = pipeline.run(store.root).step("raw")
        return load(store, outcome.outputs["rows"], Port("rows", Table, Text)).read()["label"].to_pylist()

    assert sorted(put_right("b")) == ["a", "b"]
    assert sorted(put_right("c", "d")) == ["a", "c", "d"]
