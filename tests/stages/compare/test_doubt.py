"""What few rows cannot show, and what follows from it for intervals, gates and the smallest effect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Gate
from stages import Compare
from stages.compare.doubt import steps
from stages.compare.paired import paired
from stages.compare.significance import smallest
from stages.evaluate.one_of import OneOfAnswers
from stages.evaluate.ordered import OrderedAnswers
from stages.evaluate.several_of import SeveralOfAnswers
from stages.metrics.blocks import blocks, weights
from stages.metrics.sample import sample

from .known import WORDS, compare, evaluated, run_of


def answers(truth, chosen, classes=3, groups=None, sure=0.9):
    outputs = np.full((len(truth), classes), (1 - sure) / (classes - 1))
    outputs[np.arange(len(truth)), chosen] = sure
    groups = np.arange(len(truth)) if groups is None else groups
    return OneOfAnswers(np.asarray(truth), outputs, groups, tuple("abcdefg"[:classes]))


def sampled(given):
    block = blocks(given.groups, 7)
    return sample(given, block, weights(int(block.max()) + 1, 200, 7))


@given(st.integers(2, 5), st.integers(6, 40), st.integers(0, 10**6))
def test_a_flipped_row_moves_the_sums_as_if_it_were_answered_otherwise(classes, n, seed):
    random = np.random.default_rng(seed)
    truth, chosen = random.integers(classes, size=(2, n))
    before = answers(truth, chosen, classes)
    sums = np.asarray(before.columns().sum(axis=0))
    flipped, shares = before.flipped(sums)
    assert shares.sum() == pytest.approx(1)
    often = np.bincount(chosen, minlength=classes)
    for held, (label, one) in enumerate(zip(np.unique(truth), flipped, strict=True)):
        other = next(c for c in np.argsort(-often, kind="stable") if c != label)
        right = np.flatnonzero((truth == label) & (chosen == label))
        wrong = np.flatnonzero((truth == label) & (chosen == other))
        if not len(right) and not len(wrong):
            continue  # none of its rows is right, and none is taken for the other
        changed = chosen.copy()
        changed[right[0] if len(right) else wrong[0]] = other if len(right) else label
        expected = answers(truth, changed, classes).metrics()
        found = before.of_sums(one)
        for name in ("accuracy", "macro_f1", "weighted_f1", "balanced_accuracy", "macro_precision"):
            assert found[name] == pytest.approx(expected[name]), (name, held)


def test_several_classes_and_levels_are_flipped_too():
    several = SeveralOfAnswers(np.array([[1, 0], [1, 1]]), np.array([[0.9, 0.1], [0.9, 0.2]]), np.arange(2), ("a", "b"))
    flipped, shares = several.flipped(np.asarray(several.columns().sum(axis=0)))
    assert shares.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert several.of_sums(flipped)["exact"].tolist() == [0.0, 1.0]
    ordered = OrderedAnswers(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]), np.arange(2), ("low", "high"))
    flipped, shares = ordered.flipped(np.asarray(ordered.columns().sum(axis=0)))
    assert (ordered.of_sums(flipped)["accuracy"].tolist(), ordered.of_sums(flipped)["mae"].tolist()) == ([0.5], [0.5])


def test_of_shares_of_rows_the_step_is_one_row_and_of_groups_one_group():
    truth = np.arange(60) % 3
    other = answers(truth, truth, sure=0.8)
    for groups, step in ((None, 1 / 60), (np.arange(60) // 6, 1 / 10)):
        found = steps([sampled(answers(truth, truth, groups=groups))], [sampled(other)])
        assert found["accuracy"] == pytest.approx(step)
        assert found["top_3" if "top_3" in found else "micro_f1"] == pytest.approx(step)
    assert steps([sampled(other)], [sampled(other)]) == {}


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "weighted_f1", "balanced_accuracy", "mcc"])
def test_few_rows_on_which_two_models_agree_pass_no_gate_and_are_not_equivalent(metric):
    right = [True] * 30
    less_sure = [f"{WORDS['ab'[i % 2]]} " * 2 + WORDS["ba"[i % 2]] for i in range(30)]
    before, after = run_of(right), evaluated(less_sure)
    (found,) = compare().judge([Gate(metric, margin=-0.005)], before, after)
    assert (found.status, found.bound < -0.05) == ("failed", True)
    told = compare().diff(before, after).facts["models"]["net"]["metrics"][metric]
    assert (told["delta"], told["verdict"]) == (0, "undecided")
    assert told["smallest_effect"] > 0.1


def test_the_smallest_effect_is_that_at_which_it_is_judged():
    """By one test the headline, by the strictest of all the others."""
    random = np.random.default_rng(1)
    truth = random.integers(3, size=300)
    sides = [sampled(answers(truth, np.where(random.random(300) < 0.8, truth, (truth + 1) % 3))) for _ in range(2)]

    def stated(metric, asked):
        config = Compare(model="a", baselines=("b",), metric=metric)
        return paired(config, [sides[0]], [sides[1]], asked)["macro_f1"]["smallest_effect"]

    alone = stated("macro_f1", ("macro_f1",))
    assert stated("macro_f1", ("accuracy", "macro_f1", "mcc")) == alone
    assert stated("accuracy", ("accuracy", "macro_f1", "mcc")) > alone
    assert smallest(0.1, 0, 3) / smallest(0.1, 0, 1) == pytest.approx((2.394 + 1.282) / (1.960 + 1.282), abs=1e-3)
