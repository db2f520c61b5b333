"""Word vectors of either kind of file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline import StageError, UsageError
from pipeline.digest import Json, digest_file

from .lines import lines, width_of_lines

Vectors = dict[str, Sequence[float]]


def digests(path: str) -> Mapping[str, Json]:
    """Name -> digest of the file, and of the one with its words where it has one. Raises UsageError for one that is not readable."""
    beside = _words_beside(path)
    try:
        return {name: digest_file(Path(name)) for name in ([path, str(beside)] if beside.is_file() else [path])}
    except OSError as error:
        raise UsageError(f"word vectors {path}: {error.strerror}; expected a file") from None


def require_width(path: str, width: int) -> None:
    """Raise UsageError for a file whose first vector has another width."""
    from .tables import width_of_table

    try:
        found = width_of_table(path) if _is_table(path) else width_of_lines(path)
    except OSError as error:
        raise UsageError(f"word vectors {path}: {error.strerror}; expected a file") from None
    except StageError as error:
        raise UsageError(str(error)) from None
    if found != width:
        raise UsageError(f"word vectors {path} have {found} numbers each, Pretrained says {width}; set width={found}")


def read(path: str, width: int, words: Iterable[str]) -> Vectors:
    """The vectors that a file has of words: of each as it is written, else the first that the file has in another case.

    Raises StageError for a file with vectors of several widths, NaN or infinities, or less than it says it holds.
    """
    by_lower: dict[str, list[str]] = {}
    for word in words:
        by_lower.setdefault(word.lower(), []).append(word)
    if _is_table(path):
        from .tables import table

        pairs = table(path, _words_beside(path), width, by_lower)
    else:
        pairs = lines(path, width, by_lower)
    first: Vectors = {}
    exact: Vectors = {}
    for written, vector in pairs:
        for word in by_lower[written.lower()]:
            (exact if word == written else first).setdefault(word, vector)
    return first | exact


def _is_table(path: str) -> bool:
    return path.endswith(".safetensors")


def _words_beside(path: str) -> Path:
    """Where the words of a table lie, unless they are in its metadata; nowhere for a text."""
    return Path(path).with_suffix(".json") if _is_table(path) else Path()
