"""Numbers, Dates and Categories, each value checked by hand."""

import datetime as dt
import math

import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipeline import StageError
from stages import Categories, Dates, Numbers


def numbers(training, *others, kind=None, **config):
    """The numbers of one column in the other rows."""
    fitted = Numbers(columns=("x",), **config).fit(pa.table({"x": pa.array(training, kind)}))
    return fitted.apply(pa.table({"x": pa.array(others, kind)})).to_pylist()


def test_a_number_is_told_in_standard_deviations_from_the_mean_of_training():
    assert numbers([1.0, 3.0], 2.0, 3.0, 0.0) == [[0.0], [1.0], [-2.0]]
    assert numbers([1, 3], 2, 4) == [[0.0], [2.0]]
    assert numbers([False, True], True, False) == [[1.0], [-1.0]]


@pytest.mark.parametrize("gap", [None, math.nan])
def test_a_gap_in_training_makes_a_second_number(gap):
    assert numbers([1.0, 3.0, gap], 3.0, None, math.nan) == [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]


def test_a_gap_that_training_never_saw_is_the_mean():
    assert numbers([1.0, 3.0], None, math.nan) == [[0.0], [0.0]]


@pytest.mark.parametrize("training", [[5.0, 5.0], [0.1] * 3, [7.0], [None, None], [math.inf, math.inf]])
def test_a_column_that_says_one_thing_says_0_ever_after(training):
    assert {row[0] for row in numbers(training, 5.0, 0.1, 1e9, None, math.inf, kind=pa.float64())} == {0.0}


def test_what_lies_too_far_is_clipped():
    assert numbers([1.0, 3.0], 1e300, -math.inf, math.inf, 12.0, 13.0, clip=10.0) == [[10.0], [-10.0], [10.0], [10.0], [10.0]]


def test_infinities_say_nothing_of_the_mean_and_the_greatest_doubles_do():
    assert numbers([1.0, 3.0, math.inf], 3.0) == [[1.0]]
    assert numbers([1e308, -1e308], 1e308, -1.7e308) == [[1.0], [pytest.approx(-1.7)]]


def test_decimals_are_numbers_and_texts_are_not():
    assert numbers([1, 3], 3, kind=pa.decimal128(10, 2)) == [[1.0]]
    with pytest.raises(StageError, match="column 'x' is string, expected numbers; Categories reads texts"):
        numbers(["1", "3"], "3")


def test_a_column_is_named_once():
    with pytest.raises(ValidationError, match="column 'x' is named 2 times, expected each once"):
        Numbers(columns=("x", "y", "x"))


def moments(training, *others, kind):
    fitted = Dates(columns=("x",)).fit(pa.table({"x": pa.array(training, kind)}))
    assert fitted.size == len(fitted.apply(pa.table({"x": pa.array(training, kind)}))[0])
    return fitted.apply(pa.table({"x": pa.array(others, kind)})).to_pylist()


def test_a_day_is_how_long_ago_and_where_in_the_year_and_week():
    years = [dt.date(2020, 1, 1), dt.date(2024, 1, 1)]
    ((ago, *turns),) = moments(years, dt.date(2024, 4, 2), kind=pa.date32())  # a Tuesday in April
    assert ago == pytest.approx(1 + 92 / 365.25 / 2, abs=1e-3)
    assert turns == pytest.approx([1, 0, math.sin(2 * math.pi / 7), math.cos(2 * math.pi / 7)], abs=1e-9)


def test_a_moment_has_an_hour_and_days_before_1970_count_backwards():
    noon = dt.datetime(1969, 12, 29, 12, tzinfo=dt.UTC)  # a Monday in December
    ((_, *turns),) = moments([noon], noon, kind=pa.timestamp("us", "UTC"))
    month = 2 * math.pi * 11 / 12
    assert turns == pytest.approx([math.sin(month), math.cos(month), 0, 1, 0, -1], abs=1e-9)


def test_a_day_that_is_lacking_says_so_where_training_lacks_some():
    assert moments([dt.date(2020, 1, 1), None], None, kind=pa.date32()) == [[0, 0, 0, 0, 0, 1]]
    assert moments([dt.date(2020, 1, 1)], None, kind=pa.date32()) == [[0, 0, 0, 0, 0]]
    with pytest.raises(StageError, match="column 'x' is string, expected days or moments"):
        moments(["2020-01-01"], kind=pa.string())


def test_categories_have_numbers_of_their_own_in_each_column():
    training = pa.table({"a": ["x", "x", "y", "y", "y", "z"], "b": pa.array([1, 1, None, None, 2, 2])})
    fitted = Categories(columns=("a", "b")).fit(training)
    assert fitted.state == [["y", "x"], [None, "1", "2"]]
    others = pa.table({"a": ["y", "x", "z", "new", None], "b": pa.array([None, 1, 2, 3, 1])})
    assert fitted.apply(others).to_pylist() == [[2, 5], [3, 6], [1, 7], [1, 4], [1, 6]]
    assert fitted.size == 8


def test_only_the_most_frequent_categories_are_kept():
    training = pa.table({"a": ["x"] * 2 + ["y"] * 3 + ["z"] * 4})
    assert Categories(columns=("a",), size=2).fit(training).state == [["z", "y"]]
    assert Categories(columns=("a",), min_count=4).fit(training).state == [["z"]]
    with pytest.raises(StageError, match="column 'a' is list<item: int64>, expected texts"):
        Categories(columns=("a",)).fit(pa.table({"a": [[1]]}))
