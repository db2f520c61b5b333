"""What a run tells others: JUnit XML, Markdown and what notebooks show, of whatever names and outcomes."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from flows.junit import junit
from flows.summary import headline_markdown, summary
from pipeline import Diff, LocalStore
from pipeline.check import Finding, Receipt
from pipeline.gate import GateOutcome
from pipeline.headline import headline
from pipeline.record import Difference, Outcome, RunRecord

from .test_prefect import ask

HOSTILE = (
    '<script>alert("x")</script>', "two\nlines", "'\"quoted\"'", "\u202eright to left", "שלום", "null\x00\x1b[31m", "a|b", "``` ~~~",
    "]]>", "&amp;", "\ud800", "*bold* [link](javascript:alert(1))",
)  # fmt: skip


def finding(rule: str, passed: bool, severity: str = "error") -> Finding:
    return Finding(
        rule=rule, column="text", evaluated=9, failed=0 if passed else 2, passed=passed, severity=severity, examples=(rule,)
    )


def receipt(check: str, *findings: Finding) -> Receipt:
    failed = any(not found.passed and found.severity == "error" for found in findings)
    return Receipt(check=check, artifact="0" * 64, passed=not failed, findings=findings)


def gate(status: str, **fields) -> GateOutcome:
    return GateOutcome(
        **{"gate": "macro_f1: margin -0.005", "metric": "macro_f1", "model": "net", "required": -0.005, "status": status}
        | fields
    )


def run(**fields) -> RunRecord:
    steps = (
        Outcome(name="raw", status="ran", why="never run", seconds=1.5, receipts=(receipt("contract", finding("is text", True)),)),
        Outcome(
            name="clean", status="ran", why="never run", overridden={"clean.drift": "new vendor"},
            receipts=(receipt("drift", finding("as before", False)), receipt("soft", finding("is nice", False, "warn"))),
        ),
    )  # fmt: skip
    made = {
        "run_id": "20261130T000000.000000-aaaa",
        "pipeline": "zoo",
        "status": "done",
        "started": "2026-11-30T00:00:00+00:00",
    }
    return RunRecord(**made | {"seconds": 2.0, "steps": steps} | fields)


def cases(text: str) -> dict[str, ET.Element]:
    root = ET.fromstring(text.encode())
    return {f"{case.get('classname')}: {case.get('name')}": case for case in root.iter("testcase")}


def test_junit_tells_rules_warnings_overrides_and_gates_apart(store):
    gates = (
        gate("passed"),
        gate("failed", slice="kind=a", bound=-0.02),
        gate("not evaluated", slice="kind=b", reason="no rows"),
    )
    text = junit(run(gates=gates), store)
    found = cases(text)
    outcome = {name: [child.tag for child in case] for name, case in found.items()}
    assert outcome == {
        "raw: the step runs": [],
        "raw.contract: text: is text": [],
        "clean: the step runs": [],
        "clean.drift: text: as before": ["skipped"],
        "clean.soft: text: is nice": ["system-out"],
        "gates.net: macro_f1: margin -0.005": [],
        "gates.net: macro_f1: margin -0.005 on kind=a": ["failure"],
        "gates.net: macro_f1: margin -0.005 on kind=b": ["failure"],
    }
    assert found["clean.drift: text: as before"][0].get("message").startswith("OVERRIDDEN: new vendor")
    assert "no rows" in found["gates.net: macro_f1: margin -0.005 on kind=b"][0].get("message")
    root = ET.fromstring(text.encode())
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["8", "2", "0", "1"]
    assert [suite.get("name") for suite in root] == ["raw", "clean", "gates"]


def test_junit_of_a_run_that_failed_or_was_blocked(store):
    steps = (
        Outcome(name="raw", status="blocked", why="", receipts=(receipt("contract", finding("is text", False)),)),
        Outcome(name="net", status="failed", why="never run", error="step 'net' failed: OSError: gone"),
        Outcome(name="below", status="skipped", why="needs net, which failed"),
    )
    found = {
        name: [child.tag for child in case] for name, case in cases(junit(run(status="failed", steps=steps), store)).items()
    }
    assert found == {
        "raw: the step runs": [],
        "raw.contract: text: is text": ["failure"],
        "net: the step runs": ["error"],
        "below: the step runs": ["skipped"],
    }


def test_an_up_to_date_run_tells_the_receipts_of_the_run_that_it_is_the_same_as(store):
    earlier = run()
    store.save_run(earlier.run_id, earlier.model_dump(mode="json"))
    bare = tuple(step.model_copy(update={"receipts": (), "overridden": {}}) for step in earlier.steps)
    now = earlier.model_copy(update={"status": "up-to-date", "steps": bare})
    assert cases(junit(now, store)).keys() == cases(junit(earlier, store)).keys()
    assert "as before" in summary(now, store)


def hostile(name: str) -> RunRecord:
    details = (
        {"model": name, "metric": name, "delta": 0.1, "low": 0.0, "high": 0.2, "verdict": "better"},
        {"model": name, "metric": "x"},
    )
    return run(
        metrics={name: {name: {"value": 0.5, "low": 0.4, "high": 0.6}}, "other": {}},
        keep=(name,),
        diff=Difference(against=name, verdict="better", details=details, note=name),
        gates=(gate("not evaluated", slice=f"kind={name}", gate=name, reason=name), gate("failed", bound=-1.0)),
        changed={"net": name},
        settings=(f"net.x={name}",),
        steps=(
            Outcome(name="raw", status="failed", why=name, error=name),
            Outcome(
                name="clean",
                status="ran",
                why=name,
                overridden={"clean.c": name},
                receipts=(receipt("c", finding(name, False)),),
            ),
        ),
    )


class Tags(HTMLParser):
    """The tags of a page, and that those that were opened are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


