"""Metrics are scikit-learn's; intervals cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss

from stages.evaluate.metrics import intervals, resamples
from stages.evaluate.one_of import OneOfAnswers as Answers

METRICS = ["accuracy", "macro_f1", "log_loss"]


def answers(n, classes, seed, *, held=None):
    """Random answers; `held` classes at most are true."""
    random = np.random.default_rng(seed)
    return Answers(random.integers(held or classes, size=n), random.dirichlet(np.ones(classes), n), np.arange(n))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 60), classes=st.integers(2, 5), seed=st.integers(0, 10**6), data=st.data())
def test_every_metric_is_scikit_learns(n, classes, seed, data):
    given_answers = answers(n, classes, seed, held=data.draw(st.integers(1, classes)))
    found = given_answers.metrics()
    truth, chosen = given_answers.truth, given_answers.outputs.argmax(1)
    present = sorted(set(truth.tolist()))
    assert list(found) == METRICS
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, chosen))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, chosen, labels=present, average="macro", zero_division=0))
    assert found["log_loss"] == pytest.approx(log_loss(truth, given_answers.outputs, labels=range(classes)))


def test_metrics_of_some_rows_are_those_of_the_rows_with_repeats():
    whole, rows = answers(40, 3, 0), np.array([3, 3, 7, 9, 9, 9])
    part = Answers(whole.truth[rows], whole.outputs[rows], rows)
    assert whole.metrics(rows) == part.metrics()
    mask = whole.truth == 1
    assert whole.where(mask).metrics() == whole.metrics(np.flatnonzero(mask))


def test_what_was_held_impossible_and_happened_costs_much_and_not_infinitely():
    assert Answers(np.array([0]), np.array([[0.0, 1.0]]), np.array([0])).metrics()["log_loss"] == pytest.approx(-np.log(1e-12))


@pytest.mark.parametrize("metric", METRICS)
def test_an_interval_holds_its_value_and_narrows_with_more_rows(metric):
    widths = []
    for n in (50, 200, 800):
        found = intervals(answers(n, 3, 1), 300, 7)[metric]
        assert found["low"] <= found["value"] <= found["high"]
        widths.append(found["high"] - found["low"])
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]


def coverage(draw, groups):
    """How often of 200 the interval holds a true accuracy of 0.7. draw: generator -> which rows are right."""
    covered = 0
    for seed in range(200):
        right = draw(np.random.default_rng(seed))
        given_answers = Answers(np.zeros(len(right), int), np.stack([right, ~right], 1).astype(float), groups)
        found = intervals(given_answers, 150, seed)["accuracy"]
        covered += found["low"] <= 0.7 <= found["high"]
    return covered / 200


def test_an_interval_covers_the_true_accuracy_about_95_times_of_100():
    assert 0.90 <= coverage(lambda random: random.random(200) < 0.7, np.arange(200)) <= 0.985


def test_an_interval_covers_where_rows_of_a_group_are_alike_and_would_not_if_they_were_drawn_one_by_one():
    def of_files(random):
        return np.repeat(random.random(100) < 0.7, 10)

    assert 0.88 <= coverage(of_files, np.repeat(np.arange(100), 10)) <= 0.985
    assert coverage(of_files, np.arange(1000)) < 0.6


def test_rows_of_one_group_alone_are_drawn_one_by_one():
    right = np.arange(60) % 3 > 0
    alone = Answers(np.zeros(60, int), np.stack([right, ~right], 1).astype(float), np.zeros(60, int))
    found = intervals(alone, 100, 7)["accuracy"]
    assert found["low"] < found["value"] < found["high"]


def test_a_model_that_is_always_right_has_an_interval_of_no_width():
    found = intervals(Answers(np.zeros(50, int), np.eye(2)[np.zeros(50, int)], np.arange(50)), 100, 7)
    assert found["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_resamples_follow_from_the_groups_and_the_seed():
    one, two, other = ([*resamples(np.arange(20), 5, seed)] for seed in (7, 7, 8))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    assert not all((a == b).all() for a, b in zip(one, other, strict=True))
    assert len({tuple(sample) for sample in one}) == 5
    assert all(len(sample) == 20 and sample.max() < 20 for sample in one)


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(st.integers(0, 5), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_a_resample_holds_whole_groups_as_many_as_there_are(groups, seed):
    groups = np.array(groups)
    wanted = np.arange(len(groups)) if len(set(groups)) == 1 else groups
    for rows in resamples(groups, 3, seed):
        times = np.bincount(rows, minlength=len(groups))
        drawn = {group: set(times[wanted == group]) for group in set(wanted)}
        assert all(len(found) == 1 for found in drawn.values())
        assert sum(found.pop() for found in drawn.values()) == len(drawn)
