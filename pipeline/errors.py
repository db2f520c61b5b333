"""Every error a user can meet, with the exit code it stands for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class BrickwiseError(Exception):
    """A failure with a message for its user; `exit_code` is what the command line returns."""

    exit_code = 1


class StageError(BrickwiseError):
    """A stage failed while it ran (exit 1)."""


class UsageError(BrickwiseError):
    """A name, a config value or a source that does not exist or does not fit (exit 2)."""

    exit_code = 2


class WiringError(UsageError):
    """The steps of a pipeline do not fit together; all mistakes at once, a line each (exit 2)."""

    def __init__(self, pipeline: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem}" for problem in self.problems)
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        super().__init__(f"pipeline {pipeline!r} has {count}:\n{listed}")


class BlockedError(BrickwiseError):
    """A check failed, or data has no passing receipt: what is below must not run (exit 3)."""

    exit_code = 3


class GateError(BrickwiseError):
    """A metric gate failed or was not evaluated (exit 4)."""

    exit_code = 4


class StoreError(BrickwiseError):
    """The store cannot be read or written (exit 5)."""

    exit_code = 5


class DamagedError(StoreError):
    """A stored object is missing or is not what its name says; it has been set aside."""

    def __init__(self, digest: str, why: str) -> None:
        self.digest, self.why = digest, why
        super().__init__(f"object {digest[:12]} {why}; run the pipeline again to remake it")


class BrickwiseWarning(UserWarning):
    """What a user should know and may ignore: the cache cannot see all of a stage's code."""


# Control characters, which command a terminal; marks that turn the direction of what follows; ends of lines; halves of pairs.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def bounded(value: object, limit: int = 80) -> str:
    r"""`repr(value)`, cut in the middle to at most `limit` characters: data quoted in a message.

    What would do more than be read there is written as an escape: `\x1b`, `\u202e`, `\n`.
    """
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        text = f"a {type(value).__name__} with a number of thousands of digits"
    text = _UNSAFE.sub(lambda found: repr(found[0])[1:-1], text)
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def suggest(name: str, known: Iterable[str]) -> str:
    """The way out of a wrong name: the nearest known one, or the list of all."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "there are none"
