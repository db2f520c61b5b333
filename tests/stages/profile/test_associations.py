from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from stages.profile.associations import Feature, association, associations


def number(values, name="x"):
    return Feature(name, "number", np.asarray(values, float))


def category(values, name="c"):
    return Feature(name, "category", np.asarray(values, np.int64))


def value(a, b):
    return association(a, b, a.known & b.known)


RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=2_000)
NOISE = RANDOM.normal(size=2_000)
GROUPS = RANDOM.integers(0, 5, 2_000)


def test_of_two_numbers_it_is_spearmans():
    assert value(number(X), number(X + NOISE)) == pytest.approx(abs(spearmanr(X, X + NOISE)[0]))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (number(X), number(-np.exp(X))),
        (category(GROUPS), category((GROUPS + 2) % 5)),
        (category(GROUPS), number(GROUPS * 10.0)),
    ],
    ids=["monotone", "renamed", "a number a group"],
)
def test_columns_that_tell_all_of_each_other_are_at_1(a, b):
    assert value(a, b) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (number(X), number(NOISE)),
        (category(GROUPS), category(RANDOM.integers(0, 5, 2_000))),
        (category(GROUPS), number(X)),
        (category(RANDOM.integers(0, 50, 2_000)), category(RANDOM.integers(0, 50, 2_000))),
        (category(RANDOM.integers(0, 50, 2_000)), number(X)),
    ],
    ids=["numbers", "categories", "mixed", "many categories", "many groups"],
)
def test_columns_that_tell_nothing_of_each_other_are_near_0(a, b):
    assert value(a, b) < 0.09


def test_rows_where_one_is_unknown_are_left_out():
    x, c = X.copy(), GROUPS.copy()
    x[:500], c[-500:] = np.nan, -1
    assert value(number(x), category(c)) == value(number(X[500:-500]), category(GROUPS[500:-500]))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (number([1, 1, 1, 1]), number([1, 2, 3, 4])),
        (category([0, 0, 0]), number([1, 2, 3])),
        (number([1, 2]), number([1, 2])),
        (category([0, 1, 2]), category([0, 1, 2])),
        (category([0, 1, 2]), number([1, 2, 3])),
        (number([np.nan] * 4), number([1, 2, 3, 4])),
    ],
)
def test_what_does_not_vary_or_is_too_short_has_none(a, b):
    assert value(a, b) is None


columns = st.one_of(
    st.lists(st.integers(-1, 4), min_size=12, max_size=12).map(category),
    st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), min_size=12, max_size=12).map(number),
)


@settings(max_examples=150, deadline=None)
@given(columns, columns)
def test_it_lies_between_0_and_1_and_is_the_same_both_ways(a, b):
    one, other = value(a, b), value(b, a)
    if one is None:
        assert other is None
    else:
        assert 0 <= one <= 1
        assert one == pytest.approx(other)


def test_the_strongest_pair_comes_first_and_further_columns_are_named():
    features = [number(X + k * NOISE, f"x{k}") for k in range(22)]
    found = associations(features, 2_000)
    assert [pair["value"] for pair in found["pairs"]] == sorted((pair["value"] for pair in found["pairs"]), reverse=True)
    assert (len(found["columns"]), found["left_out"], len(found["pairs"])) == (20, ["x20", "x21"], 190)
