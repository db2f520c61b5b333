"""Every expectation: one table that meets it, one that does not, and tables with nothing to judge."""

import ast
import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

import schemas
from pipeline import Table
from schemas import (
    Between,
    ColumnsAre,
    ContainsAll,
    DistinctCount,
    Equal,
    Expectation,
    Finite,
    Fresh,
    Greater,
    Greatest,
    InSet,
    Least,
    Lengths,
    Matches,
    Mean,
    Median,
    MostCommon,
    MultipleOf,
    NotInSet,
    NotMatches,
    NotNull,
    NotNullShare,
    PairsInSet,
    Quantile,
    Record,
    RowCount,
    RowCountNear,
    RowExpectation,
    Rule,
    Share,
    Shares,
    Stdev,
    Suite,
    Sum,
    SumIs,
    Unique,
    UniqueShare,
    UniqueTogether,
)
from schemas.expectations import whole
from schemas.gx import evaluate

TODAY = date.today()
NOW = datetime.now(UTC)


class Even(Rule):
    """`a` is even."""

    def holds(self, rows):
        return pc.equal(pc.bit_wise_and(rows["a"], 1), 0)


class Anything(Record):
    """For the receipts: what it says of rows is not asked here."""

    a: str | None


# (expectation, good columns, bad columns, how many were looked at, how many failed, in words)
CASES = [
    (NotNull(column="a"), {"a": [1, 2]}, {"a": [1, None]}, 2, 1, "no value is null"),
    (NotNull(column="a", mostly=0.5), {"a": [1, None]}, {"a": [1, None, None]}, 3, 2, "no value is null, in at least 0.5 of the rows"),
    (Unique(column="a"), {"a": [1, 2, None, None]}, {"a": [1, 1, 2, None]}, 3, 2, "no value occurs twice"),
    (InSet(column="a", values=("x", "")), {"a": ["x", "", None]}, {"a": ["x", "y", None]}, 2, 1, "every value is one of 'x', ''"),
    (NotInSet(column="a", values=(1,)), {"a": [2, None]}, {"a": [1, 2]}, 2, 1, "no value is one of 1"),
    (Between(column="a", min_value=0, max_value=120), {"a": [0, 120, None]}, {"a": [-1, 121, 5]}, 3, 2, "every value is between 0 and 120"),
    (Between(column="a", min_value=0, strict_min=True), {"a": [0.1]}, {"a": [0.0]}, 1, 1, "every value is more than 0"),
    (Lengths(column="a", min_value=1, max_value=3), {"a": ["日本語"]}, {"a": ["", "abcd", None]}, 2, 2, "every length is between 1 and 3"),
    (Matches(column="a", pattern="^[a-z]+$"), {"a": ["ab", None]}, {"a": ["ab", "A1"]}, 2, 1, "every text matches '^[a-z]+$'"),
    (NotMatches(column="a", pattern="[0-9]"), {"a": ["ab", None]}, {"a": ["ab", "A1"]}, 2, 1, "no text matches '[0-9]'"),
    (Finite(column="a"), {"a": [1.0, None]}, {"a": [math.nan, -math.inf, 0.0]}, 3, 2, "every number is finite"),
    (MultipleOf(column="a", of=3), {"a": [-3, 0, 6, None]}, {"a": [3, 4]}, 2, 1, "every value is a multiple of 3"),
    (MultipleOf(column="a", of=Decimal("0.05")), {"a": [Decimal("0.10")]}, {"a": [Decimal("0.12")]}, 1, 1, "every value is a multiple of 0.05"),
    (Even(), {"a": [2, None]}, {"a": [2, 3, None]}, 2, 1, "`a` is even"),
    (Even(mostly=0.5), {"a": [2, 3]}, {"a": [2, 3, 5]}, 3, 2, "`a` is even, in at least 0.5 of the rows"),
    (Greater(first="a", second="b"), {"a": [2, None], "b": [1, 1]}, {"a": [1, 2], "b": [1, 1]}, 2, 1, "`a` is greater than `b`"),
    (Greater(first="a", second="b", or_equal=True), {"a": ["b"], "b": ["b"]}, {"a": ["a"], "b": ["b"]}, 1, 1, "`a` is at least `b`"),
    (Equal(first="a", second="b"), {"a": [1, 2], "b": [1.0, None]}, {"a": [1, 2], "b": [1.0, 2.5]}, 2, 1, "`a` equals `b`"),
    (
        PairsInSet(first="a", second="b", pairs=((1, "x"), (2, "y"))),
        {"a": [1, 2, 3], "b": ["x", "y", None]}, {"a": [1, 2, 3], "b": ["y", "y", "x"]}, 3, 2, "`a` and `b` are one of (1, 'x'), (2, 'y')",
    ),
    (SumIs(columns=("a", "b"), total=1), {"a": [0.5, 1.0], "b": [0.5, None]}, {"a": [1.0], "b": [1.0]}, 1, 1, "`a`, `b` add up to 1"),
    (
        UniqueTogether(columns=("a", "b")), {"a": [1, 1, None, None], "b": ["x", "y", "x", "x"]},
        {"a": [1, 1, 2, 1], "b": ["x", "x", "x", "y"]}, 4, 2, "no combination of `a`, `b` occurs twice",
    ),
    (Least(column="a", min_value=date(2, 1, 1)), {"a": [date(9999, 1, 1)]}, {"a": [None, date(1, 1, 1)]}, 1, 1, "the least value is at least 0002-01-01"),
    (Greatest(column="a", max_value=5), {"a": [5, None]}, {"a": [6]}, 1, 1, "the greatest value is at most 5"),
    (Mean(column="a", min_value=1, max_value=2), {"a": [1, 2, None]}, {"a": [1, 9]}, 2, 2, "the mean is between 1 and 2"),
    (Median(column="a", max_value=2), {"a": [1, 2, 99]}, {"a": [3, 2, 99]}, 3, 3, "the median is at most 2"),
    (Stdev(column="a", max_value=1), {"a": [1.0, 2.0]}, {"a": [1.0, 9.0]}, 2, 2, "the standard deviation is at most 1"),
    (Sum(column="a", min_value=10_000), {"a": [9999, 1]}, {"a": [9999, 0]}, 2, 2, "the sum is at least 10,000"),
    (Quantile(column="a", quantile=0.9, max_value=9.5), {"a": list(range(11))}, {"a": [0, 100]}, 2, 2, "the 0.9 quantile is at most 9.5"),
    (DistinctCount(column="a", min_value=2, max_value=2), {"a": ["x", "y", "x", None]}, {"a": ["x"]}, 1, 1, "the number of different values is exactly 2"),
    (UniqueShare(column="a", min_value=0.5), {"a": [1, 1, None]}, {"a": [1, 1, 1]}, 3, 3, "the share of different values is at least 0.5"),
    (NotNullShare(column="a", max_value=0.5), {"a": [1, None]}, {"a": [1]}, 1, 1, "the share of values that are not null is at most 0.5"),
    (ContainsAll(column="a", values=("x", "y")), {"a": ["y", "x", "z", None]}, {"a": ["x", "z"]}, 2, 2, "each of 'x', 'y' occurs"),
    (MostCommon(column="a", values=("x",)), {"a": ["x", "x", "y", None, None, None]}, {"a": ["x", "y"]}, 2, 2, "the most common value is 'x'"),
    (MostCommon(column="a", values=("x",), ties_okay=True), {"a": ["x", "y"]}, {"a": ["y"]}, 1, 1, "the most common value is 'x'"),
    (Share(column="a", value="x", max_value=0.5), {"a": ["x", "y", None]}, {"a": ["x", "x", "y"]}, 3, 3, "the share of 'x' is at most 0.5"),
    (
        Shares(column="a", shares={"x": 0.5, "y": 0.5}), {"a": ["x", "y", None]}, {"a": ["x", "x", "y"]}, 3, 3,
        "the shares are near 0.5 of 'x', 0.5 of 'y' (divergence at most 0.01)",
    ),
    (Fresh(column="a", days=2), {"a": [TODAY, date(1, 1, 1), None]}, {"a": [TODAY - timedelta(days=4)]}, 1, 1, "the newest value is at most 2 days old, and at most 14 hours ahead of UTC"),
    (Fresh(column="a", days=1, hours=3), {"a": [NOW]}, {"a": [NOW - timedelta(hours=29)]}, 1, 1, "the newest value is at most 1 day and 3 hours old, and at most 14 hours ahead of UTC"),
    (ColumnsAre(columns=("a",)), {"a": [1]}, {"b": [1]}, 1, 1, "the columns are `a`"),
    (RowCount(max_value=3), {"a": [1]}, {"a": [1] * 4}, 4, 4, "the number of rows is at most 3"),
    (RowCount(min_value=2), {"a": [1, None]}, {"a": [1]}, 1, 1, "the number of rows is at least 2"),
    (RowCountNear(rows=10, within=0.2), {"a": [1] * 12}, {"a": [1] * 13}, 13, 13, "the number of rows is within 0.2 of 10"),
]  # fmt: skip
IDS = [f"{type(case[0]).__name__}-{number}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize(("expectation", "good"), [case[:2] for case in CASES], ids=IDS)
def test_what_meets_it_passes_with_something_judged(expectation, good):
    (finding,) = evaluate([expectation], pa.table(good))
    assert finding.passed, finding
    assert finding.evaluated > 0
    assert finding.note == ""


@pytest.mark.parametrize(("expectation", "_good", "bad", "evaluated", "failed", "words"), CASES, ids=IDS)
def test_what_does_not_meet_it_fails_with_its_counts_and_in_words(expectation, _good, bad, evaluated, failed, words):
    (finding,) = evaluate([expectation], pa.table(bad))
    assert not finding.passed
    assert (finding.evaluated, finding.failed) == (evaluated, failed)
    assert finding.rule == words
    if not isinstance(expectation, RowExpectation):
        assert finding.observed
        assert finding.note == f"found {finding.observed}"


@pytest.mark.parametrize(
    ("expectation", "values", "observed"),
    [
        (Mean(column="a", max_value=9), [1, 2, 2], "1.66667"),
        (Quantile(column="a", quantile=0.5, max_value=9), [1, 2], "1.5"),
        (Shares(column="a", shares={"x": 1.0}), ["x", "y", "y"], "0.667 of 'y', 0.333 of 'x'"),
        (Least(column="a", min_value=date(1, 1, 1)), [date(1500, 1, 1)], "1500-01-01"),
        (MostCommon(column="a", values=("x",)), ["", "", "x"], "''"),
        (ContainsAll(column="a", values=("x", "w")), ["x"], "no 'w'"),
        (ContainsAll(column="a", values=("x",)), ["x"], ""),
        (RowCount(max_value=9), ["x"] * 2, "2"),
        (NotNull(column="a"), ["x"], ""),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Expectation) else "",
)
def test_what_was_measured_is_told_whether_it_passes_or_not(expectation, values, observed):
    (finding,) = evaluate([expectation], pa.table({"a": values}))
    assert finding.observed == observed


def test_every_exported_expectation_is_among_the_cases():
    exported = {getattr(schemas, name) for name in schemas.__all__}
    kinds = {kind for kind in exported if isinstance(kind, type) and issubclass(kind, Expectation)}
    assert kinds - {Expectation, RowExpectation, Rule} == {type(case[0]) for case in CASES} - {Even}


WHOLE = (RowCount, RowCountNear, ColumnsAre)


@pytest.mark.parametrize(("expectation", "good"), [case[:2] for case in CASES], ids=IDS)
def test_an_empty_table_fails_it_as_vacuous(expectation, good):
    empty = pa.table(good).slice(0, 0)
    receipt = Suite(name="s", expectations=(expectation,)).receipt(_table(empty))
    assert not receipt.passed
    if not isinstance(expectation, WHOLE):
        assert receipt.findings[0].evaluated == 0


@pytest.mark.parametrize(
    ("expectation", "good"), [case[:2] for case in CASES if not isinstance(case[0], (*WHOLE, NotNull))], ids=lambda given: ""
)
def test_a_column_of_nulls_fails_it_as_vacuous(expectation, good):
    rows = pa.table(good)
    nulls = pa.table({name: pa.nulls(3, rows[name].type) for name in rows.column_names})
    (finding,) = Suite(name="s", expectations=(expectation,)).receipt(_table(nulls)).findings[:1]
    assert (finding.passed, finding.evaluated) == (False, 0)
    assert finding.note


NUMBERS = [
    case[0]
    for case in CASES
    if isinstance(case[1].get("a", [""])[0], int | float) and not isinstance(case[0], (*WHOLE, Even, MultipleOf))
]


@pytest.mark.parametrize("expectation", NUMBERS, ids=lambda e: type(e).__name__)
def test_a_column_of_nan_only_never_passes(expectation):
    columns = expectation.reads() or ("a",)
    values = {"b": ["x", "x"]} if isinstance(expectation, PairsInSet) else {"b": [math.nan] * 2}
    rows = pa.table({"a": [math.nan, math.nan], **(values if "b" in columns else {})})
    receipt = Suite(name="s", expectations=(expectation,)).receipt(_table(rows))
    assert not receipt.passed, receipt


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fresh(column="a"), lambda: Mean(column="a"), lambda: NotNull(column="a", mostly=0), lambda: UniqueTogether(columns=("a",)),
        lambda: Shares(column="a", shares={"x": 0.5}), lambda: ContainsAll(column="a", values=()), lambda: RowCountNear(rows=0),
        lambda: Sum(column="a", max_value=2**53 + 1), lambda: SumIs(columns=("a", "b"), total=2**53 + 1), lambda: MultipleOf(column="a", of=0),
        lambda: Between(column="a", max_value=10**400),
    ],
)  # fmt: skip
def test_an_expectation_that_means_nothing_or_would_be_rounded_is_refused(make):
    with pytest.raises(ValueError, match=r"needs|expected|greater than|at least|exactly"):
        make()