ALLOWED = {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "bdi"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_break_out_of_nothing(store, name):
    record = hostile(name)
    root = ET.fromstring(junit(record, store).encode())
    assert root.get("failures") == "2"
    text = summary(record, store)
    text.encode()  # no half of a pair is left
    page = MarkdownIt("commonmark").enable("table").render(text)
    tags = Tags(page)
    assert not {"script", "a", "em", "img"} & set(tags.found)
    assert page.count("<h2>") == 1
    assert text.count("\n## ") + text.startswith("## ") == 1
    for shown in (record._repr_html_(), record.diff._repr_html_(), Diff(facts=diff_facts(name))._repr_html_()):
        shown.encode()
        tags = Tags(shown)
        assert set(tags.found) <= ALLOWED
        assert not tags.open
        assert tags.attributes <= {"class", "style", "dir", "scope"}
        assert "\u202e" not in shown


def test_of_many_metrics_those_that_people_look_at_first_are_shown(store):
    one = {"value": 0.712, "low": 0.703, "high": 0.72}
    moved = {"model": "net", "delta": 0.1, "low": 0.05, "high": 0.2, "verdict": "better"}
    names = [*(f"metric{i}" for i in range(20)), "macro_f1"]
    shown = run(
        metrics={"net": dict.fromkeys(names, one)},
        main=("macro_f1",),
        diff=Difference(against="aaaa", verdict="better", details=tuple({**moved, "metric": name} for name in names)),
    )
    text = summary(shown, store)
    page = shown._repr_html_()
    for told, name in ((text, "macro\\_f1"), (headline_markdown(shown), "macro\\_f1"), (page, "macro_f1")):
        assert name in told
        assert "metric7" not in told
    without = shown.model_copy(update={"main": ()})
    assert "metric7" in summary(without, store)
    assert "metric7" in without._repr_html_()


def diff_facts(name: str) -> dict:
    good = {"before": 0.5, "after": 0.6, "delta": 0.1, "low": 0.05, "high": 0.15, "verdict": "better", "status": "ok"}
    bad = {"delta": None, "low": None, "high": None, "verdict": None, "status": "not evaluated", "reason": name}
    return {
        "before": name, "after": "b", "verdict": "better", "comparable": {"status": "partly", "reasons": [name]},
        "models": {name: {"metrics": {"accuracy": good, name: bad}}}, "gates": [{"gate": name, "slice": name, "status": "not evaluated"}],
    }  # fmt: skip


def test_a_notebook_shows_the_headline_first_and_runs_no_script():
    shown = run(
        metrics={"net": {"accuracy": {"value": 0.712, "low": 0.703, "high": 0.72}}},
        diff=Difference(against="aaaa", verdict="worse"),
        gates=(gate("passed"), gate("failed", bound=-0.02)),
    )
    page = shown._repr_html_()
    assert (
        page.index("1 of 2 gates not met; worse against aaaa") < page.index("0.712 [0.703, 0.720]") < page.index("✗ macro_f1")
    )
    assert "background" not in page  # the page's own, dark or light
    assert "color: inherit" in page
    facts = Diff(facts=diff_facts("net"))._repr_html_()
    assert "better against net" in facts
    assert "comparable: partly: net" in facts
    assert "+0.100 [+0.050, +0.150]" in facts
    assert Diff()._repr_html_().count("no verdict") == 1


def test_the_headline_says_the_worst_first():
    better = Difference(against="aaaa", verdict="better")
    assert headline(run(diff=better)) == "better against aaaa"
    assert headline(run(diff=better, gates=(gate("not evaluated"),))) == "1 of 1 gates not met; better against aaaa"
    failed = run(status="failed", diff=better, steps=(Outcome(name="net", status="failed", why="", error="x"),))
    assert headline(failed) == "failed: net"
    assert headline(run()) == "no earlier run to compare with"


def test_the_summary_begins_with_the_verdict_and_ends_with_the_command(store):
    record = run(
        metrics={"net": {"accuracy": {"value": 0.7, "low": 0.6, "high": 0.8}}, "old": {}},
        diff=Difference(against="aaaa", verdict="undecided"),
        gates=(gate("passed"),),
        changed={"net": "config: width 8 -> 16"},
        settings=("net.width=16",),
    )
    text = summary(record, store)
    places = [
        text.index(part)
        for part in ("## zoo: undecided against aaaa", "| net | 0.700", "### Gates: all passed", "### Checks that did not hold",
                     "OVERRIDDEN: new vendor", "### What changed", "brickwise run zoo --set net.width=16")
    ]  # fmt: skip
    assert places == sorted(places)
    assert headline_markdown(record).startswith("## zoo: undecided")
    many = run(changed={f"step{i}": "x" * 5000 for i in range(1000)})
    assert len(summary(many, store)) < 65_536
    assert "and 960 more" in summary(many, store)


def test_an_unknown_store_is_not_needed_for_a_run_that_ran(tmp_path):
    assert "zoo" in junit(run(), LocalStore(tmp_path / "none"))


def test_run_writes_both_files_whatever_the_outcome_and_shows_the_headline_on_a_server(project, prefect_server):
    files = ("--junit", "checks.xml", "--markdown", "summary.md")
    done = project.brickwise("run", "zoo.flow:data", *files)
    assert done.returncode == 0, done.stderr
    assert (project.folder / "summary.md").read_text().startswith("## data: no earlier run")
    first = cases((project.folder / "checks.xml").read_text())
    assert any(name.startswith("tidy.known animals") for name in first)
    asked = {"artifacts": {"key": {"any_": ["data-headline"]}}, "sort": "CREATED_DESC"}  # others ran on the same server
    shown = ask(prefect_server, "artifacts/filter", asked)
    assert shown, done.stderr
    assert shown[0]["data"].startswith("## data: no earlier run")
    assert shown[0]["flow_run_id"]

    (project.folder / "checks.xml").unlink()
    assert "up to date" in project.brickwise("run", "zoo.flow:data", *files).stdout
    assert cases((project.folder / "checks.xml").read_text()).keys() == first.keys()

    project.write_data("cat", "eel")
    blocked = project.brickwise("run", "zoo.flow:data", *files)
    assert blocked.returncode == 3, blocked.stderr
    found = cases((project.folder / "checks.xml").read_text())
    assert any(case.find("failure") is not None for name, case in found.items() if name.startswith("tidy.known animals"))
    assert (project.folder / "summary.md").read_text().startswith("## data: blocked: tidy")


def test_a_file_that_cannot_be_written_is_told_before_anything_runs(project):
    done = project.brickwise("run", "zoo.flow:data", "--junit", "nowhere/checks.xml")
    assert (done.returncode, "cannot write nowhere/checks.xml: its folder is not there" in done.stderr) == (2, True)
    assert not (project.folder / ".brickwise/runs").exists()
