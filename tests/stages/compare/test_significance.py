"""The tests of a paired difference are those of scipy and statsmodels, and what an interval and they say is a verdict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ztost

from stages.compare.significance import equivalence, exact_mcnemar, permuted, two_sided, verdict
from stages.evaluate.one_of import OneOfAnswers
from stages.metrics.blocks import blocks, weights
from stages.metrics.corrected import holm
from stages.metrics.sample import sample

counts = st.integers(0, 40)


def rights(both, fixed, broken, neither):
    """Whether the later and the earlier model are right, row by row."""
    after = [True] * (both + fixed) + [False] * (broken + neither)
    before = [True] * both + [False] * fixed + [True] * broken + [False] * neither
    return np.array(after, bool), np.array(before, bool)


@given(counts, counts, counts, counts)
def test_the_test_of_mcnemar_is_the_binomial_one_of_the_rows_that_differ(both, fixed, broken, neither):
    after, before = rights(both, fixed, broken, neither)
    expected = stats.binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert exact_mcnemar(after, before) == pytest.approx(expected)
    assert exact_mcnemar(before, after) == exact_mcnemar(after, before)


def test_the_test_of_mcnemar_by_hand():
    """Of nine rows that differ one is broken: twice the chance of at most one head in nine tosses, (1 + 9) / 512."""
    assert exact_mcnemar(*rights(5, 8, 1, 5)) == pytest.approx(20 / 512)


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=60), st.floats(0.01, 0.5))
def test_equivalence_is_the_two_one_sided_tests_of_statsmodels(differences, margin):
    values = np.array(differences) + np.linspace(0, 0.1, len(differences))  # never all alike
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    theirs, _, _ = ztost(values, -margin, margin)
    assert equivalence(float(values.mean()), error, margin) == pytest.approx(theirs, abs=1e-9)
    assert equivalence(-float(values.mean()), error, margin) == pytest.approx(theirs, abs=1e-9)


def test_what_does_not_vary_is_equivalent_inside_the_margin_and_not_at_it():
    assert [equivalence(delta, 0.0, 0.01) for delta in (0.0, 0.009, -0.009, 0.01, -0.02)] == [0, 0, 0, 1, 1]


def test_a_normal_difference_by_hand():
    assert two_sided(1.959964, 1.0) == pytest.approx(0.05, abs=1e-6)
    assert two_sided(-1.959964, 1.0) == pytest.approx(0.05, abs=1e-6)
    assert (two_sided(0.0, 0.0), two_sided(0.1, 0.0)) == (1.0, 0.0)


@settings(max_examples=8)  # statsmodels collects garbage at every call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_that_of_statsmodels(ps):
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist())


def taken(truth, chosen, count):
    answers = OneOfAnswers(np.array(truth), np.eye(3)[chosen] * 0.8 + 0.2 / 3, np.arange(len(truth)))
    return sample(answers, blocks(answers.groups, 7), weights(len(truth), count, 7))


@settings(max_examples=4)
@given(st.integers(0, 10**6))
def test_a_permutation_test_is_that_of_scipy_over_all_exchanges(seed):
    random = np.random.default_rng(seed)
    truth = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    mine, theirs = (np.where(random.random(8) < share, truth, random.integers(3, size=8)) for share in (0.8, 0.4))
    both = [taken(truth, chosen, 4000) for chosen in (mine, theirs)]
    found = permuted(*both, seed=1)

    def difference(a, b, axis):
        return np.apply_along_axis(lambda chosen: _macro_f1(truth, chosen), axis, a) - np.apply_along_axis(
            lambda chosen: _macro_f1(truth, chosen), axis, b
        )

    theirs_p = stats.permutation_test(
        (mine, theirs), difference, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert found["macro_f1"] == pytest.approx(theirs_p.pvalue, abs=0.03)  # four standard errors of 4,000 exchanges
    fixed, broken = ((x == truth) & (y != truth) for x, y in ((mine, theirs), (theirs, mine)))
    by_rows = exact_mcnemar(mine == truth, theirs == truth) if fixed.any() or broken.any() else 1.0
    assert found["accuracy"] == pytest.approx(by_rows, abs=0.03)  # exchanges of right and wrong are tosses of a coin


def _macro_f1(truth, chosen):
    from sklearn.metrics import f1_score

    return f1_score(truth, chosen, average="macro", zero_division=0)


def test_what_never_differs_was_seen_in_every_exchange_and_a_permutation_p_is_never_0():
    truth = [0, 1, 2] * 30
    same, wrong = taken(truth, truth, 200), taken(truth, [(one + 1) % 3 for one in truth], 200)
    assert set(permuted(same, same, seed=1).values()) == {1.0}
    assert permuted(same, wrong, seed=1)["accuracy"] == pytest.approx(1 / 1001)  # of 1,000 at least


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
