"""The modules: shapes, masks, gradients."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from stages import Attention, Branch, Cnn, Concat, Gate, Gru, Last, Learned, Max, Mean, MixedNet, Perceptron, ReadLstm, Sum
from stages.parts.base import Input

ROWS = [[3], [5, 1], [2, 3, 4, 5, 6, 7, 8], [9, 9, 9, 9], [11, 10, 2]]
CLASSES = 4
some_rows = st.lists(st.lists(st.integers(1, 11), min_size=1, max_size=9), min_size=1, max_size=5)


def test_a_row_gets_one_logit_a_class(net, padded):
    assert net(padded(ROWS)).shape == (len(ROWS), CLASSES)
    assert net(padded(ROWS[:1])).shape == (1, CLASSES)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=some_rows, extra=st.integers(0, 9))
@torch.no_grad()
def test_neither_padding_nor_the_other_rows_ever_change_the_logits_of_a_row(net, padded, rows, extra):
    alone = torch.cat([net(padded([row])) for row in rows])
    torch.testing.assert_close(net(padded(rows, extra)), alone, atol=2e-5, rtol=0)


@torch.no_grad()
def test_rows_that_differ_get_logits_that_differ(net, padded):
    assert (net(padded(ROWS)).std(0) > 2e-4).all()  # ten times what padding may change


def test_the_gradient_reaches_every_parameter(net, padded):
    F.cross_entropy(net(padded(ROWS)), torch.tensor([0, 1, 2, 3, 0])).backward()
    still = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.abs().sum() > 0]
    ends = type(net.branches["of_tokens"].attend).__name__ == "LastPool" and not net.branches["of_tokens"].attend.first
    unread = [name for name in still if ends and ".backwards." in name and name.endswith("weight_hh_l0")]
    assert still == unread[-1:]  # the last position alone says nothing of what the last layer read backwards to it


def test_the_padding_vector_is_zero_and_stays_so(net, padded):
    F.cross_entropy(net(padded(ROWS)), torch.tensor([0, 1, 2, 3, 0])).backward()
    vectors = net.branches["of_tokens"].embed.vectors
    assert vectors.weight[0].eq(0).all()
    assert vectors.weight.grad[0].eq(0).all()


def test_one_batch_can_be_learned_by_heart(encode, padded):
    torch.manual_seed(0)
    branch = Branch(embed=Learned(width=6, dropout=0), encode=encode, attend=Mean())
    net = MixedNet(branches={"tokens": branch}, predict=Perceptron(dropout=0)).build({"tokens": Input("tokens", 12)}, CLASSES)
    labels = torch.tensor([0, 1, 2, 3, 0])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(80):
        loss = F.cross_entropy(net(padded(ROWS)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    assert net(padded(ROWS)).argmax(1).equal(labels)


def test_an_encoder_gives_the_width_it_says_and_keeps_the_length(encode):
    real = torch.ones(2, 3, dtype=torch.bool)
    assert encode.build(6)(torch.randn(2, 3, 6), real).shape == (2, 3, encode.width_out(6))


@torch.no_grad()
def test_what_stands_in_the_padding_is_never_looked_at(encode, attend):
    torch.manual_seed(0)
    encoder, pool = encode.build(6), attend.build(encode.width_out(6))
    found, real = torch.randn(4, 7, 6), torch.arange(7) < torch.tensor([7, 1, 4, 3]).unsqueeze(1)
    other = torch.where(real.unsqueeze(2), found, 100 * torch.randn(4, 7, 6))
    inside = encoder(found, real)
    torch.testing.assert_close(encoder(other, real)[real], inside[real], atol=1e-5, rtol=0)
    outside = torch.where(real.unsqueeze(2), inside, 100 * torch.randn(inside.shape))
    torch.testing.assert_close(pool(outside, real), pool(inside, real), atol=1e-5, rtol=0)


@torch.no_grad()
def test_max_mean_last_and_attention_are_what_they_say():
    found = torch.tensor([[[1.0, -5.0], [3.0, -1.0], [99.0, 99.0]]])
    real = torch.tensor([[True, True, False]])
    assert Max().build(2)(found, real).tolist() == [[3.0, -1.0]]
    assert Mean().build(2)(found, real).tolist() == [[2.0, -3.0]]
    assert Last().build(2)(found, real).tolist() == [[3.0, -1.0]]
    assert Last(first=True).build(2)(found, real).tolist() == [[3.0, -1.0, 1.0, -5.0]]
    attention = Attention(heads=2).build(2)
    attention.score.weight.zero_()  # all positions alike: the mean
    assert attention(found, real).tolist() == [[2.0, -3.0, 2.0, -3.0]]


@torch.no_grad()
def test_the_heads_of_an_attention_weigh_on_their_own_and_are_averaged_where_asked():
    torch.manual_seed(0)
    found, real = torch.randn(3, 5, 4), torch.ones(3, 5, dtype=torch.bool)
    apart, mean = Attention(heads=3).build(4), Attention(heads=3, together="mean").build(4)
    mean.load_state_dict(apart.state_dict())
    heads = apart(found, real).view(3, 3, 4)
    torch.testing.assert_close(mean(found, real), heads.mean(1))
    assert (heads[:, 0] - heads[:, 1]).abs().max() > 1e-3


@torch.no_grad()
def test_an_lstm_that_reads_to_the_end_sees_the_order_and_nothing_after_the_end():
    torch.manual_seed(0)
    module, found = ReadLstm(hidden=4).build(3), torch.randn(1, 5, 3)
    real = torch.tensor([[True, True, True, False, False]])
    _, (state, _) = module.read(found[:, :3])
    torch.testing.assert_close(module(found, real), state[0])
    assert (module(found[:, [1, 0, 2, 3, 4]], real) - state[0]).abs().max() > 1e-3


@torch.no_grad()
def test_the_first_position_beside_the_last_holds_what_both_halves_of_a_bidirectional_encoder_end_with():
    torch.manual_seed(0)
    module, found = Gru(hidden=5).build(3), torch.randn(2, 4, 3)
    real = torch.tensor([[True] * 4, [True, True, False, False]])
    ends = Last(first=True).build(10)(module(found, real), real)
    for row, length in enumerate((4, 2)):
        torch.testing.assert_close(ends[row, :5], module.forwards[0](found[row : row + 1, :length])[1][0, 0])
        turned = found[row : row + 1, :length].flip(1)
        torch.testing.assert_close(ends[row, 15:], module.backwards[0](turned)[1][0, 0])


@torch.no_grad()
def test_a_convolution_sees_its_neighbours_on_both_sides_and_no_farther():
    module = Cnn(windows=(3,), channels=8).build(4)
    real = torch.ones(1, 7, dtype=torch.bool)
    found = torch.randn(1, 7, 4)
    other = found.clone()
    other[0, 3] += 10
    changed = (module(found, real) != module(other, real)).any(2)[0]
    assert changed.tolist() == [False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        (Perceptron(), ["Dropout", "Linear"]),
        (Perceptron(hidden=4), ["Dropout", "Linear", "ReLU", "Dropout", "Linear"]),
        (Perceptron(hidden=(4, 5), activation="gelu"), ["Dropout", "Linear", "GELU"] * 2 + ["Dropout", "Linear"]),
        (Perceptron(hidden=4, activation="tanh"), ["Dropout", "Linear", "Tanh", "Dropout", "Linear"]),
        (Perceptron(hidden=4, activation="silu"), ["Dropout", "Linear", "SiLU", "Dropout", "Linear"]),
    ],
)
def test_a_perceptron_has_the_layers_that_it_is_asked_for(config, kinds):
    layers = config.build(3, 2)
    assert [type(layer).__name__ for layer in layers] == kinds
    assert layers(torch.randn(5, 3)).shape == (5, 2)


@torch.no_grad()
def test_merges_are_what_they_say():
    one, other = torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 20.0]])
    assert Concat().build([2, 2])([one, other]).tolist() == [[1.0, 2.0, 10.0, 20.0]]
    assert Sum().build([2, 2])([one, other]).tolist() == [[11.0, 22.0]]
    torch.manual_seed(0)
    gate = Gate(width=3).build([2, 2])
    gate.gate.weight.zero_()
    gate.gate.bias.copy_(torch.tensor([50.0, -50.0]))  # the first branch alone
    torch.testing.assert_close(gate([one, other]), torch.tanh(gate.projections[0](one)))
    gate.gate.bias.copy_(torch.tensor([0.0, 3.0]).log1p())  # the second four times the first
    sides = [torch.tanh(project(side)) for project, side in zip(gate.projections, (one, other), strict=True)]
    torch.testing.assert_close(gate([one, other]), 0.2 * sides[0] + 0.8 * sides[1])


@pytest.mark.parametrize("merge", [Concat(), Sum(), Gate(width=5)], ids=str)
def test_a_net_of_several_branches_reads_each_column_by_its_name(merge, padded):
    torch.manual_seed(0)
    branch = Branch(embed=Learned(width=6, dropout=0), encode=Gru(hidden=4))
    config = MixedNet(
        branches={"type": branch, "items": branch}, merge=merge, predict=Perceptron(dropout=0)
    )  # names of torch's own
    net = config.build({"items": Input("tokens", 12), "type": Input("tokens", 12)}, CLASSES)
    batch = {"type": padded(ROWS)["tokens"], "items": padded(ROWS[::-1])["tokens"]}
    scores = net(batch)
    assert scores.shape == (len(ROWS), CLASSES)
    assert net(dict(reversed(batch.items()))).equal(scores)
    assert not net({"type": batch["items"], "items": batch["type"]}).equal(scores)
    scores.sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in net.parameters())
