"""`brickwise new`, from a file to a package whose test passes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import Pipeline, UsageError

ROOT = Path(__file__).parents[3]


def sifted(here, name, data_steps=("raw", "clean", "unique", "split")):
    """Run the data steps of a package made here: step -> (rows out, rows quarantined)."""
    whole = here.load(f"{name}.flow:{name}")
    done = Pipeline(name, *[whole.steps[step] for step in data_steps]).run(str(here.folder / "store"))
    assert done.status == "done", [step.error or step.receipts for step in done.steps]
    return {step.name: (step.rows_out, step.rows_quarantined) for step in done.steps}


def python(here, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "PYTEST", "COV"))}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run([sys.executable, *arguments], cwd=here.folder, env=environment, capture_output=True, text=True)


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
    typed = python(here, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p", "films")
    assert typed.returncode == 0, typed.stdout


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
    assert told["conflicts"] == 1
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
        (["review", "class"], lambda i, row: ["one and the same", row[1]], ("review", "class"), "expected at least 2"),
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
    for name, said in (("missing.csv", "missing.csv"), ("empty.csv", "is empty"), ("header.csv", "no rows")):
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


def test_ten_rows_are_enough_to_run_to_the_end(here, reviews):
    here.csv("reviews.csv", ["review", "class"], reviews(10))
    assert "few" in here.new("films", "reviews.csv", "review", "class")
    done = here.load("films.flow:films").run(str(here.folder / "store"))
    assert done.status == "done"
    assert set(done.metrics) == {"majority", "linear", "net"}
