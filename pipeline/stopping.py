"""Stopping: a long stage saves what it has done when the process is asked to leave. Nobody asks without the command line or a schedule."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 4.0  # to save in; those who stop us kill us after five
_PARKED = 8.0  # the process leaves meanwhile

_open: dict[object, int] = {}  # each open block -> its thread; changed in one step, since a signal may come between any two
_asked = False


class Stopped(BaseException):
    """The process was asked to leave, and the stage has saved."""


@contextmanager
def saving() -> Iterator[Callable[[], bool]]:
    """A block that the process waits for when it is asked to leave; gives a function that says whether it was.

        with saving() as asked:
            for step in steps:
                ...
                if asked():
                    save()
                    break

    Once asked, the stage has SECONDS; leaving the block then ends it: what is below the block is not reached.
    """
    block = object()
    _open[block] = threading.get_ident()
    try:
        yield lambda: _asked
    finally:
        del _open[block]
    if _asked:
        if threading.current_thread() is not threading.main_thread():
            time.sleep(_PARKED)  # an orchestrator would take what is raised here for a failure, and tell it
        raise Stopped


def ask_to_stop(seconds: float = SECONDS) -> bool:
    """Ask every open block to save, and wait until none is open, so long at most; safe in a signal handler.

    False where the block is this thread's own, which must go on: it raises Stopped when it has saved.
    """
    global _asked
    _asked = True
    if threading.get_ident() in _open.values():
        return False
    end = time.monotonic() + seconds
    while _open and time.monotonic() < end:
        time.sleep(0.02)
    return True
