"""A net as an ONNX file that says the same without torch."""

import itertools
import json

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
import torch
from pydantic import Field
from torch import nn

from pipeline import Model, StageError
from stages import (
    Attention,
    Bag,
    Branch,
    CharCnn,
    Cnn,
    Encode,
    Gate,
    Gru,
    Hashed,
    HuggingFace,
    Last,
    Learned,
    Lstm,
    LstmWritten,
    Max,
    Mean,
    MixedNet,
    Perceptron,
    Projected,
    ReadLstm,
    Subwords,
    TextNet,
    Transformer,
    Values,
    predictor,
)
from stages.export.onnx import export, to_onnx
from stages.features.fitting import fit_all
from stages.parts.base import Input
from stages.train.model import files_of, inputs_of, model_of
from stages.train.objectives import OneOfClasses

TOKENS = {"tokens": Input("tokens", 12)}
FACTS = {"target": {"kind": "one_of"}, "classes": ["a", "b", "c"]}
ENCODERS = [
    Cnn(windows=(1, 2, 3, 4), channels=3),
    Gru(hidden=5, layers=2),
    Gru(hidden=5, bidirectional=False),
    Lstm(hidden=5),
    LstmWritten(hidden=5),
    Transformer(heads=2, layers=2, inner=9),
    Transformer(heads=3, layers=1, positions="learned", longest=4),
    Bag(),
]
ATTENTIONS = [
    Attention(), Mean(), Last(), Last(first=True), Max(), Attention(heads=3), Attention(heads=3, together="mean"), ReadLstm(hidden=4),
]  # fmt: skip


def built(encode, attend, inputs=TOKENS, outputs=3):
    torch.manual_seed(0)
    net = (
        TextNet(embed=Learned(width=6), encode=encode, attend=attend, predict=Perceptron(hidden=7))
        .build(inputs, outputs)
        .eval()
    )
    with torch.no_grad():
        net.branches["of_tokens"].embed.vectors.weight.mul_(10)
    return net


