"""A stored net's config may claim no more than its weights hold: one from a stranger could otherwise ask for all memory there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pipeline import StageError
from pipeline.digest import Json


def backed(config: Json, weights: Mapping[str, Tensor], build: Callable[[], nn.Module]) -> nn.Module:
    """The net that a config describes, on the device meta, where nothing is allocated.

    Raises StageError unless it has the weights of a file, to the shape.  It may have no more layers than there are weights.
    """
    for name, number in _numbers(config):
        if name.endswith("layers") and number > len(weights):  # a module takes memory even there
            raise StageError(
                f"the config says {name}: {number:,}, and the file holds {len(weights):,} tensors; make the model again"
            )
    with torch.device("meta"):
        net = build()
    claimed = {name: tuple(weight.shape) for name, weight in net.state_dict().items()}
    held = {name: tuple(weight.shape) for name, weight in weights.items()}
    for name in sorted(claimed.keys() | held.keys()):
        if claimed.get(name) != held.get(name):
            raise StageError(
                f"weight {name!r} has shape {claimed.get(name, 'none')} by the config, and {held.get(name, 'none')} in the file; "
                f"make the model again"
            )
    return net


def _numbers(document: Any, path: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield from _numbers(value, f"{path}.{name}" if path else str(name))
    elif isinstance(document, list):
        for value in document:
            yield from _numbers(value, path)
    elif isinstance(document, int):
        yield path, document