def test_a_rule_of_ones_own_that_fails_to_run_is_a_finding_that_says_so():
    class Broken(Rule):
        """It never runs."""

        def holds(self, rows):
            raise ZeroDivisionError("by nothing")

    class Short(Rule):
        """It gives too little."""

        def holds(self, rows):
            return pa.array([True])

    class Numbers(Rule):
        """It gives numbers."""

        def holds(self, rows):
            return rows["a"]

    broken, short, numbers, counted = evaluate([Broken(), Short(), Numbers(), RowCount(min_value=1)], pa.table({"a": [1, 2]}))
    assert (broken.passed, short.passed, numbers.passed, counted.passed) == (False, False, False, True)
    assert "by nothing" in broken.note
    assert "the rule gave 1 values, expected" in short.note
    assert "no column of int64 has" in numbers.note


def test_the_examples_of_a_rule_of_ones_own_are_the_values_it_looked_at():
    (finding,) = evaluate([MultipleOf(column="a", of=2)], pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
    assert finding.examples == ("1", "3")
    (finding,) = evaluate([Even()], pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
    assert finding.examples == ("(1, 'x')", "(3, 'z')")


def test_a_date_ahead_of_the_clock_is_not_fresh():
    ahead = pa.table({"a": [TODAY + timedelta(days=30)]})
    (finding,) = evaluate([Fresh(column="a", days=2)], ahead)
    assert not finding.passed


@pytest.mark.parametrize(
    ("age", "at", "fresh"),
    [
        ({"hours": 1}, datetime(2030, 1, 1, 3, 17, tzinfo=UTC), True),
        ({"hours": 1}, datetime(2030, 1, 1, 3, 16, tzinfo=UTC), False),
        ({"days": 1, "hours": 1}, datetime(2029, 12, 31, 3, 16, tzinfo=UTC), False),
        ({"days": 1}, datetime(2029, 12, 31, tzinfo=UTC), True),
        ({"days": 1}, datetime(2029, 12, 30, 23, 59, tzinfo=UTC), False),
        ({"hours": 1}, datetime(2030, 1, 1, 18, 17, tzinfo=UTC), True),
        ({"hours": 1}, datetime(2030, 1, 1, 18, 18, tzinfo=UTC), False),
        ({"days": 1}, datetime(2030, 1, 1, 18, 18, tzinfo=UTC), False),
        ({"days": 1}, date(2030, 1, 1), True),
        ({"days": 1}, date(2030, 1, 2), False),  # nowhere is it the 2nd at 04:17 UTC
    ],
)
def test_how_old_and_how_far_ahead_is_fresh_to_the_minute(monkeypatch, age, at, fresh):
    monkeypatch.setattr(whole, "clock", lambda: datetime(2030, 1, 1, 4, 17, tzinfo=UTC))
    (finding,) = evaluate([Fresh(column="a", **age)], pa.table({"a": [at]}))
    assert finding.passed == fresh


@pytest.mark.parametrize(
    ("rows", "within", "off"), [(100, 0.29, 29), (100, 0.57, 57), (10**9, 0.1, 10**8), (7, 0.5, 3), (3, 1, 3), (9, 0, 0)]
)
def test_a_share_of_rows_is_exact(rows, within, off):
    assert RowCountNear(rows=rows, within=within).arguments() == {"min_value": rows - off, "max_value": rows + off}


def test_a_receipt_on_freshness_holds_for_its_day_or_hour(monkeypatch):
    days, hours = (Suite(name="s", expectations=(e,)) for e in (Fresh(column="a", days=1), Fresh(column="a", hours=5)))
    monkeypatch.setattr(whole, "clock", lambda: datetime(2030, 1, 1, 10, 30, tzinfo=UTC))
    morning = days.outside(), hours.outside()
    monkeypatch.setattr(whole, "clock", lambda: datetime(2030, 1, 1, 11, 0, tzinfo=UTC))
    noon = days.outside(), hours.outside()
    monkeypatch.setattr(whole, "clock", lambda: datetime(2030, 1, 2, 11, 0, tzinfo=UTC))
    assert morning[0] == noon[0] != days.outside()
    assert morning[1] != noon[1]
    assert Suite(name="s", expectations=(RowCount(min_value=1),)).outside() == {}


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_freshness_is_the_same_in_every_zone(zone):
    moment = pa.array([NOW - timedelta(hours=3)]).cast(pa.timestamp("us", "UTC"))
    values = moment.cast(pa.timestamp("us")) if zone is None else moment.cast(pa.timestamp("us", zone))
    fresh, stale = evaluate([Fresh(column="a", hours=5), Fresh(column="a", hours=1)], pa.table({"a": values}))
    assert (fresh.passed, stale.passed) == (True, False)


def _table(rows):
    return (
        Table(Anything, (rows,), digest="d" * 64)
        if rows.column_names == ["a"]
        else Table(_record(rows), (rows,), digest="d" * 64)
    )


def _record(rows):
    from pydantic import create_model

    return create_model("Rows", __base__=Record, **dict.fromkeys(rows.column_names, (str | None, ...)))


PAGE = (Path(__file__).parents[2] / "docs/suites.md").read_text()


def test_every_exported_expectation_is_on_its_page():
    shown = {type(case[0]).__name__ for case in CASES} - {"Even"} | {"Rule"}
    assert {name for name in shown if f"`{name}(" not in PAGE and f"({name})" not in PAGE} == set()
    assert len(PAGE.splitlines()) <= 100


def test_every_example_on_the_page_can_be_declared():
    examples = [one for one in re.findall(r"`([A-Z]\w+\(.*?\))`", PAGE) if "..." not in one]
    assert len(examples) > 25
    for example in examples:
        call = ast.parse(example, mode="eval").body
        given = {one.arg: _value(one.value) for one in call.keywords}
        expectation = getattr(schemas, call.func.id)(**given)
        assert expectation.sentence()
        assert {name for name in given if getattr(expectation, name) != given[name]} == set()


def _value(node):
    return Decimal(node.args[0].value) if isinstance(node, ast.Call) else ast.literal_eval(node)


@pytest.mark.parametrize(
    "nothing",
    [
        lambda: RowCount(), lambda: DistinctCount(column="n"), lambda: Quantile(column="n", quantile=0.5), lambda: Between(column="n"),
        lambda: Lengths(column="n"), lambda: Mean(column="n"), lambda: InSet(column="n", values=()), lambda: NotInSet(column="n", values=()),
        lambda: PairsInSet(first="a", second="b", pairs=()), lambda: ContainsAll(column="n", values=()),
    ],
)  # fmt: skip
def test_a_rule_that_everything_keeps_or_nothing_can_keep_is_refused(nothing):
    with pytest.raises(ValidationError, match=r"with neither it holds of everything|at least 1 item"):
        nothing()


@pytest.mark.parametrize("kind", [Sum, Least, Greatest])
def test_a_bound_that_no_float_reaches_is_refused(kind):
    with pytest.raises(ValidationError, match="which no float holds exactly"):
        kind(column="n", min_value=10**400)
