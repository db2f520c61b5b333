"""Record -> suite; and a suite as a check with a receipt."""

from datetime import UTC, date, datetime
from typing import Annotated

import pyarrow as pa
import pytest
from pydantic import Field, create_model

from pipeline import Table
from schemas import (
    Between,
    ColumnsAre,
    DistinctCount,
    InSet,
    Lengths,
    Matches,
    NotNull,
    Record,
    RowCount,
    Suite,
    Unique,
)


class One(Record):
    """A column."""

    value: str


def receipt_of(suite, values, **more):
    return suite.receipt(Table(One, (pa.table({"value": values, **more}),), digest="d" * 64))


def test_the_contract_has_an_expectation_for_every_constraint_of_every_column(everything):
    required = [name for name, column in everything.columns().items() if "null" not in column]
    assert set(everything.contract().expectations) == {
        ColumnsAre(columns=tuple(everything.columns())),
        RowCount(min_value=1),
        *(NotNull(column=name) for name in required),
        Unique(column="id"),
        Lengths(column="text", min_value=2, max_value=5),
        Matches(column="text", pattern="[a-z]"),
        Between(column="count", min_value=1, max_value=10, strict_max=True),
        Between(column="score", min_value=0, max_value=1, strict_min=True),
        Between(column="day", min_value=date(2020, 1, 1)),
        Between(column="moment", max_value=datetime(2030, 1, 1, tzinfo=UTC), strict_max=True),
        InSet(column="kind", values=("a", "b")),
        InSet(column="level", values=(1, 2)),
        Lengths(column="note", min_value=1),
    }


def test_rows_that_the_rules_keep_pass_the_contract(everything, good, table):
    rows = table(good(), good(id="y", note="n", level=2, names=None), good(id="z", score=1.0))
    kept, _ = everything.sift(rows)
    receipt = everything.contract().receipt(Table.of(everything, kept))
    assert receipt.passed, receipt.failures
    assert len(receipt.findings) == len(everything.contract().expectations)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": None}, {"text": "a"}, {"text": "abcdef"}, {"text": "ABC"}, {"count": 0}, {"count": 10}, {"score": 0.0},
        {"score": 1.5}, {"day": date(2019, 12, 31)}, {"moment": datetime(2030, 1, 1, tzinfo=UTC)}, {"kind": "c"},
        {"level": 3}, {"note": ""}, {"id": "x"}, {"names": None, "flag": None}, {"tokens": None},
    ],
)  # fmt: skip
def test_a_row_that_got_past_the_rules_fails_the_contract(everything, good, table, changes):
    rows = table(good(level=1, note="n"), good(**{"id": "y", "level": 1, "note": "n", **changes}))
    failures = everything.contract().receipt(Table.of(everything, rows)).failures
    assert [finding.column for finding in failures] == [list(changes)[-1]]
    assert failures[0].failed >= 1


def test_a_limit_of_no_characters_is_in_the_contract_as_well():
    empty = create_model("Empty", __base__=Record, value=(Annotated[str, Field(max_length=0)], ...))
    assert Lengths(column="value", max_value=0) in empty.contract().expectations


def test_a_receipt_is_bound_to_the_digest_it_was_made_on():
    receipt = receipt_of(Suite(name="rows", expectations=(RowCount(min_value=1),)), ["a"])
    assert (receipt.check, receipt.artifact, receipt.passed) == ("rows", "d" * 64, True)


def test_a_warning_is_told_and_does_not_block():
    rules = (RowCount(min_value=5, severity="warn"), RowCount(min_value=1))
    receipt = receipt_of(Suite(name="rows", expectations=rules), ["a"])
    assert receipt.passed
    assert receipt.failures == ()
    assert [finding.passed for finding in receipt.findings] == [False, True]


def test_the_hint_replaces_the_note_of_a_failure_and_of_nothing_else():
    rules = (RowCount(min_value=5), RowCount(min_value=1))
    receipt = receipt_of(Suite(name="rows", expectations=rules, hint="get more rows"), ["a"])
    assert [finding.note for finding in receipt.findings] == ["get more rows", ""]


def test_a_suite_of_nothing_fails():
    receipt = receipt_of(Suite(name="nothing", expectations=()), ["a"])
    assert not receipt.passed
    assert receipt.findings[0].note == "nothing was evaluated"


def test_a_suite_survives_json_with_the_fields_of_every_expectation():
    suite = Suite(name="s", expectations=(DistinctCount(column="value", min_value=2), InSet(column="value", values=("a",))))
    shown = suite.model_dump(mode="json")["expectations"]
    assert shown[0] == {"severity": "error", "column": "value", "min_value": 2, "max_value": None}
    assert shown[1]["values"] == ["a"]


def test_an_expectation_refuses_an_argument_that_it_does_not_have_or_cannot_use():
    with pytest.raises(ValueError, match="Extra inputs"):
        NotNull(columm="value")
    with pytest.raises(ValueError, match="min_value"):
        Between(column="value", min_value="a")
