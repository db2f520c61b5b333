"""Edits of texts, each a pure function of the text and a seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from pipeline.digest import digest_bytes

_SPACE = re.compile(r" (?=\S)")
_LETTERS = re.compile(r"(?=([^\W\d_])([^\W\d_]))")


def edited(texts: Sequence[str], edit: str | Mapping[str, str], seed: int) -> list[str]:
    """The texts after a named edit, or with whole words replaced; one that the edit does not concern stays as it is."""
    change = _replacing(edit) if isinstance(edit, Mapping) else _EDITS[edit]
    return [change(text, Random(f"{seed} {digest_bytes(text.encode(errors='surrogatepass'))}")) for text in texts]  # noqa: S311


def replaced(text: str, words: Mapping[str, str]) -> str:
    """Whole words replaced, all at once: of two that begin alike the longer one, and none inside what was put in."""
    if not words:
        return text
    olds = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{olds})(?!\w)", lambda found: words[found[0]], text)


def _replacing(words: Mapping[str, str]) -> Callable[[str, Random], str]:
    return lambda text, _: replaced(text, words)


def _no_final_stop(text: str, _: Random) -> str:
    bare = text.rstrip()
    return bare[:-1] if bare.endswith(".") and not bare.endswith("..") else text


def _double_space(text: str, draw: Random) -> str:
    """One of the spaces doubled."""
    places = [found.start() for found in _SPACE.finditer(text)]
    at = draw.choice(places) if places else 0
    return f"{text[:at]} {text[at:]}" if places else text


def _typo(text: str, draw: Random) -> str:
    """Two neighbouring letters that differ, swapped."""
    places = [found.start() for found in _LETTERS.finditer(text) if found[1] != found[2]]
    if not places:
        return text
    at = draw.choice(places)
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"


_EDITS: Mapping[str, Callable[[str, Random], str]] = {
    "lower_case": lambda text, _: text.lower(),
    "upper_case": lambda text, _: text.upper(),
    "no_final_stop": _no_final_stop,
    "double_space": _double_space,
    "typo": _typo,
}
