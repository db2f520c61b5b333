"""The modules behind the parts. Padding never changes a row's result: every module masks it.

Shapes: B rows in the batch, L tokens in its longest row, E embedding width, H width after encoding, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PADDING = 0


class Net(nn.Module):
    """The four slots, one after the other."""

    def __init__(self, embed: nn.Module, encode: nn.Module, attend: nn.Module, predict: nn.Module) -> None:
        super().__init__()
        self.embed, self.encode, self.attend, self.predict = embed, encode, attend, predict

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [B, L] integers, padded on the right."""
        real = tokens != PADDING  # [B, L]
        found = self.embed(tokens)  # [B, L, E]
        found = self.encode(found, real)  # [B, L, H]
        found = self.attend(found, real)  # [B, H]
        return self.predict(found)  # type: ignore[no-any-return]  # [B, C]; nn.Module calls are Any


class Embedding(nn.Module):
    """A vector a token, with dropout on them."""

    def __init__(self, vocabulary: int, width: int, dropout: float) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.vectors.weight, std=0.1)
        with torch.no_grad():
            self.vectors.weight[PADDING].zero_()

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, L] -> [B, L, E]"""
        return self.dropout(self.vectors(tokens))  # type: ignore[no-any-return]  # nn.Module calls are Any


class Unchanged(nn.Module):
    """[B, L, E] -> the same."""

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """The mask is not looked at."""
        return found


class Convolutions(nn.Module):
    """Convolutions of several windows, each padded to keep the length; zeros stand where the padding is."""

    def __init__(self, width: int, windows: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.windows = windows
        self.convolutions = nn.ModuleList(nn.Conv1d(width, channels, window) for window in windows)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """[B, L, E] -> [B, L, channels x windows]"""
        found = (found * real.unsqueeze(2)).transpose(1, 2)  # [B, E, L]
        sides = [
            F.relu(convolve(F.pad(found, ((window - 1) // 2, window // 2))))
            for window, convolve in zip(self.windows, self.convolutions, strict=True)
        ]
        return torch.cat(sides, dim=1).transpose(1, 2)


class Recurrent(nn.Module):
    """A GRU or LSTM; backwards it reads each row from its own last token, not from the padding."""

    def __init__(self, kind: str, width: int, hidden: int, bidirectional: bool) -> None:
        super().__init__()
        layer = nn.GRU if kind == "GRU" else nn.LSTM
        self.forwards = layer(width, hidden, batch_first=True)
        self.backwards = layer(width, hidden, batch_first=True) if bidirectional else None

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """[B, L, E] -> [B, L, hidden], twice as wide when bidirectional"""
        ahead, _ = self.forwards(found)
        if self.backwards is None:
            return ahead  # type: ignore[no-any-return]  # nn.Module calls are Any
        turned = _turned(real)
        back, _ = self.backwards(_take(found, turned))
        return torch.cat([ahead, _take(back, turned)], dim=2)


def _turned(real: Tensor) -> Tensor:
    """Positions that turn each row's real tokens round and leave the padding where it is. [B, L] -> [B, L]"""
    positions = torch.arange(real.shape[1], device=real.device).unsqueeze(0)
    last = real.sum(1, keepdim=True) - 1
    return torch.where(real, last - positions, positions)


def _take(found: Tensor, positions: Tensor) -> Tensor:
    return found.gather(1, positions.unsqueeze(2).expand_as(found))


class MaxPool(nn.Module):
    """[B, L, H] -> [B, H]"""

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """The padding is below everything."""
        return found.masked_fill(~real.unsqueeze(2), torch.finfo(found.dtype).min).amax(1)


class MeanPool(nn.Module):
    """[B, L, H] -> [B, H]"""

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Over the real tokens."""
        return (found * real.unsqueeze(2)).sum(1) / real.sum(1, keepdim=True)


class AttentionPool(nn.Module):
    """[B, L, H] -> [B, H]"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, found: Tensor, real: Tensor) -> Tensor:
        """Weights over the real tokens sum to 1."""
        scores = self.score(torch.tanh(self.hidden(found))).squeeze(2)  # [B, L]
        weights = scores.masked_fill(~real, torch.finfo(scores.dtype).min).softmax(1)  # [B, L]
        return (weights.unsqueeze(1) @ found).squeeze(1)  # type: ignore[no-any-return]  # [B, H]


def perceptron(width: int, hidden: int, classes: int, dropout: float) -> nn.Module:
    """[B, H] -> [B, C]"""
    if not hidden:
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
    )
