"""What an interval of a difference says."""

import pytest

from stages.paired import verdict


@pytest.mark.parametrize(
    ("low", "high", "higher", "lower"),
    [
        (0.02, 0.04, "better", "worse"),
        (-0.04, -0.02, "worse", "better"),
        (-0.02, 0.04, "undecided", "undecided"),
        (-0.001, 0.02, "undecided", "undecided"),
        (0.001, 0.02, "better", "worse"),
        (0.0, 0.02, "undecided", "undecided"),
        (-0.005, 0.005, "equivalent", "equivalent"),
        (0.001, 0.004, "equivalent", "equivalent"),
        (0.0, 0.0, "equivalent", "equivalent"),
    ],
)
def test_a_verdict_follows_from_the_interval_the_margin_and_the_direction(low, high, higher, lower):
    assert verdict(low, high, 0.005, higher=True) == higher
    assert verdict(low, high, 0.005, higher=False) == lower


def test_a_wider_margin_makes_more_differences_too_small_to_matter():
    assert verdict(0.001, 0.02, 0.005, higher=True) == "better"
    assert verdict(0.001, 0.02, 0.02, higher=True) == "equivalent"
