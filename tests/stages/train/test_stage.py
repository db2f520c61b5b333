"""Training: the same bytes twice, learning, stopping, and refusing."""

import pytest
import torch
from safetensors.torch import load

from pipeline import StageError
from schemas import SplitText
from stages import Cnn, Lstm


def weights(trained):
    return trained.model.read("weights.safetensors")


def epochs(trained):
    return trained.log.facts["epochs"]


@pytest.fixture(scope="module")
def trained(trainer, features):
    return trainer(epochs=6).run(features.rows, features.vocabulary)


@pytest.fixture
def tiny(texts, trainer, words):
    """Train on texts with these labels and splits."""

    def of(labels, split, **config):
        rows = texts(*(f"word {label}" for label in labels), labels=list(labels), record=SplitText, split=split)
        features = words().run(rows)
        return trainer(**config).run(features.rows, features.vocabulary)

    return of


def test_it_learns_a_problem_that_one_word_decides(trained):
    assert epochs(trained)[-1]["valid_accuracy"] == 1.0
    assert epochs(trained)[-1]["train_loss"] < epochs(trained)[0]["train_loss"] / 2


def test_the_same_twice_gives_the_same_bytes(trained, trainer, features):
    torch.manual_seed(99)  # what others drew before must not matter
    again = trainer(epochs=6).run(features.rows, features.vocabulary)
    assert again == trained


def test_another_seed_gives_other_bytes(trained, trainer, features):
    assert weights(trainer(epochs=6, seed=8).run(features.rows, features.vocabulary)) != weights(trained)


@pytest.mark.parametrize("encode", [Cnn(windows=(2,), channels=4), Lstm(hidden=4)], ids=str)
def test_an_encoder_with_dropout_gives_the_same_bytes_twice(encode, trainer, small_net, features):
    one, two = (trainer(epochs=1, model=small_net(encode=encode)).run(features.rows, features.vocabulary) for _ in range(2))
    assert weights(one) == weights(two)


def test_it_stops_when_validation_has_not_been_better_for_patience_epochs(trainer, features):
    found = trainer(epochs=60, patience=2).run(features.rows, features.vocabulary)
    accuracies, best = [epoch["valid_accuracy"] for epoch in epochs(found)], found.model.facts["best_epoch"]
    assert len(accuracies) == best + 2 < 60
    assert best == accuracies.index(max(accuracies)) + 1


def test_the_weights_are_those_of_the_best_epoch(trainer, features):
    long = trainer(epochs=60, patience=3).run(features.rows, features.vocabulary)
    short = trainer(epochs=60, patience=1).run(features.rows, features.vocabulary)
    assert long.model.facts["best_epoch"] == short.model.facts["best_epoch"]
    assert len(epochs(long)) > len(epochs(short))
    assert weights(long) == weights(short)


def test_test_rows_are_not_looked_at(tiny):
    one = tiny("abab", ["train", "train", "valid", "test"])
    two = tiny("abac", ["train", "train", "valid", "test"])
    assert weights(one) == weights(two)
    assert one.model.facts["rows"] == {"train": 2, "valid": 1}


def test_class_weights_help_a_rare_label(tiny):
    labels, split = "a" * 38 + "bb" + "ab", ["train"] * 40 + ["valid"] * 2
    plain, weighted = (tiny(labels, split, epochs=1, balance=on, rate=1e-6) for on in ("none", "weights"))
    assert weights(plain) != weights(weighted)
    even = "ab" * 20 + "ab"
    plain, weighted = (tiny(even, split, epochs=1, balance=on) for on in ("none", "weights"))
    assert all(load(weights(weighted))[name].allclose(tensor, atol=1e-5) for name, tensor in load(weights(plain)).items())


def test_a_label_that_only_validation_rows_hold_counts_as_wrong(tiny):
    found = tiny("ab" * 10 + "abcc", ["train"] * 20 + ["valid"] * 4, epochs=20, patience=20)
    assert found.model.facts["classes"] == ["a", "b"]
    assert epochs(found)[-1]["valid_accuracy"] == 0.5
    assert epochs(found)[-1]["valid_loss"] < 0.3


def test_validation_rows_of_unseen_labels_alone_are_a_stage_error(tiny):
    with pytest.raises(StageError, match="none of the 1 validation rows holds in column 'label' what the training rows do"):
        tiny("abab" + "c", ["train"] * 4 + ["valid"], epochs=1)


def test_validation_rows_of_unseen_labels_among_others_are_told(tiny):
    found = tiny("abab" + "ac", ["train"] * 4 + ["valid"] * 2, epochs=1)
    (one,) = [one for one in found.log.facts["findings"] if one["check"] == "validation rows are known"]
    assert (one["ok"], one["found"]) == (False, "1 of 2")


def test_no_validation_row_is_a_stage_error(tiny):
    with pytest.raises(StageError, match="no row is for validation"):
        tiny("abab", ["train"] * 3 + ["test"])


def test_one_label_among_the_training_rows_is_a_stage_error_that_names_it(tiny):
    with pytest.raises(StageError, match=r"hold 1 label \(a\)"):
        tiny("aab", ["train", "train", "valid"])


def test_a_device_that_is_not_there_is_a_stage_error_that_lists_those_that_are(trainer, features):
    with pytest.raises(StageError, match=r"device 'cuda:99' is not there, expected one of \[.*'cpu'.*\], or 'auto'"):
        trainer(device="cuda:99").run(features.rows, features.vocabulary)


def test_training_leaves_torchs_random_numbers_and_threads_as_they_were(trainer, features):
    torch.set_num_threads(2)
    before = torch.random.get_rng_state()
    trainer(epochs=1, threads=1).run(features.rows, features.vocabulary)
    assert torch.random.get_rng_state().equal(before)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
