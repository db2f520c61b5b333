"""A stored net's config may claim no more than its weights hold: one from a stranger could otherwise ask for all memory there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pipeline import StageError
from pipeline.digest import Json

_MODEST = 4096  # what a number of a config may be, however few weights there are: a length, a depth


def require_backed(config: Json, weights: Mapping[str, Tensor], build: Callable[[], nn.Module]) -> None:
    """Raise StageError unless the net that a config describes has the weights of a file, to the shape; none is allocated.

    No whole number of it may be greater than there are weights: each counts weights, or layers, of which each has some.
    """
    most = max(_MODEST, sum(weight.numel() for weight in weights.values()))
    for name, number in _numbers(config):
        if number > most:
            raise StageError(
                f"the config says {name}: {number:,}, and the file holds {most:,} weights at most; make the model again"
            )
    with torch.device("meta"):
        claimed = {name: tuple(weight.shape) for name, weight in build().state_dict().items()}
    held = {name: tuple(weight.shape) for name, weight in weights.items()}
    for name in sorted(claimed.keys() | held.keys()):
        if claimed.get(name) != held.get(name):
            raise StageError(
                f"weight {name!r} has shape {claimed.get(name, 'none')} by the config, and {held.get(name, 'none')} in the file; "
                f"make the model again"
            )


def _numbers(document: Any, path: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield from _numbers(value, f"{path}.{name}" if path else str(name))
    elif isinstance(document, list):
        for value in document:
            yield from _numbers(value, path)
    elif isinstance(document, int):
        yield path, document
