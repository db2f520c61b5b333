"""The weakest slices: none where there is none, and the one that is planted."""

import json

import numpy as np
import pytest

from stages.evaluate.weakest import weakest, worse


def rows(seed, n=1200, sizes=120, wrong=0.2):
    """Columns that say nothing of who is wrong; groups that do."""
    draw = np.random.default_rng(seed)
    groups = draw.integers(sizes, size=n)
    columns = {
        "kind": draw.choice(["module", "class", "function"], n),
        "library": draw.choice([f"l{i}" for i in range(8)], n),
        "length": draw.lognormal(3, 1, n).round(),
        "of_group": np.array(["x", "y"])[draw.integers(2, size=sizes)][groups],
    }
    own = wrong * np.exp(draw.normal(0, 0.8, sizes) - 0.3)
    return columns, (draw.random(n) < own[groups]).astype(float), groups


@pytest.mark.parametrize("losses", [False, True])
def test_where_there_is_nothing_at_most_one_search_in_twenty_finds_something(losses):
    found = 0
    for seed in range(200):
        columns, wrong, groups = rows(seed)
        found += bool(weakest(columns, np.random.default_rng(seed).lognormal(0, 1, 1200) if losses else wrong, groups, seed))
    assert found <= 10


def test_the_test_is_right_as_often_as_it_says():
    p = []
    for seed in range(600):
        columns, wrong, groups = rows(seed)
        p.append(worse(columns["of_group"] == "x", wrong, groups))
    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.035)


def test_a_planted_slice_is_found_by_its_two_conditions():
    columns, wrong, groups = rows(1, n=4000, sizes=400)
    here = (columns["kind"] == "module") & (columns["length"] <= np.quantile(columns["length"], 0.25))
    wrong[here] = np.random.default_rng(0).random(here.sum()) < 0.6
    first = weakest(columns, wrong, groups, 7)[0]
    assert first["where"].startswith("kind=module and length=")
    assert first["value"] > 0.45 > 0.25 > first["rest"]
    assert first["p"] <= first["p_holm"] <= 0.05
    assert first["n"] < here.sum()  # it is told of the half that had no part in the search
    assert weakest(columns, wrong, groups, 7)[0] == first
    json.dumps(first)


def test_values_that_are_missing_are_a_slice_and_rare_ones_are_none():
    columns, wrong, _ = rows(2, n=3000)
    length = columns["length"]
    length[:600] = np.nan
    wrong[:600] = np.random.default_rng(0).random(600) < 0.7
    rare = np.array([f"v{i}" for i in range(3000)], object)
    found = weakest({"length": length, "id": rare, "nothing": np.array([None] * 3000, object)}, wrong, np.arange(3000), 7)
    assert [one["where"] for one in found] == ["length=(missing)"]


@pytest.mark.parametrize("n", [0, 1, 40])
def test_too_few_rows_give_nothing(n):
    columns, wrong, groups = rows(3)
    assert weakest({name: values[:n] for name, values in columns.items()}, wrong[:n], groups[:n], 7) == []
    assert weakest({}, wrong, groups, 7) == []


def test_a_model_that_is_never_wrong_has_no_weakest_slice():
    columns, _, groups = rows(4)
    assert weakest(columns, np.zeros(1200), groups, 7) == []
    assert weakest(columns, np.ones(1200), np.zeros(1200), 7) == []
