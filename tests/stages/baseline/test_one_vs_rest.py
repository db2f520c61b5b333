"""All classes at once are each class alone, as scikit-learn fits it."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from stages.baseline.one_vs_rest import fit_one_vs_rest


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(0)
    truth = random.integers(4, size=300)
    return random.normal(size=(4, 6))[truth] + random.normal(size=(300, 6)), truth


@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_weights_are_those_of_a_regression_for_each_class(points, strength):
    vectors, truth = points
    coefficients, intercepts, settled = fit_one_vs_rest(vectors, truth, 4, strength, 1)
    assert settled
    for label in range(4):
        alone = LogisticRegression(C=strength, tol=1e-8, max_iter=1000).fit(vectors, truth == label)
        np.testing.assert_allclose(coefficients[label], alone.coef_[0], atol=2e-3)
        np.testing.assert_allclose(intercepts[label], alone.intercept_[0], atol=2e-3)


def test_two_classes_are_each_others_opposite_and_the_same_points_give_the_same_bytes(points):
    vectors, truth = points
    one, two = (fit_one_vs_rest(vectors, truth % 2, 2, 1.0, 2) for _ in range(2))
    np.testing.assert_allclose(one[0][0], -one[0][1], atol=1e-3)
    assert one[0].tobytes() == two[0].tobytes()
