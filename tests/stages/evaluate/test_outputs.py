"""What a model may not say of rows."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline import StageError
from stages import Evaluate
from stages.evaluate.measure import measure
from stages.evaluate.one_of import OneOfAnswers
from stages.evaluate.outputs import Said, outputs
from stages.evaluate.several_of import SeveralOfAnswers

N = 40


def measured(given, *, kind="one_of", classes=("a", "b"), label=None):
    rows = pa.table(
        {
            "id": [f"r{i}" for i in range(N)],
            "group": [f"g{i}" for i in range(N)],
            "split": ["test"] * N,
            "label": label or [classes[i % len(classes)] for i in range(N)],
        }
    )
    said = Said(lambda _: np.asarray(given), list(classes), {})
    return measure(
        Evaluate(slices=(), behaviours=()), rows, {"kind": kind, "column": "label"}, set(classes), iter([("net", said)])
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([0.7, 0.7], r"says \[0.7, 0.7\], together 1.4 of row 'r3', expected probabilities of 0 or more that add up to 1 \(1 of 40"),
        ([1.5, -0.5], r"says \[1.5, -0.5\], together 1 of row 'r3', expected probabilities of 0 or more"),
        ([0.5, np.nan], r"says \[0.5, nan\], together nan of row 'r3', expected finite numbers"),
        ([0.5, np.inf], r"expected finite numbers"),
    ],
)  # fmt: skip
def test_what_is_no_probability_is_named_with_its_row(row, told):
    given = np.full((N, 2), 0.5)
    given[3] = row
    with pytest.raises(StageError, match=told):
        measured(given)


def test_of_several_classes_each_is_a_probability_by_itself():
    given = np.full((N, 2), 0.9)
    assert measured(given, kind="several_of", label=[["a"], ["a", "b"]] * (N // 2)).evaluation.facts["n"] == N
    given[5, 1] = 1.01
    with pytest.raises(StageError, match="a probability from 0 to 1 of each class"):
        measured(given, kind="several_of", label=[["a"], ["a", "b"]] * (N // 2))


def test_rounding_of_many_classes_in_32_bits_is_no_fault():
    odds = np.random.default_rng(0).dirichlet(np.full(10_000, 0.1), 4).astype(np.float32)
    assert not OneOfAnswers.impossible(odds * np.float32(1.0001))[0].any()
    assert OneOfAnswers.impossible(odds * np.float32(1.01))[0].all()


def test_a_class_that_a_model_never_saw_has_zero_and_the_rest_still_adds_up():
    rows = pa.table({"id": ["r0"]})
    said = Said(lambda _: np.array([[0.25, 0.75]]), ["a", "c"], {})
    assert outputs("net", said, rows, ["a", "b", "c"], OneOfAnswers).tolist() == [[0.25, 0.0, 0.75]]
    assert SeveralOfAnswers.impossible(np.array([[0.0, 1.0]]))[0].tolist() == [False]
