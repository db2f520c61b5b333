"""Class names of every kind through a real pipeline: in the documents as they are, on the terminal and on pages as text; and runs whose data is gone."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest

from flows.diffing import show_diff
from flows.export import export_step
from flows.log import show_log
from flows.report import show_report
from flows.show import console, run_view
from flows.summary import summary
from flows.tree import show_runs
from pipeline import LocalStore, UsageError
from pipeline.record import load_run
from pipeline.runner import run

from .named import BROKEN, NAMES, ORIGIN, PIPELINE, SCRIPT


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two runs, the later one worse and held back by its gates."""
    store = LocalStore(tmp_path_factory.mktemp("named") / "store")
    first = run(PIPELINE, store, origin=ORIGIN)
    settings = ("rows.wrong=4",)
    second = run(PIPELINE.set(settings), store, settings=settings, origin=ORIGIN)
    assert (first.status, first.exit_code, second.status, second.exit_code) == ("done", 0, "done", 4)
    return store


@pytest.fixture
def lost(made, tmp_path):
    """A copy of the store, without the objects that the earlier run alone made."""
    shutil.copytree(made.root, tmp_path / "store")
    store = LocalStore(tmp_path / "store")
    first, second = (load_run(store, one) for one in store.run_ids())
    for step in first.steps:
        for digest in set(step.outputs.values()) - set(second.step(step.name).outputs.values()):
            store.object_file(digest).unlink()
    return store


def records(store):
    return [load_run(store, one) for one in store.run_ids()]


def test_the_documents_hold_the_names_as_they_are(made, tmp_path, capsys):
    _, second = records(made)
    export_step(made, second, "report", tmp_path / "out", onnx=False, tensorboard=False, as_json=False)
    document = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert document["classes"] == sorted(NAMES)
    assert set(document["details"]["linear"]["classes"]) == set(NAMES)
    assert set(pq.read_table(tmp_path / "out/predictions.parquet")["label"].to_pylist()) == set(NAMES)
    capsys.readouterr()
    show_diff(made, None, None, None, as_json=True)
    slices = json.loads(capsys.readouterr().out)["models"]["linear"]["slices"]
    assert {one["name"] for one in slices} == {f"kind={name}" for name in NAMES}
    assert {one["value"] for one in slices} == set(NAMES)


def test_the_gates_of_a_real_run_are_in_its_record_and_in_the_diff_with_rule_and_bound(made, capsys):
    first, second = records(made)
    assert made.ref("named", "champion") == first.run_id
    assert {(one.gate, one.required) for one in second.gates} == {
        ("accuracy: margin -0.5, floor 0.2", 0.2), ("accuracy: margin -0.5, floor 0.2", -0.5),
    }  # fmt: skip
    assert {one.slice for one in second.gates} == {"", *(f"kind={name}" for name in NAMES)}
    broken = [one for one in second.gates if one.slice == f"kind={SCRIPT}"]
    assert [(one.status, one.n, one.required) for one in broken] == [("failed", 30, 0.2), ("failed", 30, -0.5)]
    assert all(one.bound < one.required for one in broken)
    show_diff(made, None, None, None, as_json=True)
    assert json.loads(capsys.readouterr().out)["gates"] == [one.model_dump(mode="json") for one in second.gates]


