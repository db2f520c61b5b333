"""What each option of training does, and data that is strange."""

import math

import pyarrow as pa
import pytest
import torch
from safetensors.torch import load

from pipeline import StageError, Table
from schemas import SplitText
from stages import Branch, Concat, Lstm, Max, MixedNet, Perceptron, Values
from stages.train.device import choose_type
from stages.train.loop import rate_at


def run(config, features):
    return config.run(features.rows, features.vocabulary)


def weights(trained):
    return trained.model.read("weights.safetensors")


def epochs(trained):
    return trained.log.facts["epochs"]


@pytest.fixture(scope="module")
def sure(trainer, small_net):
    """Training without dropout."""
    from stages import Learned

    net = small_net(embed=Learned(width=8, dropout=0), predict=Perceptron(dropout=0))
    return lambda **fields: trainer(**{"model": net, "epochs": 2, "patience": 2, **fields})


def near(one, other, tolerance):
    pairs = zip(epochs(one), epochs(other), strict=True)
    return all(abs(a[name] - b[name]) < tolerance for a, b in pairs for name in ("train_loss", "valid_loss"))


def test_batches_of_which_several_make_a_step_are_one_batch_in_pieces(sure, features, monkeypatch):
    from stages.train import loop

    whole = run(sure(batch=30), features)
    pooled = loop.epoch_batches
    halves = lambda *a, **k: [half for batch in pooled(*a, **k) for half in (batch[:15], batch[15:])]  # noqa: E731
    monkeypatch.setattr(loop, "epoch_batches", halves)
    assert near(run(sure(batch=30, accumulate=2), features), whole, 1e-5)


def test_a_budget_of_tokens_bounds_every_batch(sure, features):
    free, bound = run(sure(), features), run(sure(tokens=40), features)
    assert bound.log.facts["steps"] > free.log.facts["steps"]


def test_sampling_draws_rare_classes_more_often(texts, words, trainer):
    labels, split = "a" * 38 + "bb" + "ab", ["train"] * 40 + ["valid"] * 2
    rows = texts(*(f"word {label}" for label in labels), labels=list(labels), record=SplitText, split=split)
    features = words().run(rows)
    plain, sampled = (run(trainer(epochs=3, patience=3, balance=how, rate=0.01), features) for how in ("none", "sampling"))
    assert epochs(sampled)[-1]["valid_loss"] < epochs(plain)[-1]["valid_loss"]


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_the_rate_rises_in_the_warm_up_and_then_falls_as_it_is_told(schedule):
    rates = [rate_at(done / 100, 0.1, schedule) for done in range(100)]
    assert 0 < rates[0] < 0.02
    assert rates[:11] == sorted(rates[:11])
    assert max(rates) == 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[99] < 0.02 or schedule == "constant"
    assert rate_at(0, 0, schedule) == 1


def test_smoothing_costs_what_it_should(sure, features):
    from stages import OneOf

    plain, smooth = (run(sure(epochs=6, patience=6, target=OneOf(smoothing=s)), features) for s in (0.0, 0.3))
    assert epochs(smooth)[-1]["train_loss"] > epochs(plain)[-1]["train_loss"] + 0.3


def test_the_named_metric_decides_which_epoch_is_best(sure, features):
    found = run(sure(epochs=8, patience=8, metric="loss", rate=0.2), features)
    losses = [one["valid_loss"] for one in epochs(found)]
    assert found.log.facts["best_epoch"] == losses.index(min(losses)) + 1
    assert found.log.facts["metric"] == "loss"


def test_deterministic_training_gives_the_same_and_leaves_torch_as_it_was(sure, features):
    assert weights(run(sure(deterministic=True), features)) == weights(run(sure(), features))
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(("wanted", "device", "found"), [
    ("auto", "cpu", torch.float32), ("auto", "cuda", torch.bfloat16), ("bf16", "cpu", torch.bfloat16), ("fp32", "cuda", torch.float32),
])  # fmt: skip
def test_the_type_to_compute_in(wanted, device, found):
    assert choose_type(wanted, torch.device(device)) == found


def test_a_batch_larger_than_the_data_is_all_of_it(sure, features):
    assert run(sure(batch=10_000, epochs=3), features).log.facts["steps"] == 3


def test_rows_that_are_all_the_same_train_and_are_told(texts, words, trainer):
    rows = texts(*["same"] * 20, labels=["a", "b"] * 10, record=SplitText, split=["train"] * 12 + ["valid"] * 4 + ["test"] * 4)
    found = run(trainer(epochs=2), words().run(rows))
    said = {one["check"]: one for one in found.log.facts["findings"]}
    assert said["no test row in training"]["found"] == "4 of 4 test rows look the same as a training row"
    assert said["one batch learnt by heart"]["ok"] is False


def test_a_number_that_is_none_is_named_with_its_column(features, trainer):
    from schemas import Vectorized

    class Numbered(Vectorized):
        label: str
        numbers: list[float]

    table = features.rows.read()
    values = [[float(i), math.nan if i == 5 else 1.0] for i in range(table.num_rows)]
    rows = table.select(["id", "split", "label"]).append_column("numbers", pa.array(values))
    net = MixedNet(branches={"numbers": Branch(embed=Values(width=4), encode=Lstm(hidden=3), attend=Max())}, merge=Concat())

    from stages.features import Numbers
    from stages.features.fitting import fit_all, inputs_of, to_files

    fitted = fit_all({"numbers": Numbers(columns=("x", "y"))}, pa.table({"x": [0.0, 1.0], "y": [1.0, 0.5]}))
    vocabulary = type(features.vocabulary)(
        facts={"inputs": {name: {"kind": i.kind, "size": i.size} for name, i in inputs_of(fitted).items()}},
        files=to_files(fitted),
    )
    with pytest.raises(StageError, match=r"the loss is nan; first not finite: input 'numbers'; the batch begins with rows"):
        trainer(model=net).run(Table.of(Numbered, rows), vocabulary)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:.*torch.*")
def test_compiled_training_learns_the_same(sure, features):
    compiled, plain = run(sure(compile=True, epochs=1), features), run(sure(epochs=1), features)
    assert near(compiled, plain, 1e-3)
    assert load(weights(compiled)).keys() == load(weights(plain)).keys()
