"""Great Expectations over Arrow tables, as findings."""

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

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
from schemas.gx import evaluate


class Loose(Record):
    """For the receipts: what it says of rows is not asked here."""

    value: str | None


def judge(expectation, values):
    (finding,) = evaluate([expectation], pa.table({"value": values}))
    return finding


@pytest.mark.parametrize(
    ("expectation", "values", "evaluated", "failed", "examples"),
    [
        (NotNull(column="value"), ["a", None, "b", None], 4, 2, ("None",)),
        (Unique(column="value"), ["a", "b", "a", None], 3, 2, ("a",)),
        (InSet(column="value", values=("a", "b")), ["a", "c", None], 2, 1, ("c",)),
        (Between(column="value", min_value=1, max_value=3), [0, 1, 3, 4, None], 4, 2, ("0", "4")),
        (Between(column="value", min_value=1, strict_min=True), [0.5, 1.0, 2.0], 3, 2, ("0.5", "1.0")),
        (Between(column="value", max_value=3, strict_max=True), [2, 3], 2, 1, ("3",)),
        (Lengths(column="value", min_value=2, max_value=3), ["a", "ab", "abcd", None], 3, 2, ("a", "abcd")),
        (Lengths(column="value", max_value=2), ["日本", "日本語"], 2, 1, ("日本語",)),
        (Matches(column="value", pattern="[0-9]"), ["a1", "b", None], 2, 1, ("b",)),
    ],
)
def test_a_rule_on_values_counts_those_it_looked_at_and_those_that_failed(expectation, values, evaluated, failed, examples):
    finding = judge(expectation, values)
    assert not finding.passed
    assert (finding.evaluated, finding.failed, finding.examples) == (evaluated, failed, examples)
    assert finding.column == "value"
    assert finding.rule == expectation.sentence()


@pytest.mark.parametrize(
    ("expectation", "values"),
    [
        (NotNull(column="value"), ["a", "b"]),
        (Unique(column="value"), ["a", "b"]),
        (InSet(column="value", values=("a", "b")), ["a", "b", None]),
        (InSet(column="value", values=(1, 2)), [1, 2, None]),
        (InSet(column="value", values=(True,)), [True, True]),
        (Between(column="value", min_value=1, max_value=3), [1, 3, None]),
        (Between(column="value", min_value=date(2020, 1, 1)), [date(2020, 1, 1), None]),
        (Between(column="value", max_value=datetime(2030, 1, 1, tzinfo=UTC)), [datetime(2029, 1, 1, tzinfo=UTC), None]),
        (Lengths(column="value", min_value=1), ["a", None]),
        (Matches(column="value", pattern="^[a-z]+$"), ["abc", None]),
        (DistinctCount(column="value", min_value=2, max_value=2), ["a", "b", "a", None]),
        (RowCount(min_value=2, max_value=2), ["a", None]),
        (ColumnsAre(columns=("value",)), ["a"]),
    ],
)
def test_a_rule_that_holds_passes_with_no_example(expectation, values):
    finding = judge(expectation, values)
    assert finding.passed, finding
    assert (finding.failed, finding.examples, finding.note) == (0, (), "")
    assert finding.evaluated > 0


def test_a_whole_number_beyond_the_precision_of_a_float_is_compared_as_it_is():
    finding = judge(InSet(column="value", values=(2**53,)), [2**53, 2**53 + 1, None])
    assert (finding.failed, finding.examples) == (1, (str(2**53 + 1),))


@pytest.mark.parametrize(
    ("expectation", "note"),
    [
        (RowCount(min_value=5), "found 3"),
        (DistinctCount(column="value", min_value=5), "found 2"),
        (ColumnsAre(columns=("value", "other")), "found 'value'"),
    ],
)
def test_a_rule_on_the_whole_says_what_it_found(expectation, note):
    assert judge(expectation, ["a", "b", "a"]).note == note


def test_examples_are_five_at_most_and_each_is_bounded():
    finding = judge(InSet(column="value", values=("a",)), [f"{i}{'x' * 10_000}\n" for i in range(50)])
    assert (finding.evaluated, finding.failed, len(finding.examples)) == (50, 50, 5)
    assert max(len(example) for example in finding.examples) <= 80
    assert len(str(finding)) < 1_000


def test_a_rule_with_many_values_is_shown_bounded():
    many = InSet(column="value", values=tuple(f"word{i}" for i in range(10_000)))
    assert len(judge(many, ["a"]).rule) < 200


