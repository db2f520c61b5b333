"""Training: the same bytes twice, learning, stopping, and refusing."""

import json

import pytest
import torch
from safetensors.torch import load

from pipeline import StageError
from schemas import SplitText
from stages import Cnn, Lstm, Vectorize


def weights(model):
    return model.read("weights.safetensors")


@pytest.fixture(scope="module")
def trained(trainer, features):
    return trainer(epochs=6).run(features.rows, features.vocabulary)


@pytest.fixture
def tiny(texts, trainer):
    """Train on texts with these labels and splits."""

    def of(labels, split, **config):
        rows = texts(*(f"word {label}" for label in labels), labels=list(labels), record=SplitText, split=split)
        features = Vectorize(min_count=1).run(rows)
        return trainer(**config).run(features.rows, features.vocabulary)

    return of


def test_it_learns_a_problem_that_one_word_decides(trained):
    assert trained.facts["history"][-1]["valid_accuracy"] == 1.0
    assert trained.facts["history"][-1]["train_loss"] < trained.facts["history"][0]["train_loss"] / 2


def test_the_same_twice_gives_the_same_bytes(trained, trainer, features):
    torch.manual_seed(99)  # what others drew before must not matter
    again = trainer(epochs=6).run(features.rows, features.vocabulary)
    assert again.files == trained.files
    assert again.facts == trained.facts


def test_another_seed_gives_other_bytes(trained, trainer, features):
    assert weights(trainer(epochs=6, seed=8).run(features.rows, features.vocabulary)) != weights(trained)


@pytest.mark.parametrize("encode", [Cnn(windows=(2,), channels=4), Lstm(hidden=4)], ids=str)
def test_an_encoder_with_dropout_gives_the_same_bytes_twice(encode, trainer, small_net, features):
    one, two = (trainer(epochs=1, model=small_net(encode=encode)).run(features.rows, features.vocabulary) for _ in range(2))
    assert weights(one) == weights(two)


def test_it_stops_when_validation_has_not_been_better_for_patience_epochs(trainer, features):
    facts = trainer(epochs=60, patience=2).run(features.rows, features.vocabulary).facts
    accuracies = [epoch["valid_accuracy"] for epoch in facts["history"]]
    assert len(accuracies) == facts["best_epoch"] + 2 < 60
    assert facts["best_epoch"] == accuracies.index(max(accuracies)) + 1


def test_the_weights_are_those_of_the_best_epoch(trainer, features):
    long = trainer(epochs=60, patience=3).run(features.rows, features.vocabulary)
    short = trainer(epochs=60, patience=1).run(features.rows, features.vocabulary)
    assert long.facts["best_epoch"] == short.facts["best_epoch"]
    assert len(long.facts["history"]) > len(short.facts["history"])
    assert weights(long) == weights(short)


def test_test_rows_are_not_looked_at(tiny):
    one = tiny("abab", ["train", "train", "valid", "test"])
    two = tiny("abac", ["train", "train", "valid", "test"])
    assert weights(one) == weights(two)
    assert one.facts["rows"] == {"train": 2, "valid": 1}


def test_class_weights_help_a_rare_label(tiny):
    labels, split = "a" * 38 + "bb" + "ab", ["train"] * 40 + ["valid"] * 2
    plain, weighted = (tiny(labels, split, epochs=1, class_weights=on, rate=1e-6) for on in (False, True))
    assert weights(plain) != weights(weighted)
    even = "ab" * 20 + "ab"
    plain, weighted = (tiny(even, split, epochs=1, class_weights=on) for on in (False, True))
    assert all(load(weights(weighted))[name].allclose(tensor, atol=1e-5) for name, tensor in load(weights(plain)).items())


def test_a_label_that_only_validation_rows_hold_counts_as_wrong(tiny):
    model = tiny("ab" * 10 + "abcc", ["train"] * 20 + ["valid"] * 4, epochs=20, patience=20)
    assert model.facts["classes"] == ["a", "b"]
    assert model.facts["history"][-1]["valid_accuracy"] == 0.5
    assert model.facts["history"][-1]["valid_loss"] < 0.3


def test_validation_rows_of_unseen_labels_alone_are_all_wrong_and_the_facts_stay_finite(tiny):
    history = tiny("abab" + "c", ["train"] * 4 + ["valid"], epochs=1).facts["history"]
    assert (history[0]["valid_accuracy"], history[0]["valid_loss"]) == (0.0, 0.0)
    json.dumps(history, allow_nan=False)


def test_no_validation_row_is_a_stage_error(tiny):
    with pytest.raises(StageError, match="no row is for validation"):
        tiny("abab", ["train"] * 3 + ["test"])


def test_one_label_among_the_training_rows_is_a_stage_error_that_names_it(tiny):
    with pytest.raises(StageError, match=r"hold 1 label \(a\)"):
        tiny("aab", ["train", "train", "valid"])


def test_a_device_that_is_not_there_is_a_stage_error_that_lists_those_that_are(trainer, features):
    with pytest.raises(StageError, match=r"device 'cuda:99' is not there, expected one of \[.*'cpu'.*\], or 'auto'"):
        trainer(device="cuda:99").run(features.rows, features.vocabulary)


def test_a_loss_that_is_not_finite_is_a_stage_error_that_names_the_rate(trainer, features):
    with pytest.raises(StageError, match=r"the loss of epoch \d is (nan|inf); try a smaller rate than 1e\+30"):
        trainer(rate=1e30).run(features.rows, features.vocabulary)


def test_training_leaves_torchs_random_numbers_and_threads_as_they_were(trainer, features):
    torch.set_num_threads(2)
    before = torch.random.get_rng_state()
    trainer(epochs=1, threads=1).run(features.rows, features.vocabulary)
    assert torch.random.get_rng_state().equal(before)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
