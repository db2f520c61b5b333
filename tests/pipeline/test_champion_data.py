"""Checks that look beyond the artifact: at the champion's data, at the day; and the rows that a check found failing."""

from typing import ClassVar

import pyarrow as pa
import pytest

from pipeline import Check, Finding, Pipeline, Stage, Step, StoreError, Table, plan, turned_away
from pipeline.execute import execute
from pipeline.publish import load, manifest
from pipeline.quarantine import Quarantined
from pipeline.stage import Port
from pipeline.store.collect import collect
from pipeline.store.verify import verify

TODAY: list[str] = ["monday"]
JUDGED: list[tuple[int, int | None]] = []  # rows, and the champion's


class Row:
    @classmethod
    def columns(cls):
        return {"n": "int64"}

    @classmethod
    def key(cls):
        return ("n",)

    @classmethod
    def sift(cls, rows):
        return rows, rows.slice(0, 0)

    @classmethod
    def contract(cls):
        return HasRows()


class HasRows(Check):
    name: str = "has rows"

    def judge(self, artifact):
        yield Finding(rule="has rows", evaluated=artifact.count(), failed=0, passed=artifact.count() > 0)


class Grown(Check):
    """No fewer rows than the champion had."""

    compares: ClassVar[bool] = True
    name: str = "grown"

    def judge(self, artifact, before=None):
        now, then = artifact.count(), None if before is None else before.count()
        JUDGED.append((now, then))
        yield Finding(rule="grown", evaluated=now, failed=0, passed=then is None or now >= then)


class Reads(Grown):
    """Reads the champion's rows, and not only their number."""

    def judge(self, artifact, before=None):
        yield Finding(rule="reads", evaluated=1 if before is None else before.read().num_rows, failed=0, passed=True)


class Small(Check):
    """Every n is below 3; warns, and gives the rows that are not."""

    name: str = "small"

    def judge(self, artifact):
        found = [n for n in artifact.read()["n"].to_pylist() if n >= 3]
        yield Finding(rule="is small", column="n", evaluated=9, failed=len(found), passed=not found, severity="warn")

    def failing(self, artifact, findings, before=None):
        for part in artifact.split():
            rows = part.read()
            yield turned_away(rows.filter(pa.array([n >= 3 for n in rows["n"].to_pylist()])), findings[0].rule, "n")


class Fresh(Check):
    name: str = "fresh"

    def outside(self):
        return {"day": TODAY[0]}

    def judge(self, artifact):
        yield Finding(rule="fresh", evaluated=1, failed=0, passed=TODAY[0] != "friday")


class Rows(Stage):
    count: int = 5

    def run(self) -> Table[Row]:
        return Table.of(Row, pa.table({"n": pa.array(range(self.count), pa.int64())}))


class Below(Stage):
    keeps_rows: ClassVar[bool] = False

    def run(self, rows: Table[Row]) -> Table[Row]:
        return Table.of(Row, rows.read())


def built(count: int, *checks: Check) -> Pipeline:
    return Pipeline("p", Step("rows", Rows(count=count), checks=checks), Step("below", Below(), {"rows": "rows"}))


@pytest.fixture(autouse=True)
def _forget():
    JUDGED.clear()
    TODAY[0] = "monday"


def test_a_check_that_compares_is_given_the_champions_data_and_blocks_what_fell_behind(store):
    assert built(5, Grown()).run(store.root).status == "done"
    assert built(6, Grown()).run(store.root).status == "done"
    record = built(4, Grown()).run(store.root)
    assert (record.status, record.step("rows").status, record.step("below").status) == ("blocked", "blocked", "skipped")
    assert JUDGED == [(5, None), (6, 5), (4, 5)]


def test_the_champion_is_not_compared_with_itself_and_is_up_to_date(store):
    built(5, Grown()).run(store.root)
    assert built(5, Grown()).run(store.root).status == "up-to-date"
    assert JUDGED == [(5, None)]