def session(data):
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(("encode", "attend"), list(zip(ENCODERS, ATTENTIONS, strict=True)), ids=str)
def test_an_exported_net_says_what_torch_says_whatever_the_rows_and_lengths(encode, attend):
    net = built(encode, attend)
    runs = session(export(net, TOKENS, FACTS))
    for rows, length in itertools.product((1, 2, 7), (1, 6, 33)):
        tokens = torch.randint(1, 12, (rows, length))
        tokens[-1, (length + 1) // 2 :] = 0
        scores, probabilities = runs.run(None, {"tokens": tokens.numpy()})
        with torch.no_grad():
            expected = net({"tokens": tokens})
        np.testing.assert_allclose(scores, expected, atol=1e-4)
        np.testing.assert_allclose(probabilities, expected.softmax(1), atol=1e-4)


BRANCHES = {
    "hashed": {"tokens": Branch(embed=Hashed(width=5, ngrams=3, buckets=50), encode=Bag(), attend=Mean())},
    "characters": {"letters": Branch(embed=CharCnn(width=5, channels=3), encode=Gru(hidden=3), attend=Max())},
    "numbers": {
        "values": Branch(embed=Values(width=6), encode=Transformer(heads=2, layers=1), attend=Mean()),
        "projected": Branch(embed=Projected(width=5), encode=Bag(), attend=Max()),
    },
}
INPUTS = {
    "tokens": Input("tokens", 12),
    "letters": Input("characters", 9),
    "values": Input("numbers", 3),
    "projected": Input("numbers", 2),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_every_embedding_goes_out(name):
    torch.manual_seed(0)
    inputs = {column: INPUTS[column] for column in sorted(BRANCHES[name])}
    net = MixedNet(branches=BRANCHES[name]).build(inputs, 2).eval()
    assert {one.name for one in session(export(net, inputs, FACTS)).get_inputs()} == set(inputs)


def test_an_encoder_goes_out_as_long_as_it_reads(encoder_folder):
    folder = str(encoder_folder())
    fitted = fit_all({"tokens": Subwords(path=folder, max_tokens=12)}, pa.table({"text": ["crimson and azure", "lime"]}))
    config = TextNet(embed=HuggingFace(path=folder, width=16), encode=Bag(), attend=Mean())
    files = files_of(config, fitted)
    net = config.build(inputs_of(config, fitted, files), 3)
    model = model_of(net, config, OneOfClasses(("a", "b", "c"), "label", 0.0), files, {})
    runs = session(to_onnx(model))
    tokens = fitted["tokens"][1].apply(pa.table({"text": ["crimson and azure and lime"]})).to_pylist()
    found = runs.run(["probabilities"], {"tokens": np.array(tokens)})[0]
    np.testing.assert_allclose(found, predictor(model)(pa.table({"text": ["crimson and azure and lime"]})), atol=1e-4)


def test_several_columns_are_inputs_by_their_names():
    inputs = {"tags": Input("tokens", 5), "tokens": Input("tokens", 12)}
    branches = {
        "tokens": Branch(embed=Learned(width=6), encode=Gru(hidden=3), attend=Max()),
        "tags": Branch(embed=Learned(width=4), encode=Bag(), attend=Mean()),
    }
    net = MixedNet(branches=branches, merge=Gate()).build(inputs, 2).eval()
    runs = session(export(net, inputs, {"target": {"kind": "several_of"}, "classes": ["a", "b"]}))
    given = {"tokens": torch.randint(1, 12, (4, 9)), "tags": torch.randint(1, 5, (4, 3))}
    assert {one.name: one.shape[0] for one in runs.get_inputs()} == {"tags": "rows", "tokens": "rows"}
    scores, probabilities = runs.run(None, {name: one.numpy() for name, one in given.items()})
    with torch.no_grad():
        expected = net(given)
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    np.testing.assert_allclose(probabilities, expected.sigmoid(), atol=1e-4)


@pytest.mark.parametrize(
    ("target", "outputs", "answer", "width"),
    [({"kind": "ordered"}, 3, "probabilities", 4), ({"kind": "number", "mean": 30.0, "deviation": 2.0}, 1, "number", 1)],
)
def test_the_answer_is_that_of_the_target(target, outputs, answer, width):
    net = built(Bag(), Mean(), outputs=outputs)
    data = export(net, TOKENS, {"target": target, "classes": []})
    found = session(data).run([answer], {"tokens": np.array([[1, 2, 3]])})[0]
    assert found.shape == (1, width)
    assert found.sum() == pytest.approx(1, abs=1e-5) if answer == "probabilities" else 20 < found[0, 0] < 40


class Halved(Encode):
    """A part of one's own whose result hangs on the length, in a way that a trace cannot see."""

    def width_out(self, width):
        return width

    def build(self, width):
        return Halving()


class Halving(nn.Module):
    def forward(self, found, real):
        return found / int(np.asarray(found.shape[1]))


class Drifting(Encode):
    """A part of one's own that is another net when it is exported."""

    by: float = Field(default=1e-2)

    def width_out(self, width):
        return width

    def build(self, width):
        return Drifts(self.by)


class Drifts(nn.Module):
    def __init__(self, by):
        super().__init__()
        self.by = by

    def forward(self, found, real):
        return found * (1 + self.by) if torch.compiler.is_exporting() else found


def test_a_net_that_differs_when_exported_is_refused():
    with pytest.raises(StageError, match=r"the exported net differs from torch by .* on 1 rows of 1 positions .* not written"):
        export(built(Drifting(), Mean()), TOKENS, FACTS)
    assert export(built(Drifting(by=1e-8), Mean()), TOKENS, FACTS)


def test_a_net_whose_length_the_export_would_fix_is_refused():
    with pytest.raises(StageError, match=r"exporter does not take this net|cannot run the net on|differs from torch"):
        export(built(Halved(), Mean()), TOKENS, FACTS)


def test_a_file_is_the_same_twice_and_tells_nothing_of_the_machine():
    net = built(Bag(), Max())
    data = export(net, TOKENS, FACTS)
    assert data == export(net, TOKENS, FACTS)
    assert b".py" not in data
    onnx.checker.check_model(onnx.load_from_string(data))
    told = {one.key: json.loads(one.value) for one in onnx.load_from_string(data).metadata_props}
    assert told == FACTS


def test_a_model_that_is_no_net_is_refused():
    with pytest.raises(StageError, match="model family 'majority' is no net"):
        to_onnx(Model(facts={"family": "majority"}))
