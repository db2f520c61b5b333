"""First weights by name: what each scheme promises, gate by gate, and what it leaves alone."""

import pytest
import torch
from torch import nn

from stages import (
    Attention,
    Branch,
    Cnn,
    Embed,
    Gate,
    Gru,
    Learned,
    Lstm,
    LstmWritten,
    MixedNet,
    Perceptron,
    TextNet,
    Transformer,
)
from stages.nets.initialise import SCHEMES
from stages.parts.base import Input


class Begun(Learned):
    """An embedding that starts from a file."""

    def begin(self, module, given):
        """As it would be read from there."""


def built(seed=0, **parts):
    torch.manual_seed(seed)
    return TextNet(**{"embed": Learned(width=60), "encode": Lstm(hidden=50), **parts}).build(
        {"tokens": Input("tokens", 400)}, 3
    )


def gates(cell):
    return [gate for name in ("weight_ih_l0", "weight_hh_l0") for gate in getattr(cell, name).split(cell.weight_hh_l0.shape[1])]


@pytest.mark.parametrize("encode", [Gru(hidden=50), Lstm(hidden=50), LstmWritten(hidden=50)], ids=str)
def test_orthogonal_holds_for_each_gate(encode):
    branch = built(encode=encode, initialise="orthogonal").branches["of_tokens"]
    for cell in (*branch.encode.forwards, *branch.encode.backwards):
        found = gates(cell)
        assert len(found) == (6 if isinstance(encode, Gru) else 8)
        for gate in found:
            torch.testing.assert_close(gate @ gate.T, torch.eye(50), atol=1e-5, rtol=0)


def variance(scheme, rows, columns):
    """What the scheme promises of a matrix [rows, columns]."""
    return {"xavier": 2 / (rows + columns), "kaiming": 2 / columns, "normal": 0.05**2, "zeros": 0.0}[scheme.partition("_")[0]]


@torch.no_grad()
@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "orthogonal"])
def test_the_variance_of_every_matrix_is_that_of_the_scheme(scheme):
    net = built(initialise=scheme, attend=Attention(), predict=Perceptron(hidden=80))
    branch = net.branches["of_tokens"]
    cells = (*branch.encode.forwards, *branch.encode.backwards)
    matrices = [branch.embed.vectors.weight[1:], branch.attend.hidden.weight, net.predict[1].weight]
    for matrix in [*matrices, *(gate for cell in cells for gate in gates(cell))]:
        rows, columns = matrix.shape
        rows += matrix is matrices[0]  # the padding's vector
        assert float(matrix.var()) == pytest.approx(variance(scheme, rows, columns), rel=0.12)
        assert float(matrix.mean().abs()) < 0.02
        if scheme.endswith("uniform"):
            assert float(matrix.abs().max()) <= (3 * variance(scheme, rows, columns)) ** 0.5 + 1e-6


@pytest.mark.parametrize("scheme", SCHEMES)
def test_biases_and_the_padding_are_zero_and_scales_one(scheme):
    net = built(initialise=scheme, encode=Transformer(layers=1))
    assert all(weight.eq(0).all() for name, weight in net.named_parameters() if "bias" in name)
    assert net.branches["of_tokens"].embed.vectors.weight[0].eq(0).all()
    assert all(module.weight.eq(1).all() for module in net.modules() if isinstance(module, nn.LayerNorm))


def test_every_part_is_reached_and_nothing_else_than_first_weights_changes():
    branches = {"a": Branch(encode=Cnn()), "b": Branch(encode=Transformer(positions="learned"), attend=Attention())}
    given = {name: Input("tokens", 50) for name in branches}
    zeros = MixedNet(branches=branches, merge=Gate(), initialise="zeros").build(given, 3)
    assert {name for name, weight in zeros.named_parameters() if weight.any()} == {
        name for name, weight in zeros.named_parameters() if weight.dim() == 1 and "bias" not in name
    }
    net = built(initialise="xavier_normal")
    assert net.state_dict().keys() == built().state_dict().keys()
    assert all(weight.requires_grad for weight in net.parameters())


def test_the_default_leaves_each_part_as_it_builds_itself():
    branch = built().branches["of_tokens"]
    assert float(branch.embed.vectors.weight.detach().std()) == pytest.approx(0.1, rel=0.05)
    assert branch.encode.forwards[0].bias_ih_l0.all()


def test_an_embedding_that_starts_from_files_is_left_as_it_is():
    assert Begun.begin is not Embed.begin
    own = built(embed=Begun(width=60)).branches["of_tokens"].embed.vectors.weight
    net = built(embed=Begun(width=60), initialise="zeros")
    assert net.branches["of_tokens"].embed.vectors.weight.equal(own)
    assert not net.branches["of_tokens"].encode.forwards[0].weight_ih_l0.any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_seed_gives_the_same_weights(scheme):
    one, same, other = (built(seed, initialise=scheme).state_dict() for seed in (1, 1, 2))
    assert all(one[name].equal(same[name]) for name in one)
    assert scheme == "zeros" or any(not one[name].equal(other[name]) for name in one)
