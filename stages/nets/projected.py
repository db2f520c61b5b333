"""All numbers of a row as one vector."""

from __future__ import annotations

from torch import Tensor, nn

_ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class Projected(nn.Module):
    """[B, W] -> [B, 1, E], with dropout on the values."""

    def __init__(self, numbers: int, width: int, activation: str, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(numbers, width)
        self.activation, self.dropout = _ACTIVATIONS[activation](), nn.Dropout(dropout)

    def forward(self, numbers: Tensor) -> Tensor:
        """A sequence of length 1."""
        return self.dropout(self.activation(self.linear(numbers))).unsqueeze(1)  # type: ignore[no-any-return]  # nn.Module calls are Any
