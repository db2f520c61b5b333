"""Whatever data, names and records hold, a page shows it as text and forbids the rest."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from flows.pages import charts, command, render, show_docs
from flows.pages.gather import gather
from flows.pages.rejected import rejected
from flows.pages.subject import ShownStep, Subject
from flows.pages.theme import require_harmless
from pipeline import LocalStore, Table, turned_away
from pipeline.check import Finding, Receipt
from pipeline.publish import save
from pipeline.quarantine import Quarantined

from .hostile import BROKEN, SCRIPT

HOSTILE = (SCRIPT, BROKEN)
CONTENT = {"a", "article", "b", "body", "code", "details", "div", "figcaption", "figure", "footer", "h1", "h2", "h3", "head", "header",
           "html", "li", "link", "meta", "nav", "p", "pre", "section", "span", "strong", "style", "summary", "table", "tbody", "td",
           "th", "thead", "title", "tr", "ul"}  # fmt: skip
DRAWN = {"svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clippath"}


class Seen(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


def require_text_alone(page: str, name: str = "") -> Seen:
    seen = Seen(page)
    assert seen.tags <= CONTENT | DRAWN, (name, seen.tags - CONTENT - DRAWN)
    assert not [found for found in seen.attributes if found[0].startswith("on") or found[0] in ("src", "style", "action")]
    links = [value for attribute, value in seen.attributes if attribute.endswith("href")]
    assert all(link.startswith(("#", "index.html", "step-", "profile-", "data:,")) for link in links), links
    assert all(":" not in link or link == "data:," for link in links)
    policies = [value for attribute, value in seen.attributes if attribute == "content" and "default-src" in value]
    assert policies
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")
    return seen


def test_the_pages_of_hostile_data_hold_it_as_text(folder):
    pages = sorted(folder.glob("*.html"))
    assert [page.name for page in pages] == ["index.html", "step-below.html", "step-made.html", "step-same.html"]
    for page in pages:
        seen = require_text_alone(page.read_text(), page.name)
        assert page.stat().st_size < 1_000_000
        if page.name in ("step-made.html", "step-same.html"):
            said = "".join(seen.text)
            assert all(text in said for text in HOSTILE)
            assert "\x1b" not in said
            assert "\u202e" not in said


def test_names_that_no_pipeline_could_have_lead_nowhere_and_are_text(tmp_path):
    """A run record may come from a pull."""
    store = LocalStore(tmp_path / "store")
    table = pa.table(
        {SCRIPT: ["a", "b", "a"], BROKEN: [1, 2, 2], "label": ["x", BROKEN, SCRIPT], "split": ["train", SCRIPT, "test"]}
    )
    away = Table(Quarantined, (turned_away(table, BROKEN, SCRIPT), turned_away(table, SCRIPT, None)))
    finding = Finding(
        rule=f"expect_column_{SCRIPT}({BROKEN})",
        column=BROKEN,
        evaluated=3,
        failed=2,
        passed=False,
        note=SCRIPT,
        examples=HOSTILE,
    )

    class Anything(Quarantined):
        @classmethod
        def columns(cls):
            return dict.fromkeys(table.column_names, "string")

    with store.lease():
        rows, turned = save(store, Table(Anything, (table,))), save(store, away)
    name = '../../etc/x"><script>'
    receipt = Receipt(check=SCRIPT, artifact=rows, passed=False, findings=(finding,), failing=turned)
    step = ShownStep(
        name, BROKEN, why=SCRIPT, error=BROKEN, outputs=((BROKEN, rows),), quarantine=turned, receipts=(receipt,),
        rows_in=1, rows_out=1, rows_quarantined=1, reads=(SCRIPT, name), config={SCRIPT: BROKEN},
    )  # fmt: skip
    subject = Subject(SCRIPT, BROKEN, SCRIPT, BROKEN, (step,), overrides=HOSTILE, settings=HOSTILE)
    page = gather(store, step)
    assert Path(page.file).name == page.file
    assert Path(page.profile_file(page.ports[0])).name == page.profile_file(page.ports[0])
    for html in (render.index(subject, [page], next_command=BROKEN), render.step_page(subject, page, export=BROKEN)):
        said = "".join(require_text_alone(html).text)
        assert all(text in said for text in HOSTILE)
        assert ("the rows that break" in said) == ("Quarantine" in said)
        assert "Checks were overridden" in said


@pytest.mark.parametrize(
    "text", [SCRIPT, BROKEN, "]]>", "&lt;", "\x00\x1b", "</text></svg><svg onload=1>", "a" * 500, "", " ", "\u202e"]
)
def test_every_chart_draws_any_text_as_text(text):
    for drawn in (
        charts.bars([(text, 3), ("b", 1)], text),
        charts.histogram({"edges": [0, 1, 2], "counts": [1, 2]}, text),
        charts.balance({"column": "label", "by": "split", "counts": [{"label": text, "split": text, "count": 2}]}),
        charts.associations({"columns": [text, "b"], "pairs": [{"a": text, "b": "b", "value": 0.5}]}),
    ):
        seen = Seen(str(drawn))
        assert seen.tags <= DRAWN
        assert not [name for name, _ in seen.attributes if name.startswith("on")]


@pytest.mark.parametrize(
    "drawn",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><g onload='x'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><image href='http://x'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><g xlink:href='x'/></svg>",
    ],
)
def test_a_chart_with_more_than_shapes_and_text_is_refused(drawn):
    with pytest.raises(ValueError, match="expected shapes and text alone"):
        require_harmless(drawn)


@pytest.mark.parametrize("name", ["thesis.txt", "profile-me.json", "index.html"])
def test_a_folder_with_anything_else_in_it_is_left_alone(store, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(command.UsageError, match=f"holds '{name}', which is no page"):
        show_docs(store, None, tmp_path, as_json=False)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["index.html", "profile-x.json"])
def test_a_link_is_neither_followed_nor_replaced(store, tmp_path, name):
    mine = tmp_path / "mine.html"
    mine.write_text('<meta name="generator" content="brickwise docs">mine')
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / name).symlink_to(mine)
    with pytest.raises(command.UsageError, match="which is no page"):
        show_docs(store, None, tmp_path / "docs", as_json=False)
    assert mine.read_text().endswith("mine")


def test_a_file_is_no_folder(store, tmp_path):
    (tmp_path / "docs").write_text("x")
    with pytest.raises(command.UsageError, match="is no folder"):
        show_docs(store, None, tmp_path / "docs", as_json=False)


def test_a_table_of_very_many_columns_stays_below_a_megabyte(tmp_path):
    store = LocalStore(tmp_path / "store")
    table = pa.table({f"column_{i}": [f"value {j} of {i}" for j in range(30)] for i in range(1_500)})

    class Wide(Quarantined):
        @classmethod
        def columns(cls):
            return dict.fromkeys(table.column_names, "string")

    findings = tuple(
        Finding(rule="expect_column_values_to_not_be_null()", column=name, evaluated=30, failed=i % 2, passed=i % 2 == 0)
        for i, name in enumerate(table.column_names)
    )
    with store.lease():
        rows = save(store, Table(Wide, (table,)))
        away = save(store, Table(Quarantined, (turned_away(table, "is wide", None),) * 30))
    receipts = (Receipt(check="contract", artifact=rows, passed=False, findings=findings, failing=away),)
    step = ShownStep("wide", "ran", outputs=(("rows", rows),), quarantine=away, receipts=receipts, rows_quarantined=900)
    page = gather(store, step)
    assert len(page.ports[0].profile["columns"]) == 1_000
    html = render.step_page(Subject("p", "p", "r", "", (step,)), page, export="x")
    assert len(html.encode()) < 1_000_000
    assert "960 further columns are not shown" in html
    assert "1,200 rules more are not shown" in html


def test_of_a_quarantine_every_reason_has_rows_on_the_page_and_its_whole_count():
    rows = pa.table({"x": range(1_000)})
    away = [turned_away(rows, "is common", "x"), turned_away(rows.slice(0, 2), "is rare", None)]
    found = rejected(Table(Quarantined, tuple(away)))
    assert found.count == 1_002
    assert found.reasons == (("x", "is common", 1_000), ("", "is rare", 2))
    assert len(found.rows) <= 200
    assert {row[found.columns.index("rule")] for row in found.rows} == {"is common", "is rare"}


def test_profiles_beside_the_pages_are_json(folder):
    found = json.loads((folder / "profile-made-rows.json").read_text())
    assert found["rows"] == 400
