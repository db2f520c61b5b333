"""What an interval of a difference and its tests say."""

import pytest

from stages.compare.significance import verdict


@pytest.mark.parametrize(
    ("low", "high", "p", "p_equivalent", "higher", "lower"),
    [
        (0.02, 0.04, 0.001, 0.9, "better", "worse"),
        (-0.04, -0.02, 0.001, 0.9, "worse", "better"),
        (-0.02, 0.04, 0.4, 0.3, "undecided", "undecided"),
        (0.001, 0.02, 0.06, 0.4, "undecided", "undecided"),  # the test says chance
        (-0.001, 0.02, 0.04, 0.4, "undecided", "undecided"),  # the interval does
        (0.0, 0.02, 0.04, 0.4, "undecided", "undecided"),
        (-0.005, 0.005, 0.9, 0.05, "equivalent", "equivalent"),
        (0.001, 0.004, 0.01, 0.001, "equivalent", "equivalent"),  # there is one, and it is too small to matter
        (0.0, 0.0, 1.0, 0.0, "equivalent", "equivalent"),
    ],
)
def test_a_verdict_follows_from_the_interval_the_tests_and_the_direction(low, high, p, p_equivalent, higher, lower):
    assert verdict(low, high, p, p_equivalent, higher=True) == higher
    assert verdict(low, high, p, p_equivalent, higher=False) == lower
