"""Small nets of every encoder under every attention, and batches of any rows."""

import itertools

import pytest
import torch

from stages import (
    Attention,
    Bag,
    Cnn,
    Gru,
    Last,
    Learned,
    Lstm,
    LstmWritten,
    Max,
    Mean,
    Perceptron,
    ReadLstm,
    TextNet,
    Transformer,
)
from stages.parts.base import Input

VOCABULARY, CLASSES = 12, 4
ENCODERS = [
    Bag(),
    Cnn(windows=(1, 2, 3, 4), channels=3),
    Gru(hidden=5),
    Gru(hidden=5, bidirectional=False),
    Lstm(hidden=5),
    Lstm(hidden=5, bidirectional=False),
    Lstm(hidden=5, layers=3),
    LstmWritten(hidden=5),
    Transformer(heads=2, layers=2, inner=9, dropout=0),
    Transformer(heads=3, layers=1, dropout=0, positions="learned", longest=4),
]
ATTENTIONS = [
    Max(), Mean(), Last(), Last(first=True), Attention(), Attention(heads=3), Attention(heads=3, together="mean"), ReadLstm(hidden=4),
]  # fmt: skip


@pytest.fixture(params=ENCODERS, ids=str)
def encode(request):
    """Every encoder."""
    return request.param


@pytest.fixture(params=ATTENTIONS, ids=str)
def attend(request):
    """Every attention."""
    return request.param


@pytest.fixture(params=list(itertools.product(ENCODERS, ATTENTIONS)), ids=str)
def net(request):
    """Every encoder under every attention, weights large enough to show a leak."""
    encode, attend = request.param
    torch.manual_seed(0)
    config = TextNet(embed=Learned(width=6, dropout=0), encode=encode, attend=attend, predict=Perceptron(hidden=7, dropout=0))
    net = config.build({"tokens": Input("tokens", VOCABULARY)}, CLASSES)
    with torch.no_grad():
        net.branches["of_tokens"].embed.vectors.weight.mul_(10)
    return net


@pytest.fixture(scope="session")
def padded():
    """Rows of numbers as a batch, padded on the right, longer than the longest row by `extra`."""

    def batch(rows, extra=0):
        longest = max(map(len, rows)) + extra
        return {"tokens": torch.tensor([list(row) + [0] * (longest - len(row)) for row in rows])}

    return batch
