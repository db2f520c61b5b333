"""`brickwise new`, from a file to a package whose test passes."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.quarantine import export, replay
from pipeline import LocalStore, Pipeline, Table, UsageError
from pipeline.publish import load
from pipeline.stage import Port

ROOT = Path(__file__).parents[3]


def sifted(here, name, data_steps=("raw", "clean", "unique", "split")):
    """Run the data steps of a package made here: step -> (rows out, rows quarantined)."""
    whole = here.load(f"{name}.flow:{name}")
    done = Pipeline(name, *[whole.steps[step] for step in data_steps]).run(str(here.folder / "store"))
    assert done.status == "done", [step.error or step.receipts for step in done.steps]
    return {step.name: (step.rows_out, step.rows_quarantined) for step in done.steps}


def python(here, *arguments, folder=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "PYTEST", "COV"))}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder or here.folder, env=environment, capture_output=True, text=True
    )


def test_the_package_passes_its_own_test_the_linter_the_formatter_and_the_type_checker(here, reviews):
    here.csv("reviews.csv", ["review", "class"], reviews(300))
    printed = here.new("films", "reviews.csv", "review", "class")
    assert "brickwise run films.flow:films" in printed
    tested = python(here, "-m", "pytest", "-q", "-p", "no:cacheprovider", "films")
    assert "5 passed" in tested.stdout, tested.stdout + tested.stderr
    settings = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "films"]
    for command in (["check", *settings], ["format", "--check", *settings]):
        checked = python(here, "-m", "ruff", *command)
        assert checked.returncode == 0, checked.stdout
    alone = ["--follow-imports=skip", "--ignore-missing-imports", "--allow-subclassing-any", "--allow-untyped-decorators"]
    typed = python(here, "-m", "mypy", "--strict", *alone, "--config-file=", f"--cache-dir={os.devnull}", "-p", "films")
    assert typed.returncode == 0, typed.stdout


def test_the_test_of_a_package_passes_from_any_folder(here, reviews, tmp_path):
    here.csv("reviews.csv", ["review", "class"], reviews(60))
    here.new("films", "reviews.csv", "review", "class")
    tested = python(here, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(here.folder / "films"), folder=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_what_it_says_will_be_quarantined_is_quarantined(here, reviews):
    rows = reviews(300)
    rows[3][1], rows[4][1], rows[5][0], rows[7][0] = "", "  ", "", "..."
    rows += [rows[0], ["film number 0 was lovely indeed", "bad"]]
    here.csv("reviews.csv", ["review", "class"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    away = {(one["step"], one["column"], one["rule"]): one["rows"] for one in told["quarantined"]}
    assert away == {
        ("raw", "label", "is null"): 2,
        ("clean", "text", "is shorter than 1 characters"): 1,
        ("clean", "text", "has no letters"): 1,
        ("unique", "text", "repeats an earlier text"): 2,
    }
    assert told["rows"] == 302
    assert told["conflicts"] == 3
    assert sifted(here, "films") == {"raw": (300, 2), "clean": (298, 2), "unique": (296, 2), "split": (296, 0)}
    assert told["left"] == 296 == sum(told["labels"].values())


def test_an_id_of_the_data_is_the_id_and_a_digest_of_the_text_elsewhere(here, reviews):
    rows = [[1000 + i, *row] for i, row in enumerate(reviews(300))]
    here.csv("with.csv", ["review_id", "review", "class"], rows)
    here.csv("repeated.csv", ["review_id", "review", "class"], [*rows, [1000, "quite another text", "good"]])
    assert "the id is the column review_id" in here.new("films", "with.csv", "review", "class")
    assert here.load("films.records:FilmsRow").key() == ("id",)
    sifted(here, "films")
    assert "the id is a digest" in here.new("shows", "repeated.csv", "review", "class")
    assert here.load("shows.records:ShowsRow").columns()["review_id"] == "int64"
    sifted(here, "shows")


def test_columns_that_only_come_along_cost_no_row(here, reviews):
    kinds = {
        "stars": lambda i: i % 5,
        "price": lambda i: i / 4,
        "seen": lambda i: "yes" if i % 2 else "no",
        "day": lambda i: f"2024-02-{i % 28 + 1:02}",
        "zip": lambda i: f"0{1000 + i}",
        "genre": lambda i: ("drama", "comedy")[i % 2],
        "late": lambda i: i if i < 11_000 else "many",
        "gaps": lambda i: i if i % 3 else "",
        "nothing": lambda i: "",
        "Unnamed: 9": lambda i: "x" if i == 5 else "",
    }
    rows = [[*row, *(make(i) for make in kinds.values())] for i, row in enumerate(reviews(12_000))]
    here.csv("reviews.csv", ["review", "class", *kinds], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    assert {one["field"]: one["type"] for one in told["columns"]} == {
        "text": "str",
        "label": "Label",
        "stars": "Annotated[int, Field(ge=0)]",
        "price": "float",
        "seen": "bool",
        "day": "date",
        "zip": "str",
        "genre": 'Literal["comedy", "drama"]',
        "late": "str",
        "gaps": "Annotated[int, Field(ge=0)] | None",
    }
    assert set(told["left_out"]) == {"nothing", "Unnamed: 9"}
    assert told["sample"] == 10_000
    assert not told["quarantined"]
    assert sifted(here, "films")["unique"] == (12_000, 0)


def test_names_and_values_of_the_data_are_never_code(here):
    evil = ['x"); import os #', '"""\nimport os\n"""', "class", "{0}", "\\", "'", "a\rb", "del"]
    labels = ['"""', 'it\'s\n"so"', "\\", "{x}", "\x1b[31m", "'''", "‮", "é"]
    rows = [
        [f"text {i} of {labels[i % 8]!a} here", labels[i % 8], *(f"{name} {i % 2}" for name in evil[2:])] for i in range(400)
    ]
    here.csv('a "b" \\ c.csv', evil, rows)
    told = json.loads(here.new("evil", 'a "b" \\ c.csv', evil[0], evil[1], as_json=True))
    assert set(told["labels"]) == set(labels)
    assert sifted(here, "evil")["split"] == (400, 0)
    here.load("evil.test_flow:ROW")
    settings = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "evil"]
    for command in (["check", *settings], ["format", "--check", *settings]):
        checked = python(here, "-m", "ruff", *command)
        assert checked.returncode == 0, checked.stdout