def test_a_warning_keeps_its_severity():
    assert judge(RowCount(min_value=5, severity="warn"), ["a"]).severity == "warn"


@pytest.mark.parametrize(
    "expectation",
    [
        NotNull(column="value"), Unique(column="value"), InSet(column="value", values=("a",)), DistinctCount(column="value", min_value=0),
        Matches(column="value", pattern="a"), Lengths(column="value", min_value=1), Between(column="value", max_value=1),
    ],
)  # fmt: skip
def test_a_rule_on_an_empty_table_fails_as_vacuous(expectation):
    table = Table.of(Loose, pa.table({"value": pa.array([], pa.string())}))
    (finding,) = Suite(name="s", expectations=(expectation,)).receipt(table).findings
    assert (finding.passed, finding.evaluated) == (False, 0)
    assert finding.note


@pytest.mark.parametrize(
    "expectation",
    [
        Unique(column="value"), InSet(column="value", values=("a",)), DistinctCount(column="value", max_value=5),
        Matches(column="value", pattern="a"), Lengths(column="value", min_value=1),
    ],
)  # fmt: skip
def test_a_rule_on_an_all_null_column_fails_as_vacuous(expectation):
    table = Table.of(Loose, pa.table({"value": pa.array([None] * 3, pa.string())}))
    receipt = Suite(name="s", expectations=(expectation, RowCount(min_value=1))).receipt(table)
    assert [(f.passed, f.evaluated) for f in receipt.findings] == [(False, 0), (True, 3)]
    assert not receipt.passed


@pytest.mark.parametrize(
    "expectation", [NotNull(column="gone"), Unique(column="gone"), DistinctCount(column="gone", min_value=1)]
)
def test_a_missing_column_fails_with_a_note_that_names_it(expectation):
    finding = judge(expectation, ["a"])
    assert (finding.passed, finding.evaluated) == (False, 0)
    assert "gone" in finding.note


def test_a_bad_regex_fails_with_a_note_and_the_other_rules_are_judged():
    rules = [Matches(column="value", pattern="("), RowCount(min_value=1), NotNull(column="gone"), NotNull(column="value")]
    findings = evaluate(rules, pa.table({"value": ["a"]}))
    assert [finding.passed for finding in findings] == [False, True, False, True]
    assert "missing )" in findings[0].note
    assert len(findings[0].note) <= 200


def test_findings_stand_in_the_order_of_their_rules_also_where_two_are_alike():
    rules = [
        RowCount(min_value=1),
        NotNull(column="gone"),
        RowCount(min_value=9),
        RowCount(min_value=1),
        Unique(column="value"),
    ]
    findings = evaluate(rules, pa.table({"value": ["a"]}))
    assert [finding.passed for finding in findings] == [True, False, False, True, True]


def test_two_threads_that_evaluate_at_once_agree_with_one():
    tables = [pa.table({"value": [f"{i}-{j}" if j % (i + 2) else None for j in range(200)]}) for i in range(8)]
    rules = [NotNull(column="value"), Unique(column="value"), Matches(column="value", pattern="^[0-3]"), RowCount(max_value=9)]
    alone = [evaluate(rules, table) for table in tables]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda table: evaluate(rules, table), tables)) == alone
    assert len({str(findings) for findings in alone}) == len(tables)


def test_a_moment_is_compared_to_the_microsecond():
    bound = datetime(2030, 1, 1, tzinfo=UTC)
    values = [bound - timedelta(microseconds=1), bound, bound + timedelta(microseconds=1)]
    finding = judge(Between(column="value", max_value=bound, strict_max=True), values)
    assert (finding.evaluated, finding.failed) == (3, 2)


def test_importing_great_expectations_leaves_warnings_as_they_were():
    code = (
        "import warnings; before = warnings.showwarning; import schemas.gx;"
        "assert warnings.showwarning is before, warnings.showwarning; warnings.warn('seen')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "UserWarning: seen" in done.stderr


def test_who_captures_warnings_before_the_import_keeps_capturing():
    code = (
        "import logging, warnings; logging.captureWarnings(True); before = warnings.showwarning; import schemas.gx;"
        "assert warnings.showwarning is before, warnings.showwarning"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_evaluating_leaves_warnings_as_they_were():
    before = warnings.showwarning
    judge(RowCount(min_value=1), ["a"])
    assert warnings.showwarning is before
