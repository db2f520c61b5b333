"""Effects, permutation p-values and their correction."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.checks import permute
from stages.metrics.corrected import holm

UNORDERED = (permute.variation, permute.new, permute.vanished)
COUNTS = st.lists(st.integers(0, 50), min_size=4, max_size=4)


def effect(statistic, before, after) -> float:
    return float(statistic(np.array([before], np.float32), np.array([after], np.float32))[0])


@pytest.mark.parametrize(
    ("statistic", "before", "after", "expected"),
    [
        (permute.steps, [10, 0, 0], [0, 0, 10], 1.0),
        (permute.steps, [5, 5, 0], [0, 10, 0], 0.5),
        (permute.variation, [50, 50], [30, 70], 0.2),
        (permute.variation, [10, 10], [1, 1], 0.0),
        (permute.new, [10, 0], [9, 1], 0.1),
        (permute.new, [10, 1], [9, 1], 0.0),
        (permute.vanished, [9, 1], [5, 0], 0.1),
        (permute.outside, [0, 5, 0, 5, 0], [1, 6, 1, 1, 1], 0.2),
        (permute.unheard, [10, 3, 0, 0], [20, 0, 4, 1], 0.2),
    ],
)
def test_an_effect_is_a_difference_between_two_shares(statistic, before, after, expected):
    assert effect(statistic, before, after) == pytest.approx(expected)


@pytest.mark.parametrize("statistic", [permute.steps, *UNORDERED, permute.outside])
@given(before=COUNTS, after=COUNTS)
def test_every_effect_lies_between_none_and_all(statistic, before, after):
    assert -1e-6 <= effect(statistic, before, after) <= 1 + 1e-6
    assert effect(statistic, before, before) == 0


@given(before=COUNTS, after=COUNTS)
def test_the_distance_of_numbers_is_never_more_than_that_of_categories(before, after):
    if sum(before) and sum(after):
        assert effect(permute.steps, before, after) <= effect(permute.variation, before, after) + 1e-6


def test_the_p_value_is_that_of_all_exchanges():
    values = np.array([1, 2, 3, 4, 5, 9, 10, 11], np.int64)
    blocks = np.zeros((8, 12), np.float32)
    blocks[np.arange(8), values] = 1

    def seen(chosen) -> float:
        before = blocks[list(chosen)].sum(axis=0)
        return effect(permute.steps, before, blocks.sum(axis=0) - before)

    exact = np.mean([seen(chosen) >= seen(range(4)) - 1e-6 for chosen in itertools.combinations(range(8), 4)])
    found = permute.permutation_test(blocks, 4, permute.steps, 0.0, 20_000)
    assert found.p == pytest.approx(exact, abs=0.005)


def test_p_values_of_clean_data_are_small_no_more_often_than_they_say():
    draw = np.random.default_rng(0)
    ps = []
    for _ in range(200):
        blocks = np.zeros((60, 8), np.float32)
        blocks[np.arange(60), draw.integers(0, 8, 60)] = 1
        ps.append(permute.permutation_test(blocks, 30, permute.variation, 0.0, permute._FIRST).p)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(ps) <= level) <= level + 3 * np.sqrt(level / 200)


def test_an_effect_is_counted_above_what_chance_gives():
    draw = np.random.default_rng(0)
    blocks = np.zeros((60, 50), np.float32)
    blocks[np.arange(60), draw.integers(0, 50, 60)] = 1
    plain = effect(permute.variation, blocks[:30].sum(axis=0), blocks[30:].sum(axis=0))
    assert plain > 0.4
    assert permute.permutation_test(blocks, 30, permute.variation, 0.1, permute._FIRST).effect < 0.1


def test_holm_corrects_as_its_definition_says():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_of_the_p_values_and_never_lowers_one(ps):
    corrected = holm(ps)
    assert all(after >= before for before, after in zip(ps, corrected, strict=True))
    ranked = [corrected[at] for at in sorted(range(len(ps)), key=lambda at: ps[at])]
    assert ranked == sorted(ranked)