def test_no_name_commands_the_terminal(made, capsys):
    _, second = records(made)
    console().print(run_view(second, made))
    show_diff(made, None, None, None, as_json=False)
    show_runs(made, None, as_json=False)
    show_log(made, None, None, None, None, as_json=False)
    text = capsys.readouterr().out + summary(second, made)
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
    assert f"kind={SCRIPT}" in text  # as text, which a terminal shows and does no more with
    assert "kind=[bold red]x[/]" in text or "kind=\\[bold red\\]x" in text
    assert "kind=שלום \\u202eexe" in text


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.seen, self.scripts, self.attributes, self.text = set(), [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.scripts += [attrs] if tag == "script" else []
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text.append(data)


def test_a_report_holds_the_names_as_text_and_no_tag_of_theirs(made, tmp_path):
    show_report(made, None, None, tmp_path / "report.html", as_json=False)
    page = (tmp_path / "report.html").read_text()
    tags = Tags(page)
    assert "img" not in tags.seen
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert SCRIPT not in page
    assert BROKEN not in page
    assert len(tags.scripts) == len(Tags(_plain(made, tmp_path)).scripts)  # no more than a report of harmless names has
    said = "".join(tags.text)
    assert SCRIPT in said
    assert "{{ 7*7 }}" in said
    assert "\x1b" not in page


def _plain(store, folder):
    """The report of the run with nothing to compare it with."""
    show_report(store, store.run_ids()[0], None, folder / "plain.html", as_json=False)
    return (folder / "plain.html").read_text()


# A run whose data was deleted.
def test_a_diff_with_a_run_whose_data_is_gone_says_which_and_what_to_do(lost, capsys):
    first, second = records(lost)
    show_diff(lost, None, None, None, as_json=False)
    told = f"what rows, linear, report, compare of run {first.run_id} made was collected or lost; only a new run makes it again"
    said = " ".join(capsys.readouterr().out.split())
    assert f"no verdict on {second.run_id} against {first.run_id} (not comparable: {told})" in said
    assert "config: wrong 9 -> 4" in said  # what was changed is in the records
    show_diff(lost, None, None, None, as_json=True)
    facts = json.loads(capsys.readouterr().out)
    assert (facts["comparable"], facts["verdict"], facts["models"]) == ({"status": "no", "reasons": [told]}, None, {})
    assert facts["changed"]["data"] == {"rows.rows": None}
    assert facts["changed"]["config"] == [{"step": "rows", "key": "wrong", "before": 9, "after": 4}]
    margins = [one for one in facts["gates"] if one["required"] == -0.5]
    assert [one["status"] for one in margins] == ["not evaluated"]
    assert margins[0]["reason"].startswith(f"the champion {first.run_id} cannot be compared with: ")
    assert {one["status"] for one in facts["gates"] if one["required"] == 0.2} == {"passed", "failed"}


def test_a_report_against_a_run_whose_data_is_gone_shows_the_later_one(lost, tmp_path, capsys):
    first, second = records(lost)
    show_report(lost, second.run_id, first.run_id, tmp_path / "report.html", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["against"]) == (240, first.run_id)
    show_report(lost, first.run_id, None, tmp_path / "first.html", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], set(told["missing"])) == (0, {"evaluation"})
    assert "is missing from the store" in told["missing"]["evaluation"]
    assert "The evaluation of this run is not in the store any more." in (tmp_path / "first.html").read_text()


@pytest.mark.parametrize("step", ["report", "linear"])
def test_an_export_of_what_is_gone_names_the_command_that_makes_it_again(lost, tmp_path, step):
    first, _ = records(lost)
    told = rf"what {step} of run {first.run_id} made was collected by gc, or lost; brickwise run {ORIGIN}.* makes it again"
    with pytest.raises(UsageError, match=told):
        export_step(lost, first, step, tmp_path / "out", onnx=False, tensorboard=False, as_json=False)
    assert not (tmp_path / "out").exists()


def test_the_tree_the_log_and_the_summary_need_no_data(made, lost, capsys):
    def told(store):
        show_runs(store, None, as_json=False)
        show_log(store, None, None, None, None, as_json=False)
        return capsys.readouterr().out.replace(str(store.root), "")

    assert told(lost) == told(made)
    first, second = records(lost)
    for record in (first, second):
        console().print(run_view(record, lost))
        assert str(record.run_id) in capsys.readouterr().out
        assert summary(record, lost).replace(str(lost.root), "") == summary(record, made).replace(str(made.root), "")


def test_a_run_after_the_champion_lost_its_data_is_done_and_held_back(lost):
    first, _ = records(lost)
    settings = ("rows.wrong=7",)
    record = run(PIPELINE.set(settings), lost, settings=settings, origin=ORIGIN)
    assert (record.status, record.exit_code, record.diff.verdict) == ("done", 4, None)
    assert record.diff.note.startswith(
        f"not comparable: what rows, linear, report, compare of run {first.run_id} made was collected"
    )
    assert lost.ref("named", "champion") == first.run_id
