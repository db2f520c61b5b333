"""Rows that a person put right run through their step again, and take the place of those that were turned away."""

import json
from collections import Counter
from typing import Annotated

import pyarrow as pa
import pytest
from pydantic import Field

from pipeline import Outside, Pipeline, Stage, Step, Table, plan, sift
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.repairs import identity, load_repairs, repairs_part, save_repairs
from pipeline.stage import Port
from pipeline.store.collect import collect
from schemas import Key, Record


class Raw(Record):
    id: Annotated[str, Key()]
    text: str


class Good(Record):
    id: Annotated[str, Key()]
    text: Annotated[str, Field(min_length=2)]


class Given(Stage):
    """Reads items from outside; `None` breaks the Record."""

    texts: tuple[str | None, ...]

    def outside(self):
        return {"item": "1"}

    def map(self, item: Outside) -> Table[Raw]:
        ids = [str(n) for n in range(len(self.texts))]
        return Table.of(Raw, pa.table({"id": ids, "text": pa.array(self.texts, pa.string())}))


class NoDigits(Stage):
    """Turns away what has a digit; the Record turns away what is short."""

    def map(self, rows: Table[Raw]) -> Table[Good]:
        table = rows.read()
        digits = pa.array([any(c.isdigit() for c in text) for text in table["text"].to_pylist()], pa.bool_())
        kept, away = sift(table, [("has a digit", "text", digits)])
        return Table.of(Good, kept, turned_away=away)


class Once(Stage):
    """Sees all rows; turns away repeats."""

    def run(self, rows: Table[Raw]) -> Table[Good]:
        table, seen = rows.read(), Counter()
        repeats = []
        for text in table["text"].to_pylist():
            repeats.append(seen[text] > 0)
            seen[text] += 1
        kept, away = sift(table, [("repeats", "text", pa.array(repeats, pa.bool_()))])
        return Table.of(Good, kept, turned_away=away)


class Plain(Record):
    text: str


class Copies(Stage):
    """Turns away two rows that are the same."""

    def run(self) -> Table[Plain]:
        kept, away = sift(pa.table({"text": ["a1", "a1", "b"]}), [("is a1", "text", pa.array([True, True, False]))])
        return Table.of(Plain, kept, turned_away=away)


def built(stage: Stage, *texts: str | None) -> Pipeline:
    return Pipeline("p", Step("raw", Given(texts=texts)), Step("step", stage, {"rows": "raw"}))


def quarantined(store, outcome) -> list[dict]:
    return load(store, outcome.quarantine, Port("q", Table, Quarantined)).read().to_pylist() if outcome.quarantine else []


def texts(store, outcome) -> list[str]:
    return load(store, outcome.outputs["rows"], Port("rows", Table, Good)).read()["text"].to_pylist()


def repair(store, pipeline, step, change) -> None:
    """Put right what `change` has a text for, beside what was put right before."""
    outcome = pipeline.run(store.root, end=step).step(step)
    found = load_repairs(store, repairs_part(store, "p", step))
    for row in quarantined(store, outcome):
        document = json.loads(row["row"])
        if document["text"] in change:
            found.setdefault(identity(row), []).append(json.dumps(document | {"text": change[document["text"]]}))
    save_repairs(store, "p", step, found)


def counts(outcome) -> tuple[int | None, int, int]:
    return outcome.rows_in, outcome.rows_out, outcome.rows_quarantined


@pytest.mark.parametrize("stage", [NoDigits(), Once()])
def test_with_no_repairs_there_is_no_part_of_the_key(store, stage):
    record = built(stage, "aa", "a1").run(store.root)
    assert "repairs" not in store.action(record.step("step").key)["parts"]


def test_repaired_rows_take_the_place_of_those_turned_away_and_the_sum_stays(store):
    pipeline = built(NoDigits(), "aa", "b1", "c", "d2", "ee")
    assert counts(pipeline.run(store.root).step("step")) == (5, 2, 3)
    repair(store, pipeline, "step", {"b1": "bb", "c": "cc"})
    planned = plan(pipeline, store)
    assert {step.name: step.why for step in planned.steps if step.action == "run"} == {"step": "repairs: 2 rows put right"}
    outcome = pipeline.run(store.root).step("step")
    assert counts(outcome) == (5, 4, 1)
    assert texts(store, outcome) == ["aa", "ee", "bb", "cc"]
    assert [json.loads(row["row"])["text"] for row in quarantined(store, outcome)] == ["d2"]
    assert plan(pipeline, store).stale == ()


