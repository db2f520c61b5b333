"""The Transformer: it attends as torch's own, knows order, and has no longest row."""

import pytest
import torch
from torch import nn

from stages import Transformer
from stages.nets.transformer import Layer, sinusoidal


@torch.no_grad()
def test_a_layer_is_torchs_own_pre_norm_layer():
    torch.manual_seed(0)
    ours, theirs = Layer(6, 3, 8, 0.0), nn.TransformerEncoderLayer(6, 3, 8, 0.0, "gelu", batch_first=True, norm_first=True)
    theirs.self_attn.in_proj_weight.copy_(torch.cat([side.weight for side in (ours.asked, ours.key, ours.value)]))
    theirs.self_attn.in_proj_bias.copy_(torch.cat([side.bias for side in (ours.asked, ours.key, ours.value)]))
    pairs = [
        (theirs.self_attn.out_proj, ours.together), (theirs.linear1, ours.feed[0]), (theirs.linear2, ours.feed[3]),
        (theirs.norm1, ours.before), (theirs.norm2, ours.between),
    ]  # fmt: skip
    for their, our in pairs:
        their.load_state_dict(our.state_dict())
    found, real = torch.randn(3, 5, 6), torch.arange(5) < torch.tensor([5, 2, 1]).unsqueeze(1)
    expected = theirs.train()(found, src_key_padding_mask=~real)  # trained: its fast path fills the padding with zeros
    torch.testing.assert_close(ours(found, real)[real], expected[real], atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_the_order_of_positions_matters(positions):
    torch.manual_seed(0)
    module = Transformer(heads=2, dropout=0, positions=positions).build(6)
    if positions == "learned":
        module.positions.weight.mul_(50)
    found, real = torch.randn(1, 4, 6), torch.ones(1, 4, dtype=torch.bool)
    swapped = module(found[:, [1, 0, 2, 3]], real)[:, [1, 0, 2, 3]]
    assert (swapped - module(found, real)).abs().max() > 1e-2


def test_sinusoidal_positions_are_vaswanis():
    found = sinusoidal(torch.arange(50), 8)
    for at, channel in [(0, 0), (0, 1), (7, 2), (49, 5)]:
        angle = torch.tensor(at / 10_000 ** ((channel // 2 * 2) / 8))
        assert found[at, channel] == pytest.approx(float(angle.sin() if channel % 2 == 0 else angle.cos()), abs=1e-5)
    assert sinusoidal(torch.arange(3), 7).shape == (3, 7)


@torch.no_grad()
def test_beyond_the_longest_learned_position_all_share_the_last():
    module = Transformer(heads=2, layers=1, dropout=0, positions="learned", longest=3).build(4)
    same, real = torch.randn(1, 1, 4).expand(1, 6, 4), torch.ones(1, 6, dtype=torch.bool)
    found = module(same, real)[0]
    torch.testing.assert_close(found[2:], found[2].expand(4, 4))
    assert not found[1].allclose(found[2])


@torch.no_grad()
def test_the_scale_of_an_embedding_does_not_drown_the_positions():
    torch.manual_seed(0)
    module, found = Transformer(heads=2, dropout=0).build(6), torch.randn(2, 4, 6)
    real = torch.ones(2, 4, dtype=torch.bool)
    torch.testing.assert_close(module(found * 1000, real), module(found, real), atol=1e-3, rtol=0)


def test_dropout_is_for_training_alone():
    module, found = Transformer(heads=2, dropout=0.5).build(6), torch.randn(2, 4, 6)
    real = torch.ones(2, 4, dtype=torch.bool)
    assert not module(found, real).equal(module(found, real))
    module.eval()
    assert module(found, real).equal(module(found, real))
