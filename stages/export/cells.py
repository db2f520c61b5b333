"""LSTM and GRU as the operators that ONNX has for them: torch's exporter writes loops in their place, which fix the length.

B rows, L positions, E width given, H width of the state.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.onnx.ops import symbolic_multi_out

from ..nets.lstm import WrittenLstm

_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}  # ONNX's order, by the places in torch's: i f g o -> i o f g, r z n -> z r n


class OnnxCell(nn.Module):
    """One layer, forwards, rows first, in the place of nn.LSTM or nn.GRU. It can be exported, not computed: it gives zeros."""

    given: Tensor
    state: Tensor
    biases: Tensor

    def __init__(self, operator: str, cell: nn.Module) -> None:
        super().__init__()
        self.operator, self.hidden = operator, cell.get_parameter("weight_hh_l0").shape[1]
        given, state, *biases = (
            self._in_order(cell.get_parameter(f"{name}_l0")) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        self.register_buffer("given", given.unsqueeze(0))  # [1, gates x H, E]
        self.register_buffer("state", state.unsqueeze(0))  # [1, gates x H, H]
        self.register_buffer("biases", torch.cat(biases).unsqueeze(0))  # [1, 2 x gates x H]

    def _in_order(self, weight: Tensor) -> Tensor:
        gates = weight.detach().chunk(len(_GATES[self.operator]))
        return torch.cat([gates[place] for place in _GATES[self.operator]])

    def forward(self, found: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """[B, L, E] -> [B, L, H], and the last state (of an LSTM its cell too), [1, B, H]"""
        rows, length = found.shape[:2]
        ends = [[1, rows, self.hidden]] * (2 if self.operator == "LSTM" else 1)
        attributes: dict[str, Any] = {"hidden_size": self.hidden} | (
            {"linear_before_reset": 1} if self.operator == "GRU" else {}
        )
        states, *last = symbolic_multi_out(
            self.operator,
            (found.transpose(0, 1), self.given, self.state, self.biases),
            attributes,
            dtypes=[found.dtype] * (1 + len(ends)),
            shapes=[[length, 1, rows, self.hidden], *ends],
        )
        return states.squeeze(1).transpose(0, 1), tuple(last)


def with_onnx_cells(net: nn.Module) -> nn.Module:
    """A copy whose recurrent layers are ONNX's. Cells of several layers or directions, which no part of ours has, stay torch's."""
    made = copy.deepcopy(net)
    for module in list(made.modules()):
        for name, inner in module.named_children():
            operator = _operator(inner)
            if operator:
                setattr(module, name, OnnxCell(operator, inner))
    return made


def _operator(cell: nn.Module) -> str | None:
    if isinstance(cell, WrittenLstm):
        return "LSTM"
    if not isinstance(cell, nn.LSTM | nn.GRU) or not cell.batch_first or not cell.bias:
        return None
    plain = cell.num_layers == 1 and not cell.bidirectional and not cell.proj_size
    return type(cell).__name__ if plain else None
