"""Shares of rows and their intervals, of rows that resemble each other too."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from stages.metrics.shares import effective, share, upper


def test_rows_of_their_own_have_wilsons_interval():
    hits = np.arange(50) < 41
    found = share(hits, np.arange(50))
    assert (found["low"], found["high"]) == pytest.approx(proportion_confint(41, 50, method="wilson"))
    assert {k: found[k] for k in ("value", "method", "n", "status")} == {
        "value": 0.82,
        "method": "wilson",
        "n": 50,
        "status": "ok",
    }


def test_a_copy_of_every_row_says_nothing_new():
    hits, groups = np.arange(60) % 3 == 0, np.arange(60)
    once, thrice = share(hits, groups), share(np.repeat(hits, 3), np.repeat(groups, 3))
    assert (thrice["low"], thrice["high"]) == pytest.approx((once["low"], once["high"]), abs=0.006)  # t of 59 for z
    assert thrice["n"] == 180
    assert thrice["method"] == "wilson, effective rows"


def test_intervals_of_rows_in_groups_cover():
    draw, inside = np.random.default_rng(1), 0
    for _ in range(400):
        own = draw.beta(4, 1, 40)  # each group has a share of its own; the mean is 0.8
        groups = np.repeat(np.arange(40), 10)
        found = share(draw.random(400) < own[groups], groups)
        inside += found["low"] <= 0.8 <= found["high"]
    assert 0.93 <= inside / 400 <= 0.98


def test_where_all_rows_agree_groups_are_taken_to_agree_wholly():
    groups = np.repeat(np.arange(10), 5)
    assert effective(np.ones(50), groups) == 10
    found = share(np.ones(50), groups)
    assert (found["value"], found["high"]) == (1, 1)
    assert found["low"] == pytest.approx(proportion_confint(10, 10, method="wilson")[0])


def test_no_rows_are_not_evaluated_and_one_group_counts_by_row():
    assert share(np.zeros(0), np.zeros(0))["status"] == "not evaluated"
    assert effective(np.arange(20) % 2, np.zeros(20)) == 20


def test_upper_is_clopper_and_pearsons():
    assert upper(np.arange(100) < 3, np.arange(100), 0.025) == pytest.approx(proportion_confint(3, 100, method="beta")[1])
    assert upper(np.ones(5), np.arange(5), 0.05) == 1
