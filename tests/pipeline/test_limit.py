"""How many rows a step may turn away, and what happens past it."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

from pipeline import BlockedError, Check, Finding, Limit, Model, Pipeline, Stage, Step, Table, WiringError, plan, sift
from pipeline.execute import execute


class Row:
    @classmethod
    def columns(cls):
        return {"n": "int64"}

    @classmethod
    def key(cls):
        return ()

    @classmethod
    def sift(cls, rows):
        return rows, rows.slice(0, 0)

    @classmethod
    def contract(cls):
        return Counted()


class Counted(Check):
    name: str = "counted"

    def judge(self, artifact):
        yield Finding(rule="has rows", evaluated=artifact.count(), failed=0, passed=artifact.count() > 0)


class Count(Stage):
    """0 to 99; what is above `most` or odd and below ten is turned away."""

    most: int = 97

    def run(self) -> Table[Row]:
        rows = pa.table({"n": pa.array(range(100), pa.int64())})
        odd = pc.and_(pc.less(rows["n"], 10), pc.equal(pc.bit_wise_and(rows["n"], 1), 1))
        kept, away = sift(rows, [("is large", "n", pc.greater(rows["n"], self.most)), ("is odd", "n", odd)])
        return Table.of(Row, kept, turned_away=away)


class Same(Stage):
    def map(self, rows: Table[Row]) -> Table[Row]:
        return Table.of(Row, rows.read())


def built(*checks: Check, most: int = 97) -> Pipeline:
    return Pipeline("p", Step("count", Count(most=most), checks=checks), Step("same", Same(), {"rows": "count"}))


@pytest.mark.parametrize(
    ("limit", "passes"),
    [
        (Limit(count=7), True),
        (Limit(count=6), False),
        (Limit(fraction=0.07), True),
        (Limit(fraction=0.0699), False),
        (Limit(fraction=0.5, count=6), False),
        (Limit(fraction=0.07, count=7), True),
        (Limit(rule="is odd", count=5), True),
        (Limit(rule="is odd", count=4), False),
        (Limit(rule="is large", fraction=0.02), True),
        (Limit(rule="is", column="n", count=6), False),
        (Limit(column="other", count=0), True),
        (Limit(count=0), False),
    ],
)
def test_a_limit_is_kept_to_the_row(store, limit, passes):
    record = built(limit).run(store.root)
    assert (record.status, record.step("same").status) == (("done", "ran") if passes else ("blocked", "skipped"))


def test_past_the_limit_it_says_how_many_of_how_many_and_shows_some(store):
    outcome = built(Limit(rule="is odd", fraction=0.01)).run(store.root).step("count")
    (finding,) = outcome.receipts[-1].failures
    assert str(finding) == ("at most 0.01 of the rows turned away, because is odd: 5 of 100 failed (1, 3, 5, 7, 9)")


def test_what_was_turned_away_belongs_to_the_receipt(store):
    """The rows that were let through are the same; the limit is judged again for another quarantine."""
    assert built(Limit(count=7)).run(store.root).status == "done"
    assert plan(built(Limit(count=7)), store).stale == ()
    assert plan(built(Limit(count=6)), store).stale == ("count", "same")
    assert built(Limit(count=6)).run(store.root).step("count").status == "blocked"


def test_a_step_below_refuses_rows_whose_limit_nobody_judged(store):
    above = {"count": built().run(store.root).step("count").outputs}
    with pytest.raises(BlockedError, match=r"step 'same' refuses count\.rows .*check 'limit' has no receipt"):
        execute(built(Limit(count=7)), store, "same", above)


def test_a_step_that_turned_nothing_away_is_within_every_limit(store):
    record = Pipeline("p", Step("count", Count()), Step("same", Same(), {"rows": "count"}, checks=(Limit(count=0),))).run(
        store.root
    )
    (finding,) = record.step("same").receipts[-1].findings
    assert (record.status, finding.evaluated, finding.failed) == ("done", 93, 0)


@pytest.mark.parametrize("wrong", [{}, {"rule": "is odd"}, {"fraction": 1.1}, {"count": -1}, {"fraction": -0.1}])
def test_a_limit_that_limits_nothing_or_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"expected one of them|less than or equal to 1|greater than or equal to 0"):
        Limit(**wrong)


class Learn(Stage):
    def run(self, rows: Table[Row]) -> Model:
        return Model(facts={"rows": rows.count()})


def test_a_limit_of_a_step_that_turns_no_rows_away_is_refused_since_nobody_would_judge_it():
    with pytest.raises(WiringError, match="port 'quarantine', which Learn does not write"):
        Pipeline("p", Step("count", Count()), Step("learn", Learn(), {"rows": "count"}, checks=(Limit(count=1),)))


def test_a_check_on_no_port_of_the_step_is_still_refused():
    with pytest.raises(WiringError, match="port 'quarantined', which Count does not write"):
        built(Limit(count=1, on="quarantined"))
