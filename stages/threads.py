"""Threads: how many torch computes on, and the one that may draw random numbers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ALONE = threading.RLock()


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else in a block of this draws from torch's one global generator meanwhile: two who did would mix their numbers."""
    with _ALONE:
        yield


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Compute on so many threads inside the block: part of a key, since sums depend on how they are cut."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
