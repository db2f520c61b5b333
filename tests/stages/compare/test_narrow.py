"""Of thousands of classes those that nobody says are left out of the sums, and nothing else changes."""

import numpy as np
import pytest

from stages.compare import narrow
from stages.evaluate.one_of import OneOfAnswers
from stages.metrics.blocks import blocks, weights
from stages.metrics.sample import sample


def pair(classes=1500, n=300):
    """Two models, some right, over classes of which a few are said."""
    random = np.random.default_rng(0)
    truth = random.integers(classes // 2, classes, size=n)
    groups, names = np.arange(n), tuple(f"c{i:05}" for i in range(classes))
    found = []
    for share in (0.8, 0.6):
        outputs = random.dirichlet(np.ones(classes), n)
        right = random.random(n) < share
        outputs[right] *= 0.5
        outputs[right, truth[right]] += 0.5
        found.append(OneOfAnswers(truth, outputs, groups, names))
    return found


def test_every_metric_and_every_row_is_what_it_was():
    both = pair()
    less = narrow.narrowed(both)
    block = blocks(both[0].groups, 7)
    weighted = weights(int(block.max()) + 1, 50, 7)
    for whole, (part, columns) in zip(both, less, strict=True):
        assert 200 < part.outputs.shape[1] < whole.outputs.shape[1] / 1.5
        assert (part.right() == whole.right()).all()
        assert part.chosen_texts() == whole.chosen_texts()
        a, b = sample(whole, block, weighted), sample(part, block, weighted, columns=columns)
        assert b.values == pytest.approx(a.values, nan_ok=True)
        for kind in ("drawn", "left_out"):
            for name, values in getattr(a, kind).items():
                np.testing.assert_allclose(getattr(b, kind)[name], values)


def test_few_classes_are_left_as_they_are():
    both = pair(classes=50)
    assert [one is two for (one, _), two in zip(narrow.narrowed(both), both, strict=True)] == [True, True]
