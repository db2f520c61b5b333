"""What is documented, and how it looks in a browser."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flows.pages import render, show_docs, subject
from flows.pages.dag import drawing
from flows.pages.gather import gather
from flows.pages.subject import ShownStep, Subject
from pipeline import LocalStore, Pipeline, Selection, UsageError
from pipeline.check import Finding, Receipt
from pipeline.runner import run

from .hostile import PIPELINE, STRICT

PAGES = ("index.html", "step-made.html", "step-same.html", "step-below.html")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_is_quiet_alone_and_fits(folder, visit, page, width, dark):
    tab = visit(folder / page, width=width, color_scheme="dark" if dark else "light").page
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.scripts.length") == 0
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)"
    )


def test_a_page_runs_no_script_even_where_one_gets_in(folder, visit, tmp_path):
    """The policy alone holds, should every other guard fail."""
    page = (folder / "index.html").read_text()
    (tmp_path / "broken.html").write_text(page.replace("</body>", "<script>document.title = 'owned'</script></body>"))
    tab = visit(tmp_path / "broken.html")
    assert tab.page.title() == "hostile: the data"
    assert tab.troubles
    tab.troubles.clear()


def test_text_of_charts_is_large_enough_to_read_on_a_phone(folder, visit):
    sizes = visit(folder / "step-made.html", width=390).page.evaluate(
        "[...document.querySelectorAll('figure svg text')].map(one => one.getBoundingClientRect().height)"
    )
    level = [size for size in sizes if size > 0]
    assert min(level) > 9


def test_a_run_that_is_blocked_says_what_is_wrong_first(store, folder):
    page = (folder / "index.html").read_text()
    assert "What is wrong" in page
    assert "Broken by 200 of 400 (50.0%)" in page
    step = (folder / "step-same.html").read_text()
    assert step.index("Rules that do not hold") < step.index("Columns")


def test_a_pipeline_is_shown_as_the_store_has_it_without_a_run(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(subject, "load_pipeline", lambda name: PIPELINE)
    show_docs(store, "zoo:hostile", tmp_path / "docs", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [(step["name"], step["status"]) for step in found["steps"]] == [
        ("made", "up to date"), ("same", "blocked"), ("below", "never run")
    ]  # fmt: skip
    assert found["run_id"] is None
    assert found["steps"][0]["profiles"]["rows"]["rows"] == 400
    assert (tmp_path / "docs/step-made.html").exists()


def test_a_step_whose_config_changed_is_shown_as_stale(store, monkeypatch):
    steps = [replace(step, checks=()) if step.name == "same" else step for step in PIPELINE.steps.values()]
    changed = Pipeline("hostile", *steps)
    monkeypatch.setattr(subject, "load_pipeline", lambda name: changed)
    found = subject.subject(store, "zoo:hostile")
    assert [step.status for step in found.steps] == ["up to date", "up to date", "never run"]
    assert STRICT not in changed.steps["same"].checks


def test_skipped_steps_hang_where_the_pipeline_has_them(store, monkeypatch):
    monkeypatch.setattr(subject, "load_pipeline", lambda name: PIPELINE)
    assert subject.subject(store, None).steps[2].reads == ("same",)


def test_a_run_whose_pipeline_is_gone_is_shown_all_the_same(store):
    found = subject.subject(store, store.run_ids()[-1][:12])
    assert [(step.name, step.reads) for step in found.steps] == [("made", ()), ("same", ("made",)), ("below", ())]


def test_what_gc_took_is_said_on_the_page(store, tmp_path):
    found = subject.subject(store, None)
    lost = replace(found.steps[0], outputs=(("rows", "0" * 64),), quarantine="1" * 64)
    page = gather(store, lost)
    html = render.step_page(found, page, export="x")
    assert html.count("is missing from the store") == 2


def test_a_store_without_runs_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"no runs in .*; name a pipeline, or make its data first: brickwise validate"):
        subject.subject(LocalStore(tmp_path), None)


def test_a_pipeline_without_data_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "load_pipeline", lambda name: PIPELINE)
    with pytest.raises(UsageError, match=r"has no data in .* yet; next: brickwise validate zoo:hostile"):
        subject.subject(LocalStore(tmp_path), "zoo:hostile")


def test_pages_of_an_earlier_time_are_replaced(store, tmp_path):
    for name in ("index.html", "step-gone.html"):
        (tmp_path / name).write_text('<!doctype html>\n<meta name="generator" content="brickwise docs">')
    (tmp_path / "profile-gone-rows.json").write_text("{}")
    show_docs(store, None, tmp_path, as_json=False)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".html") == sorted(PAGES)
    assert not (tmp_path / "profile-gone-rows.json").exists()


def test_the_same_data_gives_the_same_pages(store, folder, tmp_path):
    show_docs(store, None, tmp_path / "docs", as_json=False)
    for page in folder.iterdir():
        assert page.read_bytes() == (tmp_path / "docs" / page.name).read_bytes()


def test_the_command_tells_a_mistake_without_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flows", "docs", "2024", "--store", str(tmp_path / "store"), "--to", str(tmp_path / "docs")],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "run '2024': no such run" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "docs").exists()


def test_steps_are_drawn_below_what_they_read_and_never_over_each_other():
    reads = {"a": (), "b": ("a",), "c": ("a",), "d": ("a",), "e": ("b",), "f": ("a", "c", "d", "e"), "g": (), "h": ("lost",)}
    drawn = drawing([ShownStep(name, "ran", reads=above) for name, above in reads.items()])
    places = {node.step.name: node for node in drawn.nodes}
    assert all(places[name].y > places[above].y for name, found in reads.items() for above in found if above in places)
    assert len({(node.x, node.y) for node in drawn.nodes}) == len(reads)
    for node in drawn.nodes:
        assert node.x >= 0
        assert node.x + node.wide <= drawn.wide
        assert all(abs(node.x - other.x) >= node.wide for other in drawn.nodes if other is not node and other.y == node.y)


def test_overrides_are_the_first_thing_on_every_page():
    findings = (Finding(rule="is known", evaluated=2, failed=1, passed=False),)
    receipts = (Receipt(check="strict", artifact="", passed=False, findings=findings),)
    step = ShownStep("made", "ran", receipts=receipts, overridden=("strict",))
    found = Subject("p", "p", "r", "done", (step,), overrides=("made.strict: known typo",))
    page = gather(LocalStore("/nowhere"), step)
    for html in (render.index(found, [page], next_command="x"), render.step_page(found, page, export="x")):
        assert html.index("Checks were overridden in this run") < html.index('<ul class="tiles">')
        assert "made.strict: known typo" in html
        assert "1 overridden" in html or "overridden</td>" in html


def test_an_override_is_shown_where_the_run_has_it(tmp_path):
    selection = Selection(overrides={"same." + STRICT.name: "agreed"})
    assert run(PIPELINE, LocalStore(tmp_path / "store"), selection=selection).status == "done"
    show_docs(LocalStore(tmp_path / "store"), None, tmp_path / "docs", as_json=False)
    assert "same.strict &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;: agreed" in (tmp_path / "docs/index.html").read_text()
    assert '<td class="state overridden">' in (tmp_path / "docs/step-same.html").read_text()
