"""Metrics are scikit-learn's; intervals cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
    top_k_accuracy_score,
)

from stages.evaluate.one_of import OneOfAnswers as Answers
from stages.metrics.blocks import MOST, blocks, weights
from stages.metrics.interval import intervals
from stages.metrics.own import Metric
from stages.metrics.sample import sample
from stages.metrics.table import METRICS as KNOWN

METRICS = ["accuracy", "macro_f1", "log_loss"]


def taken(given_answers, count=300, seed=7, **more):
    block = blocks(given_answers.groups, seed)
    return sample(given_answers, block, weights(int(block.max()) + 1, count, seed), **more)


def measured(given_answers, count=300, seed=7, **more):
    return intervals(taken(given_answers, count, seed, **more), count, seed)


def whole(given_answers):
    return np.asarray(given_answers.columns().sum(axis=0))


def answers(n, classes, seed, *, held=None):
    """Random answers; `held` classes at most are true."""
    random = np.random.default_rng(seed)
    return Answers(random.integers(held or classes, size=n), random.dirichlet(np.ones(classes), n), np.arange(n))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 60), classes=st.integers(2, 7), seed=st.integers(0, 10**6), data=st.data())
def test_every_metric_is_scikit_learns(n, classes, seed, data):
    given_answers = answers(n, classes, seed, held=data.draw(st.integers(1, classes)))
    found = given_answers.metrics()
    truth, chosen = given_answers.truth, given_answers.outputs.argmax(1)
    present = sorted(set(truth.tolist()))
    assert list(found)[:3] == METRICS
    for name, function in (("macro_precision", precision_score), ("macro_recall", recall_score)):
        assert found[name] == pytest.approx(function(truth, chosen, labels=present, average="macro", zero_division=0))
    assert found["weighted_f1"] == pytest.approx(f1_score(truth, chosen, average="weighted", zero_division=0))
    if len(present) > 1:
        assert found["balanced_accuracy"] == pytest.approx(recall_score(truth, chosen, labels=present, average="macro"))
        assert found["mcc"] == pytest.approx(matthews_corrcoef(truth, chosen))
    else:
        assert np.isnan(found["mcc"])
        assert np.isnan(found["auroc"])
    for k in (3, 5):
        if classes > k:
            assert found[f"top_{k}"] == pytest.approx(
                top_k_accuracy_score(truth, given_answers.outputs, k=k, labels=range(classes))
            )
        else:
            assert f"top_{k}" not in found
    held = [c for c in (range(classes) if classes > 2 else (1,)) if 0 < (truth == c).sum() < n]
    if held:
        for name, function in (("auroc", roc_auc_score), ("average_precision", average_precision_score)):
            each = [function(truth == c, given_answers.outputs[:, c]) for c in held]
            assert found[name] == pytest.approx(np.mean(each))
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, chosen))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, chosen, labels=present, average="macro", zero_division=0))
    assert found["log_loss"] == pytest.approx(log_loss(truth, given_answers.outputs, labels=range(classes)))


def test_metrics_of_some_rows_are_those_of_the_rows_with_repeats():
    every, rows = answers(40, 3, 0), np.array([3, 3, 7, 9, 9, 9])
    part = Answers(every.truth[rows], every.outputs[rows], rows)
    assert every.metrics(rows) == pytest.approx(part.metrics(), nan_ok=True)
    mask = every.truth == 1
    assert every.where(mask).metrics() == pytest.approx(every.metrics(np.flatnonzero(mask)), nan_ok=True)


@pytest.mark.parametrize("same", [np.full(10, 0.1), np.eye(10)[0]], ids=["uniform", "one class"])
def test_a_model_that_says_the_same_of_all_rows_has_three_classes_of_ten_among_its_top_three(same):
    found = Answers(np.arange(100) % 10, np.tile(same, (100, 1)), np.arange(100), tuple("abcdefghij")).metrics()
    assert (found["accuracy"], found["top_3"], found["top_5"]) == pytest.approx((0.1, 0.3, 0.5))


def test_what_was_held_impossible_and_happened_costs_much_and_not_infinitely():
    assert Answers(np.array([0]), np.array([[0.0, 1.0]]), np.array([0])).metrics()["log_loss"] == pytest.approx(-np.log(1e-12))


@pytest.mark.parametrize("metric", METRICS)
def test_an_interval_holds_its_value_and_narrows_with_more_rows(metric):
    widths = []
    for n in (50, 200, 800):
        found = measured(answers(n, 3, 1), 1000)[metric]
        assert found["low"] <= found["value"] <= found["high"]
        widths.append(found["high"] - found["low"])
    assert widths[0] > 1.3 * widths[1] > 1.69 * widths[2]


def coverage(draw, groups):
    """How often of 200 the interval holds a true accuracy of 0.7. draw: generator -> which rows are right."""
    covered = 0
    for seed in range(200):
        right = draw(np.random.default_rng(seed))
        given_answers = Answers(np.zeros(len(right), int), np.stack([right, ~right], 1).astype(float), groups)
        found = measured(given_answers, 150, seed)["accuracy"]
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
    found = measured(alone, 100)["accuracy"]
    assert found["low"] < found["value"] < found["high"]


def test_a_model_that_is_always_right_may_be_wrong_once_in_a_while():
    found = measured(Answers(np.zeros(50, int), np.eye(2)[np.zeros(50, int)], np.arange(50)), 100)["accuracy"]
    assert (found["value"], found["high"]) == (1.0, 1.0)
    assert found["low"] == pytest.approx(0.9287, abs=1e-4)  # Wilson's, by hand: n / (n + z^2)


def test_weights_follow_from_the_seed_and_draw_as_many_blocks_as_there_are():
    one, two, other = (weights(20, 5, seed) for seed in (7, 7, 8))
    assert (one == two).all()
    assert not (one == other).all()
    assert (one.sum(axis=1) == 20).all()


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(st.integers(0, 5), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_a_block_holds_whole_groups_and_rows_of_one_group_alone_stand_for_themselves(groups, seed):
    groups = np.array(groups)
    wanted = np.arange(len(groups)) if len(set(groups)) == 1 else groups
    assert len(set(zip(blocks(groups, seed), wanted, strict=True))) == len(set(wanted)) == blocks(groups, seed).max() + 1


def test_more_groups_than_enough_are_dealt_whole_into_blocks_of_like_size_and_give_the_same_interval():
    groups = np.arange(3 * MOST) // 2
    block = blocks(groups, 7, most=500)
    assert (block[::2] == block[1::2]).all()
    assert set(np.bincount(block)) <= {24, 26}
    given_answers = answers(6000, 3, 2)
    dealt = blocks(given_answers.groups, 7, most=1000)
    coarse = intervals(sample(given_answers, dealt, weights(1000, 1000, 7)), 1000, 7)["log_loss"]
    fine = intervals(sample(given_answers, given_answers.groups, weights(6000, 1000, 7)), 1000, 7)["log_loss"]
    assert coarse["high"] - coarse["low"] == pytest.approx(fine["high"] - fine["low"], rel=0.1)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(4, 40), classes=st.integers(2, 4), seed=st.integers(0, 10**6), levels=st.integers(2, 30))
def test_the_influence_of_a_row_is_the_slope_of_an_area_in_its_weight(n, classes, seed, levels):
    random = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), random.integers(classes, size=n)])[:n]
    outputs = np.round(random.dirichlet(np.ones(classes), n) * levels) / levels  # with ties
    for name, function in (("auroc", roc_auc_score), ("average_precision", average_precision_score)):
        found = Answers(truth, outputs, np.arange(n)).ranks()[name]
        held = [c for c in (range(classes) if classes > 2 else (1,)) if 0 < (truth == c).sum() < n]
        if not held:
            continue
        row, step = seed % n, 1e-5
        heavier = np.ones(n)
        heavier[row] += step
        moved = np.mean([function(truth == c, outputs[:, c], sample_weight=heavier) for c in held])
        assert (moved - found.value) / step == pytest.approx(found.influence[row], abs=1e-3)
        assert found.influence.sum() == pytest.approx(0, abs=1e-9)


class Cost(Metric):
    """A wrong row costs by its class."""

    higher = False

    def measure(self, truth, outputs, classes):
        return float(((outputs.argmax(1) != truth) * (1 + truth)).mean())


def test_a_metric_of_ones_own_has_a_direction_and_an_interval():
    given_answers = answers(200, 3, 4)
    found = measured(given_answers, own=(Cost(name="cost"),))["cost"]
    assert found["value"] == pytest.approx(((given_answers.chosen != given_answers.truth) * (1 + given_answers.truth)).mean())
    assert found["low"] < found["value"] < found["high"]
    assert found["higher"] is False


def test_what_is_not_defined_says_so_and_is_no_number():
    found = measured(
        Answers(np.zeros(50, int), np.random.default_rng(1).dirichlet(np.ones(3), 50), np.arange(50), ("a", "b", "c"))
    )
    assert found["auroc"]["status"] == "not evaluated"
    assert found["auroc"]["reason"] == "the rows are all of one class"
    assert found["auroc"]["value"] is None
    assert found["mcc"]["status"] == "not evaluated"
    assert found["accuracy"]["status"] == "ok"


def test_every_metric_is_described():
    given_answers = answers(50, 5, 1)
    for name, found in measured(given_answers).items():
        assert (found["higher"], found["n"]) == (KNOWN[name].higher, 50)
        assert KNOWN[name].definition
