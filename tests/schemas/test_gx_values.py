"""Values at the edges of their types are judged right, or refused with a message."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from schemas import (
    Between,
    ContainsAll,
    DistinctCount,
    Equal,
    Fresh,
    Greater,
    Greatest,
    InSet,
    Least,
    Lengths,
    Matches,
    Mean,
    MostCommon,
    NotNull,
    Stdev,
    Sum,
    SumIs,
    Unique,
    UniqueTogether,
)
from schemas.gx import broken, evaluate

BIG = 2**53
LONG, LONGER = Decimal(10**29), Decimal(10**29 + 1)  # more digits than Python's decimals count with
NAN, INF = math.nan, math.inf


def judge(expectation, values, **more):
    (finding,) = evaluate([expectation], pa.table({"a": values, **more}))
    return finding


def bounds(values, low=None, high=None, **strict):
    """Which rows break it."""
    return broken(Between(column="a", min_value=low, max_value=high, **strict), pa.table({"a": values})).to_pylist()


@pytest.mark.parametrize(
    ("values", "low", "high", "strict", "rows"),
    [
        ([BIG, BIG + 1, BIG + 2], BIG + 1, None, {}, [0]),
        ([BIG, BIG + 1, BIG + 2], None, BIG + 1, {}, [2]),
        ([BIG, BIG + 1], BIG + 1, None, {"strict_min": True}, [0, 1]),
        ([2**63 - 1, -(2**63)], -(2**80), 2**80, {}, []),
        ([2**63 - 1, 0], 2**63, None, {}, [0, 1]),
        ([0, 1, 2], 0.5, 1.5, {}, [0, 2]),
        ([-1, 0], -0.5, None, {}, [0]),
        ([float(BIG), float(BIG + 2)], BIG + 1, None, {}, [0]),
        ([0.1, 0.2], Decimal("0.11"), None, {}, [0]),
        ([NAN, INF, -INF, 0.5], 0, 1, {}, [0, 1, 2]),
        ([-0.0, 0.0], 0, 0, {}, []),
        ([-0.0, 0.0], 0.0, None, {"strict_min": True}, [0, 1]),
        ([Decimal("0.09"), Decimal("0.10"), Decimal("0.11")], Decimal("0.1"), None, {}, [0]),
        ([Decimal("0.09"), Decimal("0.10"), Decimal("0.11")], 0.1, None, {}, [0]),
        ([Decimal("0.09"), Decimal("0.10"), Decimal("0.11")], Decimal("0.105"), None, {}, [0, 1]),
        ([Decimal("9.99")], None, Decimal(1000000), {}, []),
        ([Decimal("9.99")], Decimal(1000000), None, {}, [0]),
        ([LONG, LONGER], None, LONG, {}, [1]),
        ([LONG, LONGER], 1e29, None, {}, []),
        ([Decimal(10**37), Decimal(10**38 - 1)], None, 10**38 - 2, {}, [1]),
        ([Decimal(10**37), Decimal(10**38 - 1)], Decimal(10**38), None, {}, [0, 1]),
        ([date(1, 1, 1), date(1677, 9, 20), date(2262, 4, 12), date(9999, 12, 31)], date(1677, 9, 21), date(9999, 12, 30), {}, [0, 1, 3]),
        ([date(2020, 1, 1), date(2020, 1, 2)], datetime(2020, 1, 1, 12), None, {}, [0]),
        ([datetime(1500, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)], datetime(1600, 1, 1, tzinfo=UTC), None, {}, [0]),
        ([datetime(2020, 1, 1), datetime(2020, 1, 2)], date(2020, 1, 1), None, {"strict_min": True}, [0]),
    ],
)  # fmt: skip
def test_bounds_are_compared_as_they_are(values, low, high, strict, rows):
    assert bounds(values, low, high, **strict) == rows


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_every_unit_are_compared_to_their_last_digit(unit):
    values = pa.array([datetime(2020, 1, 1), datetime(2020, 1, 1, 0, 0, 1)], pa.timestamp(unit))
    assert bounds(values, datetime(2020, 1, 1, 0, 0, 0, 1)) == [0]
    assert bounds(values, None, datetime(2020, 1, 1, 0, 0, 0, 999_999)) == [1]


def test_two_bounds_that_are_one_float_are_told_apart_in_one_suite():
    rules = [Between(column="a", min_value=BIG), Between(column="a", min_value=BIG + 1), Between(column="b", min_value=BIG)]
    findings = evaluate(rules, pa.table({"a": [BIG], "b": [BIG]}))
    assert [finding.passed for finding in findings] == [True, False, True]


@pytest.mark.parametrize(
    ("expectation", "values", "failed"),
    [
        (InSet(column="a", values=(BIG + 1,)), [BIG, BIG + 1], 1),
        (InSet(column="a", values=(0.0,)), [-0.0, 0.0, NAN], 1),
        (InSet(column="a", values=("", "x")), ["", "x", None], 0),
        (InSet(column="a", values=(b"\x00",)), [b"\x00", b"\xff"], 1),
        (InSet(column="a", values=(Decimal("1.1"),)), [Decimal("1.10"), Decimal("1.11")], 1),
        (InSet(column="a", values=(date(1500, 1, 1),)), [date(1500, 1, 1), date(1500, 1, 2)], 1),
        (InSet(column="a", values=("x",)), pa.array(["x", "y", None]).dictionary_encode(), 1),
        (InSet(column="a", values=(True,)), [True, False, None], 1),
        (Unique(column="a"), [BIG, BIG + 1], 0),
        (Unique(column="a"), [0.0, -0.0, NAN, NAN], 2),
        (Unique(column="a"), ["", ""], 2),
        (Unique(column="a"), [b"\x00", b"\x00", b"\x01"], 2),
        (Unique(column="a"), pa.array(["x", "y", "x"]).dictionary_encode(), 2),
        (Lengths(column="a", min_value=1), ["", "x"], 1),
        (Lengths(column="a", min_value=2), [[1], [1, 2], None], 1),
        (Lengths(column="a", max_value=1), [b"ab", b"a"], 1),
        (Lengths(column="a", max_value=1), pa.array(["ab", "a"]).dictionary_encode(), 1),
        (Matches(column="a", pattern="^$"), ["", "x"], 1),
        (NotNull(column="a"), [[1], None, []], 1),
        (NotNull(column="a"), [{"b": None}, None], 1),
        (NotNull(column="a"), [NAN, 1.0, None], 1),
    ],
)  # fmt: skip
def test_row_rules_know_the_values_of_every_type(expectation, values, failed):
    finding = judge(expectation, values)
    assert (finding.failed, finding.passed, finding.note) == (failed, not failed, ""), finding


@pytest.mark.parametrize(
    ("expectation", "values"),
    [
        (DistinctCount(column="a", min_value=2, max_value=2), [BIG, BIG + 1]),
        (DistinctCount(column="a", min_value=1, max_value=1), [-0.0, 0.0, NAN]),
        (DistinctCount(column="a", min_value=1, max_value=1), pa.array(["x", "x"]).dictionary_encode()),
        (ContainsAll(column="a", values=(BIG + 1,)), [BIG + 1]),
        (MostCommon(column="a", values=(date(1, 1, 1),)), [date(1, 1, 1), None]),
        (MostCommon(column="a", values=("x",)), pa.array(["x", "x", "y"]).dictionary_encode()),
        (Sum(column="a", min_value=2.0**63), [2**63 - 1, 1]),
        (Mean(column="a", min_value=2.0**62), [2**63 - 1, 2**63 - 1]),
        (Mean(column="a", min_value=0.1049, max_value=0.1051), [Decimal("0.10"), Decimal("0.11")]),
        (Stdev(column="a", max_value=0), [5, 5]),
        (Least(column="a", min_value=date(1500, 1, 1)), [date(1500, 1, 1)]),
        (Greatest(column="a", max_value=datetime(9999, 1, 1, tzinfo=UTC)), [datetime(2500, 1, 1, tzinfo=UTC)]),
        (Greatest(column="a", max_value=0.5), [Decimal("0.50")]),
        (Greatest(column="a", max_value=1), [NAN, 1.0]),
    ],
)  # fmt: skip
def test_statistics_know_the_values_of_every_type(expectation, values):
    finding = judge(expectation, values)
    assert finding.passed, finding


@pytest.mark.parametrize(
    ("expectation", "values", "note"),
    [
        (Between(column="a", min_value=1), ["x"], "a column of string cannot be compared with 1"),
        (Between(column="a", min_value=1), [True], "a column of bool cannot be compared with 1"),
        (Between(column="a", min_value=1), [[1]], "a column of list<"),
        (Between(column="a", min_value=1), [date(2020, 1, 1)], "a column of date32[day] cannot be compared with 1"),
        (Between(column="a", min_value=date(2020, 1, 1)), [1], "a column of int64 cannot be compared with datetime.date"),
        (Between(column="a", min_value=datetime(2020, 1, 1)), [datetime(2020, 1, 1, tzinfo=UTC)], "one has a time zone"),
        (Between(column="a", min_value=2, max_value=1), [1], "min_value 2 is greater"),
        (InSet(column="a", values=("x",)), [1], "no column of int64 has all of the values"),
        (InSet(column="a", values=(1.5,)), [1], "no column of int64 has the value 1.5"),
        (InSet(column="a", values=(2**70,)), [1], "no column of int64 has all of the values"),
        (InSet(column="a", values=(1,)), [[1]], "cannot be looked up"),
        (Unique(column="a"), [[1], [1]], "cannot be looked up"),
        (Unique(column="a"), [{"b": 1}, {"b": 1}], "cannot be looked up"),
        (DistinctCount(column="a", min_value=1), [[1]], "cannot be looked up"),
        (Lengths(column="a", min_value=1), [1], "values of int64 have no length"),
        (Matches(column="a", pattern="(?=x)"), ["x"], "invalid perl operator"),
        (Mean(column="a", min_value=1), ["x"], "expected numbers"),
        (Mean(column="a", min_value=1), [date(2020, 1, 1)], "expected numbers"),
        (Least(column="a", min_value=1), ["x"], "expected numbers, dates or moments"),
        (Least(column="a", min_value=1), [date(2020, 1, 1)], "not supported between"),
        (Fresh(column="a", days=1), ["2020-01-01"], "only dates and moments can be fresh"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused_with_a_message(expectation, values, note):
    finding = judge(expectation, values)
    assert (finding.passed, finding.evaluated) == (False, 0)
    assert note in finding.note, finding.note


@pytest.mark.parametrize(
    ("expectation", "a", "b", "failed"),
    [
        (Equal(first="a", second="b"), [BIG + 1], [BIG], 1),
        (Equal(first="a", second="b"), [NAN, -0.0], [NAN, 0.0], 1),
        (Equal(first="a", second="b"), ["", None], ["", ""], 0),
        (Equal(first="a", second="b"), pa.array(["x", "y"]).dictionary_encode(), ["x", "x"], 1),
        (Greater(first="a", second="b"), [date(9999, 1, 1)], [date(1, 1, 1)], 0),
        (Greater(first="a", second="b"), [Decimal("1.10")], [Decimal("1.1")], 1),
        (SumIs(columns=("a", "b"), total=BIG), [BIG + 1], [-1], 0),
        (SumIs(columns=("a", "b"), total=0.3), [Decimal("0.10")], [Decimal("0.20")], 0),
        (UniqueTogether(columns=("a", "b")), [0.0, -0.0], ["x", "x"], 2),
        (UniqueTogether(columns=("a", "b")), pa.array(["x", "x"]).dictionary_encode(), [b"y", b"y"], 2),
    ],
)  # fmt: skip
def test_rules_across_columns_know_the_values_of_every_type(expectation, a, b, failed):
    finding = judge(expectation, a, b=b)
    assert (finding.failed, finding.passed, finding.note) == (failed, not failed, ""), finding


@pytest.mark.parametrize(
    ("expectation", "a", "b", "note"),
    [
        (Equal(first="a", second="b"), [BIG + 1], [0.5], "Integer value"),
        (Equal(first="a", second="b"), ["x"], [1], "no kernel"),
        (Greater(first="a", second="b"), [[1]], [[1]], "cannot be compared"),
        (SumIs(columns=("a", "b"), total=0), [2**63 - 1], [1], "overflow"),
        (SumIs(columns=("a", "b"), total=0), ["x"], ["y"], "no kernel"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_compared_are_refused_with_a_message(expectation, a, b, note):
    finding = judge(expectation, a, b=b)
    assert (finding.passed, finding.evaluated) == (False, 0)
    assert note in finding.note, finding.note


def test_a_moment_that_python_has_no_word_for_is_shown_all_the_same():
    far = pa.array([2**60], pa.int64()).cast(pa.timestamp("us", "UTC"))
    finding = judge(Between(column="a", max_value=datetime(2030, 1, 1, tzinfo=UTC)), far)
    assert finding.failed == 1
    assert len(finding.examples) == 1
    assert pc.any(pc.is_valid(far)).as_py()
