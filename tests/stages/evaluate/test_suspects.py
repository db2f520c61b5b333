"""Suspected label errors: planted ones are found, and nothing that is odd stops the search."""

import time

import numpy as np
import pytest

from stages.evaluate.suspects import suspects


def noisy(n=1000, classes=4, wrong=40, seed=0):
    """Sure models, and labels of which so many are not what they should be."""
    draw = np.random.default_rng(seed)
    real = draw.integers(classes, size=n)
    outputs = draw.random((n, classes)) * 0.8 / classes
    outputs[np.arange(n), real] += 1
    outputs /= outputs.sum(axis=1, keepdims=True)
    truth = real.copy()
    truth[:wrong] = (real[:wrong] + 1) % classes
    return truth, real, outputs


# By pairs of classes, and by class: of 20 rows each, one of them wrong, the threshold tells half of the wrong ones from right ones.
@pytest.mark.parametrize(("classes", "most"), [(4, 0.8), (300, 0.4)])
def test_planted_errors_are_found_with_what_they_should_be(classes, most):
    truth, real, outputs = noisy(n=6000, classes=classes, wrong=60)
    found = suspects(truth, {"linear": outputs, "net": outputs})
    assert found.reason == ""
    assert found.mask[:60].mean() >= most
    assert found.mask[60:].mean() < 0.01
    assert (found.suggested[found.mask] == real[found.mask]).all()
    assert found.score[:60].max() < found.score[60:].min()


def test_the_models_are_asked_together():
    truth, _, outputs = noisy()
    unsure = np.full_like(outputs, 0.25)
    found = suspects(truth, {"a": outputs, "b": unsure})
    assert found.score == pytest.approx((suspects(truth, {"a": outputs}).score + 0.25) / 2)


def test_classes_that_no_label_names_are_left_out():
    truth, real, outputs = noisy()
    wide = np.hstack([np.zeros((1000, 1)), outputs, np.zeros((1000, 2))])
    found = suspects(truth + 1, {"net": wide})
    assert (found.mask == suspects(truth, {"net": outputs}).mask).all()
    assert (found.suggested[found.mask] == real[found.mask] + 1).all()
    nowhere = np.zeros_like(wide)
    nowhere[:, 0] = 1  # all on a class that nobody names
    assert not suspects(truth + 1, {"net": nowhere}).reason


@pytest.mark.parametrize(
    ("truth", "outputs", "reason"),
    [
        (np.zeros(100, int), {"net": np.full((100, 3), 1 / 3)}, "all rows have one label"),
        (np.arange(12) % 2, {"net": np.full((12, 2), 0.5)}, "12 rows, expected at least 30"),
        (np.arange(60) % 2, {}, "no model's probabilities to look at"),
    ],
)
def test_where_nothing_can_be_said_none_is_suspected_and_why_is_told(truth, outputs, reason):
    found = suspects(truth, outputs)
    assert found.reason == reason
    assert not found.mask.any()
    assert len(found.score) == len(found.suggested) == len(truth)


def test_a_class_with_one_row_stops_nothing():
    truth, _, outputs = noisy(classes=5)
    truth[truth == 4] = 3
    truth[0] = 4
    assert suspects(truth, {"net": outputs}).mask.any()


def test_ten_thousand_classes_take_seconds():
    truth, _, outputs = noisy(n=1500, classes=10_000, wrong=20)
    started = time.perf_counter()
    suspects(truth, {"net": outputs})
    assert time.perf_counter() - started < 10
