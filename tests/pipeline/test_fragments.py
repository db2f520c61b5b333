"""Map stages redo what is new: by fragment of a table, by item outside; and what is below them as little."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import Check, Finding, LocalStore, Outside, Pipeline, Report, Stage, StageError, Step, Table, cut, turned_away
from pipeline.publish import load, manifest
from pipeline.quarantine import Quarantined
from pipeline.stage import Port


class HasRows(Check):
    """Light, since fragments are the subject here and not Great Expectations."""

    name: str = "has rows"

    def judge(self, artifact):
        yield Finding(rule="has rows", evaluated=artifact.count(), failed=0, passed=artifact.count() > 0)


class Line(Quarantined):
    @classmethod
    def columns(cls) -> dict[str, str]:
        return {"text": "string"}

    @classmethod
    def contract(cls) -> Check:
        return HasRows()


class Files(Stage):
    """A row for each line of each file of a folder, at most `most` to a fragment; an empty line is turned away."""

    folder: str
    log: str
    most: int = 10
    while_reading: str = ""

    def outside(self) -> Mapping[str, str]:
        return {path.name: path.read_text() for path in sorted(Path(self.folder).iterdir())}

    def map(self, item: Outside) -> Iterator[Table[Line]]:
        note(self.log, f"read {item.name}")
        lines = (Path(self.folder) / item.name).read_text().splitlines()
        if self.while_reading:
            (Path(self.folder) / item.name).write_text(self.while_reading)
        away = [turned_away(pa.table({"text": [""]}), "is empty") for line in lines if not line]
        for fragment in cut([pa.table({"text": pa.array(filter(None, lines), pa.string())})], self.most):
            yield Table.of(Line, fragment, turned_away=away)
            away = []


class Upper(Stage):
    log: str

    def map(self, rows: Table[Line]) -> Table[Line]:
        texts = rows.read()["text"].to_pylist()
        note(self.log, f"upper {' '.join(texts)}")
        return Table.of(Line, pa.table({"text": [text.upper() for text in texts]}))


class Refuses(Upper):
    def map(self, rows: Table[Line]) -> Table[Line]:
        made = super().map(rows)
        if "bad" in rows.read()["text"].to_pylist():
            raise StageError("Refuses refuses")
        return made


class Longest(Stage):
    """It sees the whole, and seldom comes out otherwise."""

    log: str

    def run(self, rows: Table[Line]) -> Report:
        note(self.log, "longest")
        return Report(facts={"n": max(map(len, rows.read()["text"].to_pylist()))})


class Tell(Stage):
    log: str

    def run(self, report: Report) -> Report:
        note(self.log, "tell")
        return Report(facts={"told": report.facts["n"]})


def note(log: str, line: str) -> None:
    with Path(log).open("a") as file:
        file.write(f"{line}\n")


@pytest.fixture
def lines(tmp_path):
    """A pipeline over the files of a folder, and what has been done since it was last asked."""
    folder, log = tmp_path / "folder", tmp_path / "log"
    folder.mkdir()
    log.touch()
    for name in "abc":
        (folder / name).write_text(f"{name}1\n{name}2\n\n")

    class Lines:
        def __init__(self) -> None:
            self.folder = folder

        def built(self, **files) -> Pipeline:
            return Pipeline(
                "lines",
                Step("files", Files(folder=str(folder), log=str(log), **files)),
                Step("upper", Upper(log=str(log)), {"rows": "files"}),
                Step("longest", Longest(log=str(log)), {"rows": "upper"}),
                Step("tell", Tell(log=str(log)), {"report": "longest"}),
            )

        def done(self) -> list[str]:
            found = log.read_text().splitlines()
            log.write_text("")
            return sorted(found)

    return Lines()


def rows(store: LocalStore, record, step: str) -> list[str]:
    table = load(store, record.step(step).outputs["rows"], Port("rows", Table, Line))
    return table.read()["text"].to_pylist()


def test_every_item_and_every_fragment_is_mapped_once(lines, store):
    record = lines.built().run(store.root)
    assert rows(store, record, "upper") == ["A1", "A2", "B1", "B2", "C1", "C2"]
    assert record.step("files").rows_quarantined == 3
    assert lines.done() == ["longest", "read a", "read b", "read c", "tell", "upper a1 a2", "upper b1 b2", "upper c1 c2"]


@pytest.mark.parametrize(
    ("edit", "texts", "done", "why"),
    [
        (
            lambda folder: (folder / "b").write_text("b9\n"),
            ["A1", "A2", "B9", "C1", "C2"],
            ["longest", "read b", "upper b9"],
            "1 of 3 fragments new",
        ),
        (
            lambda folder: (folder / "bb").write_text("d1\n"),
            ["A1", "A2", "B1", "B2", "D1", "C1", "C2"],
            ["longest", "read bb", "upper d1"],
            "1 of 4 fragments new",
        ),
        (lambda folder: (folder / "b").unlink(), ["A1", "A2", "C1", "C2"], ["longest"], "1 of 3 fragments gone"),
        (
            lambda folder: (folder / "b").rename(folder / "d"),
            ["A1", "A2", "C1", "C2", "B1", "B2"],
            ["longest", "read d"],
            "fragments in another order",
        ),
    ],
    ids=["changed", "added", "deleted", "renamed"],
)
def test_a_file_is_redone_alone_and_what_stays_the_same_stops_the_change(lines, store, edit, texts, done, why):
    lines.built().run(store.root)
    lines.done()
    edit(lines.folder)
    record = lines.built().run(store.root)
    assert rows(store, record, "upper") == texts
    assert lines.done() == done
    assert record.step("upper").why == f"input rows: {why}"
    assert record.step("tell").status == "reused"
    fresh = lines.built().run(str(store.root) + "-fresh")
    assert [step.outputs for step in fresh.steps] == [step.outputs for step in record.steps]
    assert [step.quarantine for step in fresh.steps] == [step.quarantine for step in record.steps]


def test_rows_added_at_the_end_of_a_file_leave_its_other_fragments(lines, store):
    (lines.folder / "a").write_text("".join(f"a{i}\n" for i in range(8)))
    lines.built(most=3).run(store.root)
    lines.done()
    (lines.folder / "a").write_text("".join(f"a{i}\n" for i in range(10)))
    record = lines.built(most=3).run(store.root)
    assert lines.done() == ["longest", "read a", "upper a6 a7 a8", "upper a9"]
    assert record.step("upper").why == "input rows: 2 of 6 fragments new"


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_fragment_that_is_lost_is_made_alone(lines, store, position):
    digest = lines.built().run(store.root).step("upper").outputs["rows"]
    lines.done()
    store._object(manifest(store, digest)["files"][position]["digest"]).unlink()
    record = lines.built().run(store.root)
    assert (record.step("upper").why, record.step("upper").outputs["rows"]) == ("output missing", digest)
    assert lines.done() == [["upper a1 a2", "upper b1 b2", "upper c1 c2"][position]]


def test_what_a_failed_map_had_made_is_not_made_again(lines, store):
    (lines.folder / "c").write_text("bad\n")
    failing = Pipeline(
        "lines",
        lines.built().steps["files"],
        Step("upper", Refuses(log=lines.built().steps["upper"].stage.log), {"rows": "files"}),
    )
    assert "Refuses refuses" in failing.run(store.root).step("upper").error
    lines.done()
    failing.run(store.root)
    assert lines.done() == ["upper bad"]


def test_forced_everything_is_mapped_again(lines, store):
    lines.built().run(store.root)
    lines.done()
    lines.built().run(store.root, only="upper", force=True)
    assert lines.done() == ["upper a1 a2", "upper b1 b2", "upper c1 c2"]


def test_a_change_of_config_maps_everything_again(lines, store):
    lines.built().run(store.root)
    lines.done()
    lines.built(most=1).run(store.root)
    assert [line for line in lines.done() if line.startswith("read")] == ["read a", "read b", "read c"]


def test_a_file_that_changes_while_it_is_read_is_refused_and_not_remembered(lines, store):
    record = lines.built(while_reading="x\n").run(store.root)
    assert record.step("files").status == "failed"
    assert "a changed while it was read, so that nobody knows what was read; run again" in record.step("files").error
    (lines.folder / "a").write_text("a1\na2\n\n")
    assert not [key for key in store.action_keys() if "files" in json.dumps(store.action(key))]


class Loses(Stage):
    def map(self, rows: Table[Line]) -> Table[Line]:
        return Table.of(Line, rows.read().slice(1))


class Says(Stage):
    """What it reads from outside is another thing each time it is asked."""

    counter: str

    def outside(self) -> Mapping[str, int]:
        note(self.counter, "asked")
        return {"n": len(Path(self.counter).read_text())}

    def run(self) -> Report:
        return Report(facts={"n": 1})


def test_rows_that_a_map_loses_are_refused(lines, store):
    built = Pipeline("p", lines.built().steps["files"], Step("loses", Loses(), {"rows": "files"}))
    assert "6 rows in, yet 3 out and 0 quarantined" in built.run(store.root).step("loses").error


def test_what_changes_outside_while_a_stage_runs_is_refused(store, tmp_path):
    record = Pipeline("p", Step("says", Says(counter=str(tmp_path / "counter")))).run(store.root)
    assert "what it reads from outside changed while it ran" in record.step("says").error
    assert StageError.exit_code == 1
