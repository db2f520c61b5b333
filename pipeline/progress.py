"""Progress: what a long stage says while it runs. Silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int, str], None]  # step, done, total, note
_current: ContextVar[tuple[str, Listener] | None] = ContextVar("progress", default=None)


@contextmanager
def listening(step: str, listener: Listener | None) -> Iterator[None]:
    """Send what `report` says inside the block to a listener, under the step's name."""
    token = _current.set((step, listener) if listener else None)
    try:
        yield
    finally:
        _current.reset(token)


def report(done: int, total: int, note: str = "") -> None:
    """Say that `done` of `total` units of work are done; never raises, and costs nothing unheard."""
    current = _current.get()
    if current is not None:
        step, listener = current
        listener(step, done, total, note)
