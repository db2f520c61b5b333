"""Recurrent layers are torch's, on each row without its padding; the LSTM written out is torch's too."""

import pytest
import torch
from torch import nn

from stages import Lstm, LstmWritten
from stages.nets.lstm import WrittenLstm
from stages.nets.recurrent import Recurrent


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", ["GRU", "LSTM", "written"])
@torch.no_grad()
def test_bidirectional_layers_are_torchs_own_on_each_row_without_padding(cell, layers):
    torch.manual_seed(1)
    ours = Recurrent(cell, 6, 5, bidirectional=True, layers=layers, dropout=0)
    theirs = getattr(nn, cell.replace("written", "LSTM"))(6, 5, layers, batch_first=True, bidirectional=True)
    for name, weight in theirs.named_parameters():
        kind, _, layer = name.removesuffix("_reverse").rpartition("_l")
        side = ours.backwards if name.endswith("_reverse") else ours.forwards
        weight.copy_(getattr(side[int(layer)], f"{kind}_l0"))
    found, lengths = torch.randn(3, 7, 6), [2, 7, 5]
    real = torch.arange(7) < torch.tensor(lengths).unsqueeze(1)
    outputs = ours(found, real)
    for row, length in enumerate(lengths):
        expected, _ = theirs(found[row : row + 1, :length])
        torch.testing.assert_close(outputs[row, :length], expected[0], atol=1e-6, rtol=0)


def test_the_lstm_written_out_is_torchs_given_the_same_weights():
    torch.manual_seed(0)
    ours, theirs = WrittenLstm(6, 5), nn.LSTM(6, 5, batch_first=True)
    assert {name: weight.shape for name, weight in ours.named_parameters()} == {
        name: weight.shape for name, weight in theirs.named_parameters()
    }
    ours.load_state_dict(theirs.state_dict())
    found = torch.randn(4, 11, 6)
    (outputs, (h, c)), (expected, (their_h, their_c)) = ours(found), theirs(found)
    for mine, other in ((outputs, expected), (h, their_h), (c, their_c)):
        torch.testing.assert_close(mine, other, atol=1e-5, rtol=0)
    outputs.square().sum().backward()
    expected.square().sum().backward()
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, getattr(theirs, name).grad, atol=1e-4, rtol=1e-4)


def test_both_lstms_have_the_same_parameters_so_that_a_net_can_change_from_one_to_the_other():
    torch.manual_seed(0)
    one = Lstm(hidden=5, layers=2).build(6)
    torch.manual_seed(0)
    other = LstmWritten(hidden=5, layers=2).build(6)
    assert all(a.equal(b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))
    other.load_state_dict(one.state_dict())
    found, real = torch.randn(2, 3, 6), torch.ones(2, 3, dtype=torch.bool)
    torch.testing.assert_close(one(found, real), other(found, real), atol=1e-5, rtol=0)


def test_a_cell_of_ones_own_layers_keeps_the_kind_that_it_builds_on():
    class Mine(Lstm):
        """A default of one's own."""

        hidden: int = 3

    assert isinstance(Mine().build(4).forwards[0], nn.LSTM)


def test_rows_come_first():
    with pytest.raises(ValueError, match="batch_first is False, expected True"):
        WrittenLstm(3, 4, batch_first=False)
