"""Nets that learnt each kind of target, from training to the verdict of a comparison."""

import pyarrow as pa
import pytest

from pipeline import Table
from schemas import SplitRow, Vectorized
from stages import (
    Bag,
    Compare,
    Evaluate,
    Learned,
    Max,
    Number,
    Ordered,
    Perceptron,
    SeveralOf,
    TextNet,
    Train,
    Vectorize,
    Words,
)

LEVELS = ("blue", "green", "red")
MEANS = {"blue": -4.0, "green": 1.0, "red": 90.0}


class Coloured(SplitRow):
    """A row with all targets."""

    text: str
    label: str
    tags: list[str]
    price: float


class Numbered(Vectorized):
    """Its features."""

    tokens: list[int]
    label: str
    tags: list[str]
    price: float


@pytest.fixture(scope="module")
def rows(toy):
    table = toy(400).read()
    labels = table["label"].to_pylist()
    table = table.append_column("tags", pa.array([["warm"] if one == "red" else ["cold", one] for one in labels]))
    return Table.of(Coloured, table.append_column("price", pa.array([MEANS[one] for one in labels])))


@pytest.fixture(scope="module")
def trained(rows):
    """target -> the model after many epochs, and after one with a rate that learns nothing."""
    features = Vectorize[Numbered](features={"tokens": Words(min_count=1)}).run(rows)
    net = TextNet(embed=Learned(width=8), encode=Bag(), attend=Max(), predict=Perceptron(dropout=0))

    def models(target):
        return {
            name: Train(model=net, target=target, device="cpu", batch=16, patience=9, **how)
            .run(features.rows, features.vocabulary)
            .model
            for name, how in {"net": {"epochs": 10, "rate": 0.05}, "idle": {"epochs": 1, "rate": 1e-6}}.items()
        }

    return models


@pytest.mark.parametrize(
    ("target", "metric", "least"),
    [
        (SeveralOf(column="tags"), "exact", 0.9),
        (Number(column="price"), "r2", 0.9),
        (Ordered(levels=LEVELS), "accuracy", 0.9),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_net_that_learnt_a_target_is_measured_by_it_and_beats_one_that_did_not(rows, trained, target, metric, least):
    found = Evaluate(resamples=100).run(rows, trained(target))
    metrics = found.evaluation.facts["metrics"]
    assert metrics["net"][metric]["value"] > least
    compare = Compare(model="net", baselines=("idle",), metric=metric, resamples=100)
    comparisons = compare.run(found.evaluation, found.rows).facts["comparisons"]
    assert {one["verdict"] for one in comparisons if one["metric"] == metric} == {"better"}
