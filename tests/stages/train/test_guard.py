"""Guard: NaN is named with its layer and batch; memory that runs out with the batch that did it."""

import pytest
import torch
from pydantic import Field
from torch import nn

from pipeline import StageError
from pipeline.progress import listening
from stages import Cnn, Encode, Learned, Lstm


class Trap(nn.Module):
    """Passes its input on until a condition of its shape or its call holds; then does harm."""

    def __init__(self, width, harm, cells):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.harm, self.cells, self.calls = harm, cells, 0

    def forward(self, found, real):
        self.calls += self.training
        if (
            self.harm == "validation"
            and self.calls
            and not torch.is_grad_enabled()
            and found.shape[0] * found.shape[1] > self.cells
        ):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if self.harm == "valid nan" and not torch.is_grad_enabled() and found.shape[0] > 1 and self.calls:
            return found * float("nan")
        if self.calls <= 70:  # the probes call it 60 times at most
            return found * self.scale
        if self.harm == "memory" and torch.is_grad_enabled() and found.shape[0] * found.shape[1] > self.cells:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if self.harm == "nan" and self.training:
            found = found.masked_fill(real.unsqueeze(2), float("nan"))
        if self.harm == "gradient" and self.training:
            found = found + 0 * torch.sqrt(found * 0)  # its slope at 0 is infinite
        return found * self.scale


class Trapped(Encode):
    """A part of one's own with a fault."""

    harm: str
    cells: int = Field(default=0)

    def width_out(self, width):
        return width

    def build(self, width):
        return Trap(width, self.harm, self.cells)


@pytest.fixture
def told():
    """What a stage says."""
    said = []
    with listening("net", lambda step, done, total, note: said.append(note)):
        yield said


def test_a_layer_that_gives_nan_is_named_with_its_batch(trainer, small_net, features):
    config = trainer(model=small_net(encode=Trapped(harm="nan")), epochs=20, patience=20)
    wanted = (
        r"step \d+ \(epoch \d+, batch \d+\): the loss is nan; first not finite: layer 'branches\.of_tokens\.encode' \(Trap\); "
        r"the batch begins with rows \d+, \d+, \d+, \d+, \d+ of the table; look at them, or try a smaller rate than 0\.05"
    )
    with pytest.raises(StageError, match=wanted):
        config.run(features.rows, features.vocabulary)


def test_a_gradient_that_is_not_finite_is_named(trainer, small_net, features):
    config = trainer(model=small_net(encode=Trapped(harm="gradient")), epochs=20, patience=20)
    with pytest.raises(StageError, match=r"the norm of the gradient is nan; first not finite: the gradient of 'branches\..*"):
        config.run(features.rows, features.vocabulary)


def test_a_rate_that_blows_up_is_told(trainer, features):
    with pytest.raises(
        StageError, match=r"(the loss|the norm of the gradient) is (nan|inf); first not finite: .*smaller rate than 1e\+30"
    ):
        trainer(rate=1e30).run(features.rows, features.vocabulary)


def test_where_memory_runs_out_batches_are_taken_in_halves(trainer, small_net, features, told):
    net = small_net(encode=Trapped(harm="memory", cells=80), embed=Learned(width=8, dropout=0))
    found = trainer(model=net, epochs=8, patience=8).run(features.rows, features.vocabulary)
    (note,) = {one for one in told if "out of memory" in one and "2 pieces" in one}
    assert "a batch of 16 rows x" in note
    whole = small_net(encode=Trapped(harm="none"), embed=Learned(width=8, dropout=0))
    same = trainer(model=whole, epochs=8, patience=8).run(features.rows, features.vocabulary)
    pairs = zip(found.log.facts["epochs"], same.log.facts["epochs"], strict=True)
    assert all(
        abs(one["train_loss"] - other["train_loss"]) < 0.1 for one, other in pairs
    )  # the perceptron has dropout of its own


@pytest.mark.parametrize(("smaller", "cells"), [(False, 80), (True, 3)])
def test_where_it_may_not_or_cannot_the_error_names_the_batch_and_what_has_fitted(trainer, small_net, features, smaller, cells):
    net = small_net(encode=Trapped(harm="memory", cells=cells))
    with pytest.raises(
        StageError,
        match=r"out of memory at step \d+: a batch of \d+ rows x \d+; (the largest that has|none has).*set a smaller batch",
    ):
        trainer(model=net, smaller=smaller, epochs=8, patience=8).run(features.rows, features.vocabulary)


def test_another_error_of_a_part_is_not_taken_for_memory(trainer, small_net, features):
    class Broken(Trapped):
        def build(self, width):
            return nn.Linear(width + 1, width)

    with pytest.raises((RuntimeError, TypeError)):
        trainer(model=small_net(encode=Broken(harm="none"))).run(features.rows, features.vocabulary)


def test_a_layer_that_has_no_such_precision_is_told_with_the_way_out(trainer, small_net, features):
    with pytest.raises(StageError, match="a layer cannot compute in fp16 on this device; use bf16 or fp32"):
        trainer(precision="fp16", model=small_net(encode=Lstm(hidden=4))).run(features.rows, features.vocabulary)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_lower_precision_learns_the_same(trainer, small_net, features, precision):
    found = trainer(epochs=6, precision=precision, model=small_net(encode=Cnn(windows=(1,), channels=8))).run(
        features.rows, features.vocabulary
    )
    assert found.log.facts["epochs"][-1]["valid_accuracy"] == 1.0


def test_memory_that_runs_out_in_validation_alone_is_met_with_fewer_rows(trainer, small_net, features):
    net = small_net(encode=Trapped(harm="validation", cells=40))
    assert trainer(model=net, epochs=1).run(features.rows, features.vocabulary).log.facts["steps"] > 0


def test_a_metric_that_is_none_ends_training_with_the_way_out(trainer, small_net, features):
    with pytest.raises(
        StageError, match=r"after epoch 1: valid loss nan; look for NaN among the features or the truth of the validation rows"
    ):
        trainer(model=small_net(encode=Trapped(harm="valid nan"))).run(features.rows, features.vocabulary)
