"""The modules: shapes, masks, gradients, directions."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from stages import Attention, Bag, Cnn, Embed, Gru, Lstm, Max, Mean, Perceptron, TextNet
from stages.train.nets import Recurrent

ENCODERS = [
    Bag(),
    Cnn(windows=(1, 2, 3, 4), channels=3),
    Gru(hidden=5),
    Gru(hidden=5, bidirectional=False),
    Lstm(hidden=5),
    Lstm(hidden=5, bidirectional=False),
]
VOCABULARY, CLASSES = 12, 4
ROWS = [[3], [5, 1], [2, 3, 4, 5, 6, 7, 8], [9, 9, 9, 9], [11, 10, 2]]


@pytest.fixture(params=list(itertools.product(ENCODERS, [Max(), Mean(), Attention()])), ids=str)
def net(request):
    """Every encoder under every attention, weights large enough to show a leak."""
    encode, attend = request.param
    torch.manual_seed(0)
    config = TextNet(embed=Embed(width=6, dropout=0), encode=encode, attend=attend, predict=Perceptron(hidden=7, dropout=0))
    net = config.build(VOCABULARY, CLASSES)
    with torch.no_grad():
        net.embed.vectors.weight.mul_(10)
    return net


def padded(rows, extra=0):
    longest = max(map(len, rows)) + extra
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def test_a_row_gets_one_logit_a_class(net):
    assert net(padded(ROWS)).shape == (len(ROWS), CLASSES)
    assert net(padded(ROWS[:1])).shape == (1, CLASSES)


@torch.no_grad()
def test_padding_never_changes_the_logits_of_a_row(net):
    alone = torch.cat([net(padded([row])) for row in ROWS])
    assert alone.std() > 1e-2
    for extra in (0, 9):
        torch.testing.assert_close(net(padded(ROWS, extra)), alone, atol=1e-5, rtol=0)


def test_the_gradient_reaches_every_parameter(net):
    F.cross_entropy(net(padded(ROWS)), torch.tensor([0, 1, 2, 3, 0])).backward()
    still = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.abs().sum() > 0]
    assert still == []


def test_the_padding_vector_is_zero_and_stays_so(net):
    F.cross_entropy(net(padded(ROWS)), torch.tensor([0, 1, 2, 3, 0])).backward()
    assert net.embed.vectors.weight[0].eq(0).all()
    assert net.embed.vectors.weight.grad[0].eq(0).all()


def test_one_batch_can_be_learned_by_heart(net):
    tokens, labels = padded(ROWS), torch.tensor([0, 1, 2, 3, 0])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(60):
        loss = F.cross_entropy(net(tokens), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    assert net(tokens).argmax(1).equal(labels)


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
@torch.no_grad()
def test_a_bidirectional_layer_is_torchs_own_on_each_row_without_padding(kind):
    torch.manual_seed(1)
    ours = Recurrent(kind, 6, 5, bidirectional=True)
    theirs = getattr(nn, kind)(6, 5, batch_first=True, bidirectional=True)
    for name, weight in theirs.named_parameters():
        side = ours.backwards if name.endswith("_reverse") else ours.forwards
        weight.copy_(getattr(side, name.removesuffix("_reverse")))
    found, lengths = torch.randn(3, 7, 6), [2, 7, 5]
    real = torch.arange(7) < torch.tensor(lengths).unsqueeze(1)
    outputs = ours(found, real)
    for row, length in enumerate(lengths):
        expected, _ = theirs(found[row : row + 1, :length])
        torch.testing.assert_close(outputs[row, :length], expected[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("encode", ENCODERS, ids=str)
def test_an_encoder_gives_the_width_it_says_and_keeps_the_length(encode):
    module, width = encode.build(6)
    real = torch.ones(2, 3, dtype=torch.bool)
    assert module(torch.randn(2, 3, 6), real).shape == (2, 3, width)


@torch.no_grad()
def test_max_mean_and_attention_are_what_they_say():
    found = torch.tensor([[[1.0, -5.0], [3.0, -1.0], [99.0, 99.0]]])
    real = torch.tensor([[True, True, False]])
    assert Max().build(2)(found, real).tolist() == [[3.0, -1.0]]
    assert Mean().build(2)(found, real).tolist() == [[2.0, -3.0]]
    attention = Attention().build(2)
    attention.score.weight.zero_()  # all tokens alike: the mean
    assert attention(found, real).tolist() == [[2.0, -3.0]]


@torch.no_grad()
def test_a_convolution_sees_its_neighbours_on_both_sides_and_no_farther():
    module, _ = Cnn(windows=(3,), channels=8).build(4)
    real = torch.ones(1, 7, dtype=torch.bool)
    found = torch.randn(1, 7, 4)
    other = found.clone()
    other[0, 3] += 10
    changed = (module(found, real) != module(other, real)).any(2)[0]
    assert changed.tolist() == [False, False, True, True, True, False, False]


def test_a_predictor_has_a_hidden_layer_only_when_asked():
    kinds = [type(layer).__name__ for layer in Perceptron().build(3, 2)]
    assert kinds == ["Dropout", "Linear"]
    assert [type(layer).__name__ for layer in Perceptron(hidden=4).build(3, 2)] == [*kinds, "ReLU", *kinds]
