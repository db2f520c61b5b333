"""All rows that broke a rule of a suite, and verdicts on fragments that come to one on the whole."""

import json
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipeline import Pipeline, Stage, Step, Table
from pipeline.check import merged
from schemas import (
    Between,
    Greater,
    InSet,
    Key,
    NotNull,
    Record,
    RowCount,
    Rule,
    Suite,
    Unique,
    UniqueTogether,
)


class Pair(Record):
    """Two columns, nothing asked."""

    id: Annotated[int, Key()]
    a: int | None
    b: str | None


class Falling(Rule):
    """`a` never rises"""

    by_row = False

    def holds(self, rows):
        before = pa.concat_arrays([pa.array([None], pa.int64()), rows["a"].combine_chunks()[:-1]])
        return pc.less_equal(rows["a"], before)


def table(*fragments):
    start = 0
    parts = []
    for rows in fragments:
        ids = range(start, start + len(rows))
        parts.append(
            pa.table(
                {
                    "id": pa.array(ids, pa.int64()),
                    "a": pa.array([r[0] for r in rows], pa.int64()),
                    "b": pa.array([r[1] for r in rows], pa.string()),
                }
            )
        )
        start += len(rows)
    return Table(Pair, tuple(parts), digest="d" * 64)


def failing(suite, rows):
    receipt = suite.receipt(rows)
    return [row for part in suite.failing(rows, receipt.findings) for row in part.to_pylist()]


ROWS = table([(1, "x"), (1, "y"), (None, "x")], [(5, "x"), (1, "x")], [(7, None), (5, "z")])


@pytest.mark.parametrize(
    ("expectation", "ids"),
    [
        (NotNull(column="a"), [2]),
        (InSet(column="b", values=("x", "y")), [6]),
        (Between(column="a", max_value=4), [3, 5, 6]),
        (Unique(column="a"), [0, 1, 3, 4, 6]),
        (UniqueTogether(columns=("a", "b")), [0, 4]),
        (Greater(first="a", second="id"), [1, 4, 6]),
        (Falling(), [5]),
        (RowCount(min_value=99), []),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_row_that_broke_a_rule_is_there(expectation, ids):
    found = failing(Suite(name="s", expectations=(expectation,)), ROWS)
    assert [json.loads(row["row"])["id"] for row in found] == ids
    assert {row["rule"] for row in found} <= {expectation.sentence()}
    assert {row["column"] for row in found} <= {getattr(expectation, "column", None)}


def test_the_rows_of_a_rule_that_passes_or_cannot_be_judged_are_none():
    suite = Suite(
        name="s",
        expectations=(RowCount(min_value=1), NotNull(column="id"), NotNull(column="gone"), NotNull(column="a", mostly=0.5)),
    )
    receipt = suite.receipt(ROWS)
    assert [finding.passed for finding in receipt.findings] == [True, True, False, True]
    assert list(suite.failing(ROWS, [finding for finding in receipt.findings if not finding.passed])) == []


def test_ten_thousands_of_rows_come_in_batches():
    many = Table(
        Pair,
        (
            pa.table(
                {
                    "id": pa.array(range(40_000), pa.int64()),
                    "a": pa.nulls(40_000, pa.int64()),
                    "b": pa.nulls(40_000, pa.string()),
                }
            ),
        ),
        digest="d" * 64,
    )
    suite = Suite(name="s", expectations=(NotNull(column="a"),))
    parts = list(suite.failing(many, suite.receipt(many).findings))
    assert max(part.num_rows for part in parts) <= 16_384
    assert sum(part.num_rows for part in parts) == 40_000


@pytest.mark.parametrize(("mostly", "passes"), [(0.7, True), (0.72, False)])
def test_mostly_holds_of_all_fragments_together_not_of_each(mostly, passes):
    suite = Suite(name="s", expectations=(Between(column="a", max_value=5, mostly=mostly),))
    parts = list(table([(9, "x"), (9, "x"), (1, "x")], [(1, "x")] * 3 + [(None, "x")], [(1, "x")]).split())
    each = [findings[0] for findings in suite.by_row().judge_each(parts)]
    together = merged(each)
    assert [finding.passed for finding in each] == [False, True, True]
    assert (together.passed, together.evaluated, together.failed) == (passes, 7, 2)
    assert (
        together.passed
        == suite.receipt(table([(9, "x"), (9, "x"), (1, "x")], [(1, "x")] * 3 + [(None, "x")], [(1, "x")])).passed
    )


def test_mostly_does_not_pass_over_a_fragment_that_could_not_be_judged():
    suite = Suite(name="s", expectations=(InSet(column="a", values=(1,), mostly=0.1),))
    good = Table(Pair, (pa.table({"a": [1, 1]}),))
    lists = Table(Pair, (pa.table({"a": [[1], [1]]}),))
    each = [next(iter(suite.judge(good))), next(iter(suite.judge(lists)))]
    assert not merged(each).passed


def test_what_each_fragment_of_several_that_pass_was_asked_is_counted():
    rules = (
        NotNull(column="id"),
        Between(column="a", min_value=0),
        Greater(first="a", second="id", mostly=0.01),
        InSet(column="b", values=("x",)),
    )
    parts = list(table([(9, "x"), (None, "x")], [(9, None), (9, "x"), (9, "x")]).split())
    together = Suite(name="s", expectations=rules).judge_each(parts)
    alone = [list(Suite(name="s", expectations=rules).judge(part)) for part in parts]
    assert together == alone
    assert [[finding.evaluated for finding in findings] for findings in together] == [[2, 1, 1, 2], [3, 3, 3, 2]]


class Numbers(Stage):
    """A few rows."""

    def run(self) -> Table[Pair]:
        return Table.of(Pair, *(part.read() for part in ROWS.split()))


def test_a_receipt_of_a_run_keeps_all_rows_that_failed(store):
    suite = Suite(name="rules", expectations=(Between(column="a", max_value=4), Unique(column="a"), RowCount(min_value=1)))
    record = Pipeline("p", Step("numbers", Numbers(), checks=(suite,))).run(store.root)
    (receipt,) = [receipt for receipt in record.step("numbers").receipts if receipt.check == "rules"]
    from pipeline.publish import load
    from pipeline.quarantine import Quarantined
    from pipeline.stage import Port

    kept = load(store, receipt.failing, Port("failing", Table, Quarantined)).read().to_pylist()
    assert [row["key"] for row in kept] == ["3", "5", "6", "0", "1", "3", "4", "6"]
