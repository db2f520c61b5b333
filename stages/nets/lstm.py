"""An LSTM written out, for comparison with the library's."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WrittenLstm(nn.Module):
    """One layer with the names, shapes, order of gates and initial weights of `nn.LSTM(width, hidden, batch_first=True)`."""

    def __init__(self, width: int, hidden: int, batch_first: bool = True) -> None:
        super().__init__()
        if not batch_first:
            raise ValueError("batch_first is False, expected True: rows come first, [B, L, E]")
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * hidden, width))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * hidden))
        self.bias_hh_l0 = nn.Parameter(torch.empty(4 * hidden))
        for weight in self.parameters():
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)

    def forward(self, found: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """[B, L, E] -> [B, L, hidden], and the last state h and cell c, each [1, B, hidden]"""
        given = found @ self.weight_ih_l0.T + self.bias_ih_l0 + self.bias_hh_l0  # [B, L, 4 hidden]
        h = c = given.new_zeros(len(given), self.weight_hh_l0.shape[1])  # [B, hidden]
        outputs = []
        for now in given.unbind(1):
            take, forget, new, give = (now + h @ self.weight_hh_l0.T).chunk(4, dim=1)  # each [B, hidden]
            c = forget.sigmoid() * c + take.sigmoid() * new.tanh()
            h = give.sigmoid() * c.tanh()
            outputs.append(h)
        return torch.stack(outputs, dim=1), (h.unsqueeze(0), c.unsqueeze(0))