def test_another_champion_asks_for_another_receipt(store):
    first = built(5, Grown()).run(store.root)
    second = built(9, Grown()).run(store.root)
    assert built(7, Grown()).run(store.root).status == "done"
    store.set_ref("p", "champion", second.run_id)
    assert plan(built(7, Grown()), store).stale == ("rows", "below")
    assert built(7, Grown()).run(store.root).status == "blocked"
    store.set_ref("p", "champion", first.run_id)
    assert plan(built(7, Grown()), store).stale == ()


def test_a_champion_that_is_lost_lets_nothing_pass(store):
    record = built(5, Grown()).run(store.root)
    path = store.root / "runs" / f"{record.run_id}.json"
    path.rename(store.root / "elsewhere.json")
    with pytest.raises(
        StoreError, match=r"check 'grown' of step 'rows' compares with the champion of p, whose record .* accept RUN"
    ):
        built(4, Grown()).run(store.root)
    (store.root / "elsewhere.json").rename(path)
    assert built(4, Grown()).run(store.root).status == "blocked"


def test_damaged_data_of_the_champion_are_named_with_the_way_out(store):
    record = built(5, Reads()).run(store.root)
    (fragment,) = manifest(store, record.step("rows").outputs["rows"])["files"]
    store.object_file(fragment["digest"]).unlink()
    with pytest.raises(StoreError, match=r"compares with the champion's data, and these .* are damaged or lost.*accept RUN"):
        built(6, Reads()).run(store.root)


def test_a_receipt_of_another_day_does_not_count(store):
    built(5, Fresh()).run(store.root)
    assert plan(built(5, Fresh()), store).stale == ()
    TODAY[0] = "friday"
    assert {step.name: step.why for step in plan(built(5, Fresh()), store).steps}["rows"] == "check fresh: no receipt yet"
    record = built(5, Fresh()).run(store.root)
    assert (record.status, record.step("rows").seconds < 1) == ("blocked", True)


class Slow(Stage):
    """A stage that lasts until the next day."""

    keeps_rows: ClassVar[bool] = False

    def run(self, rows: Table[Row]) -> Table[Row]:
        TODAY[0] = "tuesday"
        return Table.of(Row, rows.read())


def test_a_receipt_holds_to_the_end_of_the_run_that_was_planned_on_its_day(store):
    steps = (Step("rows", Rows(), checks=(Fresh(),)), Step("slow", Slow(), {"rows": "rows"}))
    record = Pipeline("p", *steps, Step("below", Below(), {"rows": "rows"}, checks=(Fresh(),))).run(store.root)
    assert record.status == "done"
    assert plan(Pipeline("p", *steps), store).stale == ("rows", "slow")


def failing(store, record):
    (receipt,) = (receipt for receipt in record.step("rows").receipts if receipt.check == "small")
    return receipt.failing


def test_every_row_that_failed_is_kept_with_its_key_beside_the_receipt(store):
    record = built(5_000, Small()).run(store.root)
    found = load(store, failing(store, record), Port("rows", Table, Quarantined)).read()
    assert found.num_rows == 4_997
    assert found.slice(4_996).to_pylist() == [
        {"rule": "is small", "column": "n", "value": "4999", "source": None, "line": None, "key": "4999", "row": '{"n":4999}'}
    ]


def test_rows_that_failed_are_collected_with_the_receipt_and_not_before(store):
    record = built(5, Small()).run(store.root)
    collect(store, keep=1)
    assert store.has(failing(store, record))
    assert not verify(store).missing
    gone = failing(store, record)
    built(4, Small()).run(store.root)
    built(3, Small()).run(store.root)
    store.set_ref("p", "champion", store.run_ids()[-1])
    collect(store, keep=1)
    assert not store.has(gone)


def test_rows_that_failed_and_were_lost_are_found_again_when_the_step_is_judged(store):
    record = built(5, Small()).run(store.root)
    digest = failing(store, record)
    store.object_file(digest).unlink()
    pipeline = built(5, Small())
    execute(pipeline, store, "rows", {})
    assert store.has(digest)
