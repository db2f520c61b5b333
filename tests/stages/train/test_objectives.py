"""Objectives: what each target costs and says, by hand; and that each is learnt, stored and answered."""

import math

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, mean_absolute_error, root_mean_squared_error

from pipeline import StageError, Table
from schemas import SplitRow, Vectorized
from stages import Number, OneOf, Ordered, SeveralOf, Train, Vectorize, Words
from stages.predict import predictor
from stages.train.objectives import balanced, descending, objective_of, outputs_of

LEVELS = ("low", "middle", "high")


def column(*values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


SCORES = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.5]])


def test_one_of_is_cross_entropy_over_the_sorted_classes():
    one = objective_of(OneOf(), column("b", "a", "c"))
    assert one.facts == {"target": {"kind": "one_of", "column": "label"}, "classes": ["a", "b", "c"]}
    truth = one.read(column("c", "zebra"))
    assert truth.tolist() == [2, -1]
    losses = one.losses(SCORES, truth)
    assert losses[0].item() == pytest.approx(-math.log(math.exp(-1) / (math.exp(2) + 1 + math.exp(-1))))
    assert losses[1].item() == 0
    assert one.expected == pytest.approx(math.log(3))


def test_several_of_is_a_question_a_class():
    several = objective_of(SeveralOf(), column(["x", "y"], [], None, ["x"]))
    truth = several.read(column(["y"], [], ["zebra", "x"], None))
    assert truth.tolist() == [[0, 1], [0, 0], [1, 0], [0, 0]]
    assert several.losses(torch.zeros(4, 2), truth).tolist() == pytest.approx([math.log(2)] * 4)


def test_a_number_is_standardised_and_its_errors_are_in_its_own_unit():
    number = objective_of(Number(column="price"), column(10.0, 20.0, 30.0, None))
    truth = number.read(column(20.0, 40.0, None))
    assert truth[:2].tolist() == pytest.approx([0, 20 / number.deviation])
    assert number.losses(torch.zeros(3, 1), truth).tolist() == pytest.approx([0, (20 / number.deviation) ** 2, 0])
    measured = number.measure(torch.zeros(3, 1), truth)
    assert measured["rmse"] == pytest.approx(root_mean_squared_error([20, 40], [20, 20]), rel=1e-5)
    assert measured["mae"] == pytest.approx(mean_absolute_error([20, 40], [20, 20]), rel=1e-5)


@given(st.lists(st.lists(st.floats(-50, 50), min_size=4, max_size=4), min_size=1, max_size=5))
def test_thresholds_of_an_ordered_target_never_contradict_each_other(scores):
    scores = torch.tensor(scores)
    assert (descending(scores).diff(dim=1) <= 0).all()
    said = outputs_of({"target": {"kind": "ordered"}}, scores)
    assert said.shape == (len(scores), 5)
    assert (said >= -1e-12).all()
    assert np.allclose(said.sum(1), 1)


@pytest.mark.parametrize(
    ("target", "values", "scores"),
    [
        (OneOf(), ["a", "b", "c"], torch.zeros(3, 3)),
        (SeveralOf(), [["a"], ["b"], []], torch.zeros(3, 2)),
        (Ordered(levels=LEVELS), ["low", "high", "middle"], torch.zeros(3, 2)),
        (Number(), [1.0, 2.0, 3.0], torch.zeros(3, 1)),
    ],
    ids=str,
)
def test_the_expected_loss_is_what_scores_of_nothing_cost(target, values, scores):
    one = objective_of(target, column(*values))
    assert one.losses(scores, one.read(column(*values))).mean().item() == pytest.approx(one.expected, abs=1e-5)
    assert one.width == scores.shape[1]


