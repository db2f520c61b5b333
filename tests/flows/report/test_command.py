"""The command, and reports of runs that lack something."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flows.report import payload, reading, show_report
from flows.report.axis import axis, balanced
from flows.report.charts import learning
from flows.report.estimates import change, points, written
from flows.report.source import source
from pipeline import LocalStore, UsageError
from pipeline.record import RunRecord

from .conftest import made

ROOT = Path(__file__).parents[3]


def report(store: LocalStore, capsys: pytest.CaptureFixture[str], to: Path, run: str | None = None, against: str | None = None):
    show_report(store, run, against, to, as_json=True)
    return json.loads(capsys.readouterr().out), to.read_text()


def test_the_command_writes_one_file_in_the_working_folder(store, tmp_path):
    command = [sys.executable, "-m", "flows", "report", "--store", str(store.root), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False,
                          env={"PATH": "", "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["file"] == f"report-made-{store.run_ids()[-1]}.html"
    assert [path.name for path in tmp_path.iterdir()] == [told["file"]]
    assert told["bytes"] == (tmp_path / told["file"]).stat().st_size
    assert (told["verdict"], told["against"], told["rows"], told["missing"]) == ("better", store.run_ids()[0], 600, {})


def test_the_same_runs_give_the_same_bytes(store, file, tmp_path, capsys):
    assert report(store, capsys, tmp_path / "again.html")[1] == file.read_text()


def test_runs_are_named_in_either_order(store, tmp_path, capsys):
    first, last = store.run_ids()
    told, page = report(store, capsys, tmp_path / "back.html", first, last)
    assert (told["verdict"], told["against"]) == ("worse", last)
    assert "the worse side of zero" in page


def test_a_first_run_is_shown_without_a_comparison(store, tmp_path, capsys):
    told, page = report(store, capsys, tmp_path / "first.html", store.run_ids()[0])
    assert (told["verdict"], told["against"]) == (None, None)
    assert "Nothing to compare with" in page
    assert 'id="changed"' not in page
    assert 'id="moved"' not in page


def test_a_gate_that_was_not_evaluated_says_why(file):
    page = file.read_text()
    assert "4 rows, fewer than 30" in page
    assert page.index('id="gates"') < page.index('id="changed"')


def test_a_run_whose_data_was_deleted_is_told_in_a_line(tmp_path, capsys):
    store = made(tmp_path / "store", (), ("judge.skill=0.8",))
    shutil.rmtree(tmp_path / "store" / "objects")
    told, page = report(LocalStore(tmp_path / "store"), capsys, tmp_path / "gone.html")
    assert told["rows"] == 0
    assert set(told["missing"]) == {"evaluation"}
    assert "is missing from the store" in told["missing"]["evaluation"]
    assert page.count("The evaluation of this run is not in the store any more.") == 1
    assert 'id="predictions"' not in page
    assert "0.8" in page  # the metrics that the record itself has
    assert store.run_ids()[-1] == told["run_id"]


def test_a_run_whose_earlier_rows_alone_were_deleted(tmp_path, capsys):
    store = made(tmp_path / "store", (), ("judge.skill=0.8",))
    rows = source(store, RunRecord.model_validate(store.run(store.run_ids()[0]))).rows
    next((tmp_path / "store" / "objects").rglob(rows[2:])).unlink()
    told, page = report(store, capsys, tmp_path / "report.html")
    assert told["rows"] == 600
    assert 'id="moved"' not in page


def test_facts_of_a_strange_shape_take_their_own_part_along_only(tmp_path, capsys):
    store = made(tmp_path / "store", ("judge.shape=strange",))
    told, _ = report(store, capsys, tmp_path / "report.html")
    assert set(told["missing"]) == {"classes", "slices", "calibration"}
    assert told["rows"] == 600


def test_a_file_that_is_no_report_is_left_alone(store, tmp_path):
    for name, text in (("thesis.html", "<html>"), ("folder", None)):
        path = tmp_path / name
        path.write_text(text) if text else path.mkdir()
        with pytest.raises(UsageError, match="name another"):
            show_report(store, None, None, path, as_json=False)
    with pytest.raises(UsageError, match="cannot write"):
        show_report(store, None, None, tmp_path / "nowhere" / "report.html", as_json=False)
    assert (tmp_path / "thesis.html").read_text() == "<html>"


@pytest.mark.parametrize("words", [("2024",), ("--against", "2024")])
def test_a_run_that_is_not_there(store, tmp_path, words):
    done = subprocess.run([sys.executable, "-m", "flows", "report", *words, "--store", str(store.root)], capture_output=True, text=True,
                          cwd=tmp_path, check=False, env={"PATH": "", "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.returncode == 2
    assert "run '2024': no such run" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_empty_store_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="no runs in"):
        show_report(LocalStore(tmp_path), None, None, None, as_json=False)


def test_a_payload_holds_what_it_was_given():
    texts = ["", "naïve 猫 🙂", "</script>"]
    packed = payload.payload({"a": 1}, {"text": payload.texts(texts), "n": payload.numbers(np.array([0, 70_000]))})
    block = gzip.decompress(base64.b64decode(packed))
    size = int.from_bytes(block[:4], "little")
    head = json.loads(block[4 : 4 + size])
    start = 4 + size
    told = head["columns"]
    assert start % 8 == 0
    assert (head["a"], told["n"]["type"], told["text.length"]["type"]) == (1, "u32", "u8")
    at = start + told["text"]["at"]
    assert block[at : at + told["text"]["bytes"]].decode() == "".join(texts)
    lengths = block[start + told["text.length"]["at"] :][:3]
    assert list(lengths) == [len(one.encode("utf-16-le")) // 2 for one in texts]
    with pytest.raises(ValueError, match="nothing below 0"):
        payload.numbers(np.array([-1]))


def test_places_on_an_axis():
    found = axis([0.2, None, 0.8])
    assert (found.at(0.2), found.at(0.5), found.at(0.8), found.at(9)) == ("3.00%", "50.00%", "97.00%", "97.00%")
    assert [text for _, text in found.ticks] == ["0.2", "0.4", "0.6", "0.8"]
    assert balanced([0.01, -0.03]).at(0) == "50.00%"
    assert axis([]).ticks
    assert axis([1.0, 1.0]).at(1.0) == "50.00%"


def test_figures():
    assert (written(0.12345), written(None), written(123456.0)) == ("0.123", "\N{EN DASH}", "1.235e+05")
    assert (change(-0.5), change(0.5)) == ("\N{MINUS SIGN}0.500", "+0.500")
    assert (points("accuracy", 0.01), points("accuracy", -0.021, signed=True), points("rmse", 0.5)) == (
        "1.0 point",
        "\N{MINUS SIGN}2.1 points",
        "0.500",
    )


def test_what_differs_in_calibration_size_and_latency_is_shown(file):
    told = " ".join(re.sub("<[^>]*>", " ", file.read_text(encoding="utf-8").partition('id="figures"')[2]).split())
    assert "smooth ECE 0.090 0.070 \N{MINUS SIGN}0.020" in told
    assert "parameters 1,340,562 1,340,000 \N{MINUS SIGN}562" in told
    assert "ms for one row, median 1.500 1.200 \N{MINUS SIGN}0.300" in told
    assert "rows a second in batches 9,000 9,000 0" in told


def test_seeds_stand_beside_rows(file):
    told = " ".join(re.sub("<[^>]*>", " ", file.read_text(encoding="utf-8").partition('id="seeds"')[2]).split())
    assert "net of net_1, net_2 accuracy 0.710 [0.600, 0.820] 0.021 before 0.022 0.034 before 0.044" in told


def test_who_accepted_the_run_and_why(file):
    told = file.read_text(encoding="utf-8").partition('id="accepted"')[2].partition("</div>")[0]
    assert "although 1 gate was not met: agreed with A. B. &lt;/script&gt;" in told


def test_a_list_that_is_cut_says_of_how_many(file, tmp_path, capsys):
    assert "The first 17 of 2,017." in file.read_text(encoding="utf-8")
    large = made(tmp_path / "store", ("rows.count=3000",), ("rows.count=3000", "judge.skill=0.8"))
    show_report(large, None, None, tmp_path / "large.html", as_json=False)
    page = (tmp_path / "large.html").read_text(encoding="utf-8")
    counts = re.findall(r"([0-9,]+)</span> (?:broken|fixed)", page)
    assert re.findall(r"The first 200 of ([0-9,]+);", page) == counts
    assert len(counts) == 2


def test_per_class_the_earlier_figure_stands_beside(file, store, tmp_path, capsys):
    assert "F1 before" in file.read_text(encoding="utf-8")
    show_report(store, store.run_ids()[0], None, tmp_path / "first.html", as_json=False)
    assert "F1 before" not in (tmp_path / "first.html").read_text(encoding="utf-8")


def test_no_change_has_no_sign():
    assert (change(0.0), change(0.01), points("accuracy", 0.0, signed=True)) == ("0.000", "+0.010", "0.0 points")


@pytest.mark.parametrize("most", [1, 2, 3, 7, 30])
def test_an_epoch_is_named_once_below_a_learning_curve(most):
    epochs = [{"epoch": one, "train_loss": 0.5 + one / 100, "valid_loss": 0.51 + one / 90} for one in range(1, most + 1)]
    drawn, _ = learning(epochs, most, "accuracy")
    told = [int(one) for one in re.findall(r">(\d+)</text>", str(drawn))]
    assert told[0] == 1
    assert told == sorted(set(told))
    assert told[-1] <= most


def test_of_too_many_rows_the_fixed_and_broken_are_counted_all_the_same(store, tmp_path, capsys, monkeypatch):
    heads = r'<h3><span class="state \w+">([\d,]+)</span> (fixed|broken)'
    _, whole = report(store, capsys, tmp_path / "whole.html")
    monkeypatch.setattr(reading, "MOST", 100)
    assert report(store, capsys, tmp_path / "least.html")[0]["rows"] == 600  # models beside it cost no row
    monkeypatch.setattr(reading, "LEAST", 40)
    document, text = report(store, capsys, tmp_path / "cut.html")
    assert 40 <= document["rows"] < 100
    assert "more would make the file too large" in text
    assert re.findall(heads, text) == re.findall(heads, whole)
    lists = re.findall(r'<section aria-label="\w+ rows">.*?</section>', text, re.DOTALL)
    assert len(lists) == 2
    assert all("data-row=" in one for one in lists)


def words(page: str, begin: str, end: str = "</section>") -> str:
    return " ".join(re.sub("<[^>]*>", " ", page.partition(begin)[2].partition(end)[0]).split())


def test_a_run_without_gates_says_so_in_a_place_that_the_contents_name(file, store, tmp_path, capsys):
    _, page = report(store, capsys, tmp_path / "first.html", store.run_ids()[0])
    assert words(page, 'id="gates">', "<nav") == "Gates This pipeline declares no gate."
    for text in (page, file.read_text(encoding="utf-8")):
        assert text.count('href="#gates"') == text.count('id="gates"') == 1


def test_gates_that_ask_for_a_gain_are_not_asked_without_a_champion(store, tmp_path, capsys):
    other = LocalStore(tmp_path / "store")
    shutil.copytree(store.root, other.root)
    first = other.run_ids()[0]
    other.save_run(first, other.run(first) | {"asked": [{"metric": "accuracy", "margin": -0.02}]})
    _, page = report(other, capsys, tmp_path / "first.html", first)
    assert "None was asked of this run: what accuracy: margin -0.02 asks is a gain over a champion" in words(
        page, 'id="gates">'
    )


def test_the_environment_has_digests_packages_hardware_and_seeds(file, store):
    from flows.evaluation import evaluation_document
    from pipeline.record import load_run

    identity = evaluation_document(store, load_run(store, store.run_ids()[-1]), "judge")["identity"]
    told = words(file.read_text(encoding="utf-8"), 'id="repeat"')
    for name in ("data", "code", "config", "lock", "evaluation"):
        assert identity[name] in told, name
    assert f"test rows, their ids and truths {'0' * 64}" in told
    assert f"python {identity['packages']['python']}" in told
    assert "processor abacus" in told
    assert "cores 1" in told
    assert "seeds judge: 11" in told
    assert f"rows {identity['seconds']['rows']:.1f} in run {store.run_ids()[0]}" in told


def test_the_data_have_a_profile_the_split_the_test_rows_and_drift(file):
    told = words(file.read_text(encoding="utf-8"), 'id="data"')
    assert "split by step rows: classes 6, count 600, numbers False" in told
    assert "used by 2 different evaluations in this store" in told
    assert "000000000000" in told
    assert re.search(r"drift rows: \d+ of \d+ rules hold", told)
    assert "column type nulls distinct smallest, median, largest" in told
    assert re.search(r"text string 0 \d+ [\d, ]+ characters", told)
    assert "counts label split rows share of all" in told
    assert re.search(r"dog test \d+ \d+\.\d%", told)
