"""Branches, merged, to scores."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from . import PADDING


class BranchNet(nn.Module):
    """One column to one vector."""

    def __init__(self, takes: str, embed: nn.Module, encode: nn.Module, attend: nn.Module) -> None:
        super().__init__()
        self.takes = takes
        self.embed, self.encode, self.attend = embed, encode, attend

    def forward(self, given: Tensor) -> Tensor:
        """given: [B, L], [B, L, K] or [B, W], padded on the right."""
        found = self.embed(given)  # [B, L, E]
        real = self._real(given, found)  # [B, L]
        found = self.encode(found, real)  # [B, L, H]
        return self.attend(found, real)  # type: ignore[no-any-return]  # [B, H]; nn.Module calls are Any

    def _real(self, given: Tensor, found: Tensor) -> Tensor:
        if self.takes == "numbers":  # no row has fewer than another
            return torch.ones(found.shape[:2], dtype=torch.bool, device=given.device)
        return given != PADDING if self.takes == "tokens" else (given != PADDING).any(2)


class Net(nn.Module):
    """All branches; dictionaries of columns go in, in any order."""

    def __init__(self, branches: Mapping[str, nn.Module], merge: nn.Module, predict: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(
            {f"of_{column}": branch for column, branch in branches.items()}
        )  # it has a `type` of its own
        self.merge, self.predict = merge, predict

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """{column: batch} -> [B, C]"""
        found = [branch(inputs[name.removeprefix("of_")]) for name, branch in self.branches.items()]  # each [B, Hi]
        return self.predict(self.merge(found))  # type: ignore[no-any-return]  # nn.Module calls are Any