def test_metrics_are_those_of_scikit_learn():
    draw = np.random.default_rng(0)
    truth, scores = draw.integers(0, 4, 200), torch.tensor(draw.normal(size=(200, 4)))
    one = objective_of(OneOf(), column(*"abcd"))
    found = one.measure(scores, torch.tensor(truth))
    said = scores.argmax(1).numpy()
    assert found["macro_f1"] == pytest.approx(f1_score(truth, said, average="macro"))
    assert found["accuracy"] == pytest.approx((truth == said).mean())
    several = objective_of(SeveralOf(), column([*"abcd"]))
    many = draw.integers(0, 2, (200, 4))
    found = several.measure(scores.float(), torch.tensor(many).float())
    assert found["micro_f1"] == pytest.approx(f1_score(many, (scores > 0).numpy(), average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(many, (scores > 0).numpy(), average="macro"))


@pytest.mark.parametrize(
    ("target", "values", "said"),
    [
        (OneOf(), ["a", "a"], "hold 1 label"),
        (SeveralOf(), [["a"], [], ["a"]], "hold 1 label"),
        (Ordered(levels=LEVELS), ["low", "huge"], "holds 'huge', expected one of the levels low, middle, high"),
        (Ordered(levels=LEVELS), ["low", "low"], "hold 1 label"),
        (Number(), [2.0, 2.0], "hold one value alone, 2"),
        (Number(), [None, math.nan], "hold no finite value"),
    ],
    ids=str,
)
def test_nothing_to_tell_apart_is_a_stage_error(target, values, said):
    kind = pa.float64() if isinstance(target, Number) else None
    with pytest.raises(StageError, match=said):
        objective_of(target, column(*values, kind=kind))


def test_balance_is_for_one_class_a_row():
    one = objective_of(OneOf(), column("a", "b"))
    assert balanced(torch.tensor([0, 0, 0, 1]), one).tolist() == pytest.approx([4 / 6, 2])
    several = objective_of(SeveralOf(), column(["a", "b"]))
    with pytest.raises(StageError, match="balance is for a target of one class a row"):
        balanced(torch.zeros(4, 2), several)


def test_a_metric_of_another_target_is_refused_where_it_is_declared():
    with pytest.raises(ValueError, match="metric 'accuracy' says nothing of Number, expected one of rmse, mae, loss"):
        Train(target=Number(), metric="accuracy")


WORTH = {"penny": 1.0, "pound": 5.0, "fortune": 9.0}


def problem(target, kind, of):
    """Texts whose truth follows from one word, as rows and as a Record of features with that truth."""
    words = [list(WORTH)[i % 3] for i in range(240)]
    rows = pa.table(
        {
            "id": [str(i) for i in range(240)],
            "split": ["train" if i % 10 < 7 else "valid" if i % 10 < 8 else "test" for i in range(240)],
            "group": [str(i) for i in range(240)],
            "text": [f"some {word} here" if i % 2 else word for i, word in enumerate(words)],
            target.column: pa.array([of(word) for word in words]),
        }
    )
    row = type("Row", (SplitRow,), {"__annotations__": {"text": str, target.column: kind}, "__module__": __name__})
    numbers = type(
        "Numbered", (Vectorized,), {"__annotations__": {target.column: kind, "tokens": list[int]}, "__module__": __name__}
    )
    return Table.of(row, rows), numbers


@pytest.mark.parametrize(
    ("target", "kind", "of", "right"),
    [
        (Number(column="price"), float, WORTH.get, lambda said, word: abs(said[0] - WORTH[word]) < 1),
        (
            SeveralOf(column="tags"),
            list[str],
            lambda word: ["money", *(["big"] if WORTH[word] > 3 else [])],
            lambda said, word: (said[0] > 0.5) == (WORTH[word] > 3) and said[1] > 0.5,
        ),
        (
            Ordered(column="size", levels=("penny", "pound", "fortune")),
            str,
            str,
            lambda said, word: list(WORTH)[int(said.argmax())] == word,
        ),
    ],
    ids=lambda given: type(given).__name__,
)
def test_each_target_is_learnt_stored_and_answered(trainer, target, kind, of, right):
    rows, record = problem(target, kind, of)
    features = Vectorize[record](features={"tokens": Words(min_count=1)}).run(rows)
    model = trainer(target=target, metric="loss", epochs=30, patience=30).run(features.rows, features.vocabulary).model
    assert model.facts["target"]["kind"] == target.kind
    said = predictor(model)(pa.table({"text": list(WORTH)}))
    assert all(right(one, word) for one, word in zip(said, WORTH, strict=True))
