"""The command `brickwise`: exit codes, and errors as messages."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import sys
import time
import traceback
import warnings
from types import FrameType
from typing import Any, NoReturn


def _leave(number: int, frame: FrameType | None = None) -> NoReturn:
    """Say so and be gone: threads that still work on a step and save nothing must not hold us back."""
    how = "interrupted" if number == signal.SIGINT else "terminated"
    print(f"\nbrickwise: {how}; finished steps are kept, the same command goes on from there", file=sys.stderr, flush=True)
    os._exit(128 + number)


gc.disable()  # start-up makes half a million objects that stay; what works longer turns the collector on again
for _number in (signal.SIGINT, signal.SIGTERM):  # also while the imports below take their time
    signal.signal(_number, _leave)

from pipeline import BrickwiseError, BrickwiseWarning  # noqa: E402  # the handlers come first
from pipeline.stopping import Stopped, ask_to_stop  # noqa: E402  # likewise

from .arguments import parse  # noqa: E402  # likewise
from .commands import COMMANDS  # noqa: E402  # likewise

_LIMIT = 4.5  # seconds from the signal until we are gone, whatever else is under way
_ECHO = 1.0  # seconds: a terminal, `timeout` and torchrun send a signal to us and to our group, which is no second one


class Terminated(BaseException):
    """SIGTERM came."""


_came: list[
    tuple[int, float]
] = []  # signals, and when: pydantic turns what is raised inside a serializer into an error of its own


def main() -> None:
    """Run the command line and leave with its exit code.

    A user's mistake is a message; `--debug` shows where it came from.  On Ctrl-C or SIGTERM a server of ours is stopped, stages that
    are `saving` do so, and the process leaves: what is finished is in the store, what is not was never visible there.
    """
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    _show_warnings_as_lines()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        options = parse(arguments)
        code = COMMANDS[options.pop("command")](**options)
    except BrickwiseError as error:
        code = _fail(str(error), error.exit_code, debug)
    except (KeyboardInterrupt, Terminated, Stopped):
        _leave_saved()
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:  # noqa: BLE001  # the last line of defence: a message, and the way to the traceback
        code = _fail(f"unexpected {type(error).__name__}: {error}; --debug shows where", 1, debug)
    gc.freeze()  # what is left goes with the process; looking for cycles in it would take a tenth of a short one's time
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ask stages to save, and unwind this thread meanwhile, unless it is the one that saves; a second signal leaves at once."""
    now = time.monotonic()
    if _came:
        if now - _came[0][1] > _ECHO:
            _leave(number)
        return
    _came.append((number, now))
    _thread.start_new_thread(_leave_at_last, (number,))  # `threading` takes locks, which the code below this handler may hold
    if ask_to_stop(0):
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def _leave_at_last(number: int) -> None:
    time.sleep(_LIMIT)
    _leave(number)


def _leave_saved() -> NoReturn:
    ask_to_stop()
    _leave(_came[0][0])


def _show_warnings_as_lines() -> None:
    """Our own warnings are for the user, who has no use for the line of ours that gave them."""
    show = warnings.showwarning

    def shown(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, BrickwiseWarning):
            print(f"brickwise: warning: {message}", file=sys.stderr, flush=True)
        else:
            show(message, category, *where, **more)

    warnings.showwarning = shown


def _fail(message: str, code: int, debug: bool) -> int:
    if _came:
        _leave_saved()
    print(f"brickwise: {message}", file=sys.stderr)
    if debug:
        traceback.print_exc()
    return code


if __name__ == "__main__":
    main()
