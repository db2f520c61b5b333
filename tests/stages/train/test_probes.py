"""Probes and watch: what is wrong before and while a net learns is found, and what is not wrong is not."""

import pyarrow as pa
import pytest
import torch
from torch import nn

from pipeline import StageError
from schemas import SplitText
from stages import Attend, Encode, Learned, Perceptron


class Cold(Encode):
    """A part of one's own: one weight that nothing reaches, and units that never wake."""

    def width_out(self, width):
        return width

    def build(self, width):
        return Frozen(width)


class Frozen(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.used, self.unused = nn.Linear(width, width), nn.Parameter(torch.ones(3))
        self.register_buffer("alive", (torch.arange(width) < width // 2).float())

    def forward(self, found, real):
        return self.used(found) * self.alive


class Loud(Attend):
    """A part of one's own that makes scores far too large."""

    def build(self, width):
        return Shout()


class Shout(nn.Module):
    def forward(self, found, real):
        return found.sum(1) * 1000


def findings(trained):
    return {one["check"]: one for one in trained.log.facts["findings"]}


@pytest.fixture(scope="module")
def plain(trainer, features):
    return findings(trainer(epochs=4).run(features.rows, features.vocabulary))


def test_a_sound_training_passes_every_probe_and_the_log_says_so(plain):
    before = [name for name, one in plain.items() if one["epoch"] == 0]
    assert before == [
        "validation rows are known",
        "no test row in training",
        "loss at the start",
        "one batch learnt by heart",
        "gradient reaches every parameter",
    ]
    assert {name for name in before if not plain[name]["ok"]} <= {"no test row in training"}  # the toy has few words
    assert plain["loss at the start"]["expected"] == "about 1.099"


def test_a_parameter_that_no_gradient_reaches_is_named(trainer, small_net, features):
    found = findings(trainer(epochs=1, model=small_net(encode=Cold())).run(features.rows, features.vocabulary))
    assert found["gradient reaches every parameter"]["ok"] is False
    assert found["gradient reaches every parameter"]["found"] == "none at branches.of_tokens.encode.unused"


def test_units_that_no_row_wakes_are_counted(trainer, small_net, features):
    found = findings(trainer(epochs=1, model=small_net(encode=Cold())).run(features.rows, features.vocabulary))
    assert found["dead units of branches.of_tokens.encode"]["found"].startswith("4 of 8 are zero")


def test_a_loss_at_the_start_that_no_ignorance_explains_is_found(trainer, small_net, features):
    found = findings(trainer(epochs=1, model=small_net(attend=Loud())).run(features.rows, features.vocabulary))
    assert found["loss at the start"]["ok"] is False


def test_a_rate_at_which_nothing_is_learnt_is_found_and_no_fault_of_the_net(trainer, features):
    found = findings(trainer(epochs=2, rate=1e-9).run(features.rows, features.vocabulary))
    assert found["one batch learnt by heart"]["ok"] is True
    assert found["nothing learnt"]["ok"] is False


def test_a_loss_that_stands_still_is_found(trainer, small_net, features):
    config = trainer(
        epochs=30, patience=30, warmup=0, model=small_net(embed=Learned(width=8, dropout=0), predict=Perceptron(dropout=0))
    )
    assert "stalled loss" not in findings(config.run(features.rows, features.vocabulary))
    noisy = trainer(epochs=40, patience=40, rate=0.5, schedule="constant").run(features.rows, features.vocabulary)
    assert "stalled loss" in findings(noisy)


def test_strict_makes_an_error_of_a_finding(trainer, small_net, features):
    with pytest.raises(StageError, match=r"strict: .*gradient reaches every parameter: found none at .*unused, expected all"):
        trainer(strict=True, model=small_net(encode=Cold())).run(features.rows, features.vocabulary)


@pytest.mark.parametrize(("test_text", "same"), [("red word", 1), ("red thing", 0)])
def test_a_test_row_that_looks_like_a_training_row_is_found(texts, words, trainer, test_text, same):
    rows = texts(
        "red word", "blue word", "red one", "blue thing", test_text,
        labels=["a", "b", "a", "b", "a"], record=SplitText, split=["train", "train", "train", "valid", "test"],
    )  # fmt: skip
    made = words().run(rows)
    one = findings(trainer(epochs=1).run(made.rows, made.vocabulary))["no test row in training"]
    # "thing" is no word of the training rows
    assert one["found"] == f"{same} of 1 test rows look the same as a training row"
    assert one["ok"] is (same == 0)


def test_an_id_that_stands_in_two_splits_is_found(words, texts, trainer):
    rows = texts(
        "red x", "blue x", "red y", "blue z", labels=list("abab"), record=SplitText, split=["train", "train", "valid", "test"]
    )
    made = words().run(rows)
    table = made.rows.read()
    twice = type(made.rows).of(made.rows.record, table.set_column(0, "id", pa.array(["0", "1", "2", "0"])))
    one = findings(trainer(epochs=1).run(twice, made.vocabulary))["no test row in training"]
    assert "1 ids stand twice" in one["found"]