def test_groups_stay_together(here, reviews):
    here.csv("reviews.csv", ["review", "class", "critic"], [[*row, f"critic {i % 30}"] for i, row in enumerate(reviews(600))])
    assert "stay together" in here.new("films", "reviews.csv", "review", "class", "critic")
    assert here.load("films.flow:films").steps["split"].stage.by == "critic"
    assert sifted(here, "films")["split"] == (600, 0)


@pytest.mark.parametrize(
    ("header", "change", "arguments", "said"),
    [
        (["review", "class"], None, ("reveiw", "class"), "no column reveiw; did you mean 'review'"),
        (["review", "class"], None, ("review", "review"), "is the text already"),
        (["review", "class"], None, ("review", "class", "critic"), "--group: the data has no column critic"),
        (["review", "class"], lambda i, row: [row[0], "same"], ("review", "class"), r"has 1 label \(same\)"),
        (["review", "class"], lambda i, row: [row[0], ""], ("review", "class"), "is empty in all rows"),
        (["review", "class"], lambda i, row: ["", row[1]], ("review", "class"), "is empty in all rows"),
        (["review", "class"], lambda i, row: [i, row[1]], ("review", "class"), "has no letters"),
        (["review", "class"], lambda i, row: [row[0], i * 1.5], ("review", "class"), "those are no classes"),
        (["review", "class"], lambda i, row: ["one and the same", row[1]], ("review", "class"), "has only 1 different text"),
        (["review", "class", "who"], lambda i, row: [*row, "me"], ("review", "class", "who"), "expected at least 3"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(here, reviews, header, change, arguments, said):
    rows = [change(i, row) if change else row for i, row in enumerate(reviews(60))]
    here.csv("reviews.csv", header, rows)
    with pytest.raises(UsageError, match=said):
        here.new("films", "reviews.csv", *arguments)
    assert [path.name for path in here.folder.iterdir()] == ["reviews.csv"]


def test_a_file_that_is_missing_empty_or_only_a_header_is_refused(here):
    (here.folder / "empty.csv").touch()
    here.csv("header.csv", ["review", "class"], [])
    (here.folder / "array.json").write_text('[{"review": "fine", "class": 1}]')
    for name, said in (
        ("array.json", "no rows to learn from: a line is no JSON object but a list"),
        ("missing.csv", "missing.csv"),
        ("empty.csv", "is empty"),
        ("header.csv", "no rows"),
    ):
        with pytest.raises(UsageError, match=said):
            here.new("films", name, "review", "class")


def test_a_path_within_the_folder_is_written_relative_to_it(here, reviews):
    here.csv("reviews.csv", ["review", "class"], reviews(300))
    here.new("films", str(here.folder / "reviews.csv"), "review", "class")
    assert 'path="reviews.csv"' in (here.folder / "films/flow.py").read_text()


def test_the_same_data_gives_the_same_package(here, reviews):
    here.csv("reviews.csv", ["review", "class"], reviews(300))
    texts = []
    for name in ("films", "shows"):
        here.new(name, "reviews.csv", "review", "class")
        files = sorted((here.folder / name).iterdir())
        texts.append([file.read_text().replace(name, "N").replace(name.title(), "N") for file in files])
    assert texts[0] == texts[1]


def test_a_file_without_a_header_is_told_its_columns_by_their_places(here, reviews):
    (here.folder / "reviews.tsv").write_text(
        "".join(f"{label}\t{text}, {i}\t{i}\n" for i, (text, label) in enumerate(reviews(300)))
    )
    assert "no header" in here.new("films", "reviews.tsv", "2", "column_1")
    assert sifted(here, "films")["raw"] == (300, 0)


def test_a_place_means_the_column_there_also_where_there_is_a_header(here, reviews):
    here.csv("reviews.csv", ["review", "class"], reviews(300))
    told = json.loads(here.new("films", "reviews.csv", "1", "2", as_json=True))
    assert [one["column"] for one in told["columns"]] == ["review", "class"]
    assert told["rows"] == 300


def test_a_header_that_names_a_column_twice_or_not_at_all_is_put_right(here, reviews):
    rows = [[i, "", text, label, ""] for i, (text, label) in enumerate(reviews(300))]
    here.csv("reviews.csv", ["", "text", "text", "class", "class"], rows)
    assert "names text twice" in here.new("films", "reviews.csv", "text_2", "class")
    assert sifted(here, "films")["raw"] == (300, 0)


def test_a_header_that_names_a_column_twice_is_looked_at_in_every_run(here, reviews):
    rows = [[text, f"answer {i}", f"other {i}", label] for i, (text, label) in enumerate(reviews(300))]
    here.csv("reviews.csv", ["Question", "Answer", "Answer", "label"], rows)
    here.new("films", "reviews.csv", "Question", "label")
    assert sifted(here, "films")["raw"] == (300, 0)
    here.csv("reviews.csv", ["Answer", "Question", "Answer", "label"], [[b, a, *more] for a, b, *more in rows])
    done = here.load("films.flow:films").run(str(here.folder / "store"))
    assert done.status == "failed"
    assert "its header is ['Answer', 'Question'" in str(done.steps[0].error)


def test_words_for_no_value_and_blanks_are_seen_and_a_label_is_never_one(here, reviews):
    rows = [
        [text, "NA" if label == "bad" else "?", " ?" if i % 9 == 0 else " clerk", " NA" if i % 7 == 0 else f" {i}", " NA"]
        for i, (text, label) in enumerate(reviews(300))
    ]
    here.csv("reviews.csv", ["review", "class", "job", "age", "land"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    assert told["labels"] == {"?": 200, "NA": 100}
    kinds = {one["field"]: (one["type"], one["missing"]) for one in told["columns"]}
    assert kinds["age"] == ("str", 0)
    here.csv(
        "jobs.csv",
        ["review", "class", "job", "age"],
        [[row[0], label, *row[2:4]] for row, (_, label) in zip(rows, reviews(300), strict=True)],
    )
    told = json.loads(here.new("jobs", "jobs.csv", "review", "class", as_json=True))
    kinds = {one["field"]: (one["type"], one["missing"]) for one in told["columns"]}
    assert kinds["age"] == ("Annotated[int, Field(ge=0)] | None", 43)
    assert kinds["job"] == ("str | None", 34)


@pytest.mark.parametrize("packed", ["", ".gz", ".zip"])
def test_nested_json_lines_packed_or_not(here, reviews, packed):
    lines = [
        {
            "id": f"r{i}",
            "body": {"text": text, "spans": [{"at": 1}]},
            "class": {"main": int(label == "good")},
            "tags": ["a"] * (i % 3),
        }
        for i, (text, label) in enumerate(reviews(300))
    ]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode() + b"{broken\n"
    name = f"reviews.jsonl{packed}" if packed != ".zip" else "reviews.zip"
    if packed == ".zip":
        with zipfile.ZipFile(here.folder / name, "w") as archive:
            archive.writestr("reviews.jsonl", data)
    else:
        (here.folder / name).write_bytes(gzip.compress(data) if packed else data)
    told = json.loads(here.new("films", name, "body.text", "class.main", as_json=True))
    assert set(told["labels"]) == {"0", "1"}
    assert told["left_out"].keys() == {"body.spans"}
    assert {one["field"]: one["type"] for one in told["columns"]}["tags"] == "list[str]"
    assert sifted(here, "films")["raw"] == (300, 1)


def test_parquet_of_types_that_no_record_has(here, reviews):
    texts, labels = zip(*reviews(300), strict=True)
    pq.write_table(
        pa.table(
            {
                "Text": pa.array(texts, pa.large_string()),
                "spam": pa.array([label == "bad" for label in labels]),
                "when": pa.array(range(300), pa.timestamp("ns")),
                "kind": pa.array(["a", "b", None] * 100).dictionary_encode(),
                "price": pa.array([Decimal(i) / 100 + Decimal(12345678901234567) for i in range(300)], pa.decimal128(25, 2)),
                "raw": pa.array([b"\0"] * 300),
                "nothing": pa.nulls(300),
            }
        ),
        here.folder / "reviews.parquet",
    )
    told = json.loads(here.new("films", "reviews.parquet", "Text", "spam", as_json=True))
    assert set(told["labels"]) == {"true", "false"}
    assert told["left_out"].keys() == {"raw", "nothing"}
    assert {one["field"]: one["type"] for one in told["columns"]} == {
        "text": "str", "label": "Label", "when": "str", "kind": 'Literal["a", "b"] | None', "price": "Annotated[Decimal, Field(max_digits=25, decimal_places=2)]",
    }  # fmt: skip
    (when,) = (one for one in told["columns"] if one["field"] == "when")
    assert "timestamp[ns] in the data, which no Record has: kept as text" in when["seen"]
    assert sifted(here, "films")["raw"] == (300, 0)
    tested = python(here, "-m", "pytest", "-q", "-p", "no:cacheprovider", "films")
    assert tested.returncode == 0, tested.stdout


def test_labels_that_turn_up_late_or_with_blanks_are_labels_all_the_same(here, reviews):
    rows = reviews(12_000)
    rows[11_000][1], rows[11_001][1] = " good", "so-so"
    here.csv("reviews.csv", ["review", "class"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    assert set(told["labels"]) == {"good", "bad", "so-so"}
    assert not told["quarantined"]
    assert sifted(here, "films")["raw"] == (12_000, 0)


def test_ten_rows_are_enough_to_run_to_the_end(here, reviews):
    here.csv("reviews.csv", ["review", "class"], reviews(10))
    assert "few" in here.new("films", "reviews.csv", "review", "class")
    done = here.load("films.flow:films").run(str(here.folder / "store"))
    assert done.status == "done"
    assert set(done.metrics) == {"majority", "linear", "net"}


def repaired(here, name, step, change):
    """Export what a step turned away, change it, replay it; gives the exported rows as they were."""
    pipeline, store = here.load(f"{name}.flow:{name}"), LocalStore(here.folder / "store")
    path = here.folder / f"{step}.csv"
    export(pipeline, store, step, None, path, origin=f"{name}.flow:{name}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | change(row) for row in rows)
    assert replay(pipeline, store, step, path, origin=f"{name}.flow:{name}", as_json=False) == 0
    return rows


def test_a_derived_id_follows_the_text_that_was_put_right(here, reviews):
    rows = reviews(300)
    blank = [["", "good"], [" ", "bad"]]
    here.csv("reviews.csv", ["review", "class"], [*rows, *rows[:2], *blank])
    with (here.folder / "reviews.csv").open("a") as file:
        file.write("too,many,fields\n")
    here.new("films", "reviews.csv", "review", "class")
    assert sifted(here, "films") == {"raw": (304, 1), "clean": (302, 2), "unique": (300, 2), "split": (300, 0)}
    exported = repaired(here, "films", "raw", lambda row: {"text": "a raw line", "label": "good"})
    assert [row["_raw"] for row in exported] == ["too,many,fields"]
    assert "id" not in exported[0]
    repaired(here, "films", "clean", lambda row: {"text": f"no longer blank, once {row['label']}"})
    assert [row["text"] for row in repaired(here, "films", "unique", lambda row: {"text": f"{row['text']} again"})]
    assert sifted(here, "films") == {"raw": (305, 0), "clean": (305, 0), "unique": (305, 0), "split": (305, 0)}


@pytest.mark.parametrize("count", [800, 12_000])
def test_an_empty_value_of_a_column_that_only_comes_along_is_none(here, reviews, count):
    rows = [[*row, ("", "groß")[i % 3 == 0] if i > count - 700 else "groß"] for i, row in enumerate(reviews(count))]
    here.csv("reviews.csv", ["review", "class", "size"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    (size,) = (one for one in told["columns"] if one["field"] == "size")
    empty = sum(not row[2] for row in rows)
    assert (size["type"], size["missing"]) == ("str | None", empty)
    whole = here.load("films.flow:films")
    done = Pipeline("films", whole.steps["raw"]).run(str(here.folder / "store"))
    port = Port("rows", Table, here.load("films.records:FilmsRow"))
    assert load(LocalStore(here.folder / "store"), done.steps[0].outputs["rows"], port).read()["size"].null_count == empty


def test_a_limit_stays_one_where_much_is_lost_and_the_loss_is_told(here, reviews):
    rows = [[text, label if i % 2 else ""] for i, (text, label) in enumerate(reviews(600))]
    here.csv("reviews.csv", ["review", "class"], rows)
    assert "300 of 600 rows (50%) are lost" in " ".join(here.new("films", "reviews.csv", "review", "class").split())
    (limit, *_) = here.load("films.flow:films").steps["raw"].checks
    assert limit.fraction == 0.67


def test_what_is_likely_not_meant_is_warned_of(here, reviews):
    rows = [
        [text, label.upper() if i % 50 == 0 else label, ("train", "test")[i % 4 == 0]]
        for i, (text, label) in enumerate(reviews(300))
    ]
    rows.append(["a film like no other", "odd", "train"])
    here.csv("reviews.csv", ["review", "class", "split"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    said = "\n".join(told["warnings"])
    assert "lack: odd in" in said
    assert "BAD, bad; GOOD, good" in said
    assert "the column split seems to name parts of the data (test, train)" in said
    assert "rows are lost" not in said
    whole = here.load("films.flow:films")
    done = Pipeline("films", *[whole.steps[step] for step in ("raw", "clean", "unique", "split")]).run(
        str(here.folder / "store")
    )
    (receipt,) = (receipt for receipt in done.steps[-1].receipts if receipt.check == "labels_in_parts")
    assert "odd not in" in str(receipt)


def test_pytest_is_the_next_command_only_where_it_is_installed(here, reviews, monkeypatch):
    here.csv("reviews.csv", ["review", "class"], reviews(60))
    monkeypatch.setattr("flows.new.tell.find_spec", lambda name: None)
    printed = here.new("films", "reviews.csv", "review", "class")
    assert "pytest films" not in printed
    assert "next: brickwise validate films.flow:films" in printed


def test_numbers_and_dates_of_many_forms_make_no_closed_set(here, reviews):
    rows = [
        [*row, ("05/01/2023", "1.5.23", "2023-05-01")[i % 3], "NA" if i % 9 == 0 else "five" if i == 7 else i % 5]
        for i, row in enumerate(reviews(300))
    ]
    here.csv("reviews.csv", ["review", "class", "day", "stars"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    kinds = {one["field"]: (one["type"], one["missing"]) for one in told["columns"]}
    assert (kinds["day"], kinds["stars"]) == (("str", 0), ("str | None", 34))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["From me@example.org Mon"] + [f"Subject: mail {i}" for i in range(20)],
            "looks like e-mail, which the source MailFolder",
        ),
        ([f"2021-01-{i % 28 + 1:02},fine film {i},good" for i in range(60)], "seems to have no header: .* such as --text 2"),
    ],
)
def test_a_file_that_is_no_table_with_a_header_is_told_apart_in_a_few_words(here, lines, said):
    (here.folder / "reviews.csv").write_text("\n".join(lines))
    with pytest.raises(UsageError, match=said) as caught:
        here.new("films", "reviews.csv", "text", "label")
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", ["first", "str", "steps"])
def test_a_package_whose_name_its_test_uses_too_and_infinite_numbers_pass(here, reviews, name):
    here.csv("reviews.csv", ["review", "class", "size"], [[*row, i or "inf"] for i, row in enumerate(reviews(60))])
    here.new(name, "reviews.csv", "review", "class")
    tested = python(here, "-m", "pytest", "-q", "-p", "no:cacheprovider", name)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_column_that_turns_out_to_be_text_late_is_no_closed_set_of_what_came_late(here, reviews):
    late = [i % 7 if i < 11_000 else 0 if i < 59_000 else "abcdefghijk"[i % 11] for i in range(60_000)]
    rows = [[*row, late[i]] for i, row in enumerate(reviews(60_000))]
    here.csv("reviews.csv", ["review", "class", "late"], rows)
    told = json.loads(here.new("films", "reviews.csv", "review", "class", as_json=True))
    assert {one["field"]: one["type"] for one in told["columns"]}["late"] == "str"
