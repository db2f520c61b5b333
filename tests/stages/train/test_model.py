"""A trained net to its artifact and back."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import Field
from torch import nn

from stages import Attend, Attention, Encode, Gru, Lstm, Mean, Perceptron
from stages.train.batches import TokenRows
from stages.train.fit import _data
from stages.train.loop import predict, train
from stages.train.model import load_net, model_of


class Scale(Encode):
    """A part of one's own: each token times a learned number."""

    times: float = Field(default=2.0, gt=0)

    def build(self, width):
        return Scaling(self.times), width


class Scaling(nn.Module):
    def __init__(self, times):
        super().__init__()
        self.times = nn.Parameter(torch.tensor(times))

    def forward(self, found, real):
        return found * self.times


class First(Attend):
    """A part of one's own: the first token."""

    def build(self, width):
        return Heading()


class Heading(nn.Module):
    def forward(self, found, real):
        return found[:, 0]


@pytest.fixture(scope="module")
def fitted(features, trainer, small_net, toy):
    """Train; give the model, and what the net says of every text before it is stored."""

    def of(**parts):
        config = trainer(epochs=2, model=small_net(**parts))
        table, cpu = features.rows.read(), torch.device("cpu")
        classes = sorted(set(table["label"].to_pylist()))
        halves = [table.filter([part == name for part in table["split"].to_pylist()]) for name in ("train", "valid")]
        data = [_data(half, classes, cpu) for half in halves]
        trained = train(config, features.vocabulary.facts["size"], len(classes), *data)
        model = model_of(trained, config.model, classes, features.vocabulary.read("tokenizer.json"), {})
        rows = TokenRows.of(table["tokens"], cpu)
        logits = predict(trained.net, rows, rows.lengths.numpy())
        return model, toy().read()["text"].to_pylist(), logits.softmax(1).numpy()

    return of


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"encode": Gru(hidden=4), "attend": Attention()},
        {"encode": Lstm(hidden=4, bidirectional=False), "attend": Mean(), "predict": Perceptron(hidden=5)},
        {"encode": Scale(times=3.0), "attend": First()},
    ],
    ids=str,
)
def test_a_loaded_net_gives_the_probabilities_of_the_trained_one(fitted, parts):
    model, texts, expected = fitted(**parts)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(load_net(model)(pa.table({"text": texts})), expected, atol=1e-6)


def test_the_config_names_parts_and_never_a_module(fitted):
    model, _, _ = fitted(encode=Scale(times=3.0), attend=First())
    text = model.read("config.json").decode()
    assert json.loads(text)["TextNet"]["encode"] == {"Scale": {"times": 3.0}}
    assert json.loads(text)["TextNet"]["attend"] == {"First": {}}
    assert "stages" not in text
    assert "tests" not in text
    assert "." not in text.replace("3.0", "").replace("0.1", "")


def test_a_part_that_nobody_has_declared_is_refused_by_name(fitted):
    model, _, _ = fitted()
    document = json.loads(model.read("config.json"))
    document["TextNet"]["encode"] = {"os.system": {}}
    forged = type(model)(facts=model.facts, files={**model.files, "config.json": json.dumps(document).encode()})
    with pytest.raises(ValueError, match=r"Encode has no part 'os\.system'"):
        load_net(forged)


def test_the_facts_count_the_parameters(fitted, features):
    model, _, _ = fitted()
    assert model.facts["parameters"] == features.vocabulary.facts["size"] * 8 + 8 * 3 + 3
    assert set(model.files) == {"config.json", "tokenizer.json", "weights.safetensors"}
