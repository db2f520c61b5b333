"""A trained net to its artifact and back."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import Field
from torch import nn

from pipeline import StageError
from stages import Attend, Attention, Encode, Gru, Lstm, Mean, Perceptron, Transformer
from stages.predict import predictor
from stages.train.columns import column_of
from stages.train.feed import Feed
from stages.train.loop import predict
from stages.train.model import rebuild


class Scale(Encode):
    """A part of one's own: each token times a learned number."""

    times: float = Field(default=2.0, gt=0)

    def width_out(self, width):
        return width

    def build(self, width):
        return Scaling(self.times)


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
def fitted(features, trainer, small_net):
    """A model of these parts."""
    return lambda **parts: trainer(epochs=2, model=small_net(**parts)).run(features.rows, features.vocabulary).model


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"encode": Gru(hidden=4), "attend": Attention()},
        {"encode": Lstm(hidden=4, bidirectional=False), "attend": Mean(), "predict": Perceptron(hidden=5)},
        {"encode": Transformer(heads=2, layers=1)},
        {"encode": Scale(times=3.0), "attend": First()},
    ],
    ids=str,
)
def test_a_stored_net_says_of_a_text_what_it_says_of_its_token_numbers(fitted, features, toy, parts):
    model = fitted(**parts)
    net, _, _ = rebuild(model)
    tokens = column_of("tokens", features.rows.read()["tokens"])
    feed = Feed.of({"tokens": tokens}, torch.zeros(len(tokens.lengths)), torch.device("cpu"))
    expected = predict(net, feed, feed.all()).softmax(1).numpy()
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(predictor(model)(toy().read()), expected, atol=1e-6)


def test_a_row_is_answered_alike_alone_and_among_others(fitted, toy):
    says, rows = predictor(fitted(encode=Gru(hidden=4))), toy().read()
    np.testing.assert_allclose(says(rows.slice(3, 1)), says(rows)[3:4], atol=1e-6)


@pytest.mark.parametrize("text", ["", " ", "word " * 100_000, "\U0001f600", "never seen"])
def test_any_text_is_answered(fitted, text):
    probabilities = predictor(fitted())(pa.table({"text": [text]}))
    assert probabilities.shape == (1, 3)
    assert abs(probabilities.sum() - 1) < 1e-9


def test_no_row_is_no_answer(fitted):
    assert predictor(fitted())(pa.table({"text": pa.array([], pa.string())})).shape == (0, 3)


def test_the_config_names_parts_and_never_a_module(fitted):
    text = fitted(encode=Scale(times=3.0), attend=First()).read("config.json").decode()
    assert json.loads(text)["TextNet"]["encode"] == {"Scale": {"times": 3.0}}
    assert json.loads(text)["TextNet"]["attend"] == {"First": {}}
    assert "stages" not in text
    assert "tests" not in text


def forged(model, **files):
    return type(model)(
        facts=model.facts, files={**model.files, **{name.replace("_", "."): data for name, data in files.items()}}
    )


def test_a_part_that_nobody_has_declared_is_refused_by_name(fitted):
    model = fitted()
    document = json.loads(model.read("config.json"))
    document["TextNet"]["encode"] = {"os.system": {}}
    with pytest.raises(StageError, match=r"Encode has no part 'os\.system'"):
        predictor(forged(model, config_json=json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("weights_safetensors", (2**30).to_bytes(8, "little") + b"{}"),  # a header of a gigabyte
        ("weights_safetensors", b"no tensors"),
        ("weights_safetensors", b""),
        ("config_json", b"{"),
        ("config_json", b'{"TextNet": {"column": "words"}}'),
        ("features_json", b'{"tokens": {"feature": {"Words": {}}}}'),
        ("features_json", b"[]"),
    ],
)
def test_files_that_do_not_fit_are_refused_in_words(fitted, file, data):
    with pytest.raises(StageError, match=r"the model's files cannot be read as a net: .*; make the model again"):
        predictor(forged(fitted(), **{file: data}))


def test_the_facts_count_parameters_and_bytes(fitted, features):
    model = fitted()
    assert model.facts["parameters"] == features.vocabulary.facts["inputs"]["tokens"]["size"] * 8 + 8 * 3 + 3
    assert model.facts["bytes"] == len(model.read("weights.safetensors"))
    assert set(model.files) == {"config.json", "features.json", "tokens.tokenizer.json", "weights.safetensors"}