def test_a_repair_that_is_still_bad_is_turned_away_again_and_can_be_repaired_again(store):
    pipeline = built(NoDigits(), "aa", "b1")
    repair(store, pipeline, "step", {"b1": "b2"})
    outcome = pipeline.run(store.root).step("step")
    assert (counts(outcome), quarantined(store, outcome)[0]["value"]) == ((2, 1, 1), "b2")
    repair(store, pipeline, "step", {"b2": "bb"})
    outcome = pipeline.run(store.root).step("step")
    assert (counts(outcome), texts(store, outcome)) == ((2, 2, 0), ["aa", "bb"])


def test_a_stage_that_sees_the_whole_sees_the_repaired_rows_among_the_others(store):
    pipeline = built(Once(), "aa", "aa", "bb", "aa")
    assert counts(pipeline.run(store.root).step("step")) == (4, 2, 2)
    repair(store, pipeline, "step", {"aa": "bb"})  # both copies; each repeats another row again
    outcome = pipeline.run(store.root).step("step")
    assert counts(outcome) == (4, 2, 2)
    repair(store, pipeline, "step", {"bb": "cc"})
    outcome = pipeline.run(store.root).step("step")
    assert (counts(outcome), texts(store, outcome)) == ((4, 3, 1), ["aa", "bb", "cc"])


def test_rows_that_ingest_turned_away_are_read_by_its_record(store):
    pipeline = built(NoDigits(), "aa", None)
    outcome = pipeline.run(store.root).step("raw")
    (row,) = quarantined(store, outcome)
    save_repairs(store, "p", "raw", {identity(row): ['{"id":"1","text":"bb"}']})
    record = pipeline.run(store.root)
    assert counts(record.step("raw")) == (None, 2, 0)
    assert texts(store, record.step("step")) == ["aa", "bb"]


def test_a_repair_of_a_row_that_is_not_turned_away_any_more_is_passed_over(store):
    pipeline = built(NoDigits(), "aa", "b1")
    repair(store, pipeline, "step", {"b1": "bb"})
    other = built(NoDigits(), "aa", "xx")
    assert texts(store, other.run(store.root).step("step")) == ["aa", "xx"]


def test_a_repair_that_is_no_row_of_the_record_is_turned_away_with_the_reason(store):
    pipeline = built(NoDigits(), "aa", "b1")
    (row,) = quarantined(store, pipeline.run(store.root).step("step"))
    save_repairs(store, "p", "step", {identity(row): ['{"id":"1"}']})
    outcome = pipeline.run(store.root).step("step")
    assert (counts(outcome), quarantined(store, outcome)[0]["rule"]) == ((2, 1, 1), "is null")


def test_rows_that_are_the_same_to_the_letter_are_repaired_one_by_one(store):
    pipeline = Pipeline("p", Step("copies", Copies()))
    row, _ = quarantined(store, pipeline.run(store.root).step("copies"))
    save_repairs(store, "p", "copies", {identity(row): ['{"text":"once"}']})
    outcome = pipeline.run(store.root).step("copies")
    assert (outcome.rows_out, outcome.rows_quarantined) == (2, 1)


def test_gc_keeps_repairs_with_the_step_that_has_them(store):
    pipeline = built(NoDigits(), "aa", "b1")
    repair(store, pipeline, "step", {"b1": "bb"})
    pipeline.run(store.root)
    collect(store, keep=1)
    pipeline.run(store.root, force=True)
    assert load_repairs(store, repairs_part(store, "p", "step"))


class Lettered(Given):
    """Computes the id, of rows read and of rows put right."""

    letter: str = "a"

    def derived(self):
        return {"id": ("text",)}

    def derive(self, rows):
        return rows.set_column(0, "id", pa.array([f"{self.letter}-{text}" for text in rows["text"].to_pylist()], pa.string()))


def test_a_computed_column_follows_the_row_in_every_step_below_and_is_part_of_the_key_of_repairs(store):
    def lettered(letter):
        return Pipeline(
            "p",
            Step("raw", Lettered(texts=("aa", "a1"), letter=letter)),
            Step("step", NoDigits(), {"rows": "raw"}),
        )

    repair(store, lettered("a"), "step", {"a1": "bb"})
    for letter in "ab":
        outcome = lettered(letter).run(store.root).step("step")
        assert outcome.status == "ran"
        assert load(store, outcome.outputs["rows"], Port("rows", Table, Good)).read()["id"].to_pylist() == ["0", f"{letter}-bb"]
