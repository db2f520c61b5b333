"""Word vectors as text: a word and its numbers a line."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from pipeline import StageError
from pipeline.errors import bounded

_LINE = 2**20  # bytes of one line at most: a vector of 10,000 numbers takes a fifth


def width_of_lines(path: str) -> int:
    """How many numbers the first vector has. Raises StageError for a file that does not read or has none."""
    with _opened(path) as file:
        parts = file.readline(_LINE).split()
    if len(parts) < 2:
        raise StageError(f"word vectors {path}: the first line has no numbers; expected a word and its vector a line")
    return int(parts[1]) if _is_header(parts) else len(parts) - 1


def lines(path: str, width: int, wanted: Container[str]) -> Iterator[tuple[str, Sequence[float]]]:
    """(word, vector) of the words that are wanted in lower case. Every line is looked at; see `read` for what it raises."""
    with _opened(path) as file:
        said, count = None, 0
        for number, line in enumerate(iter(lambda: file.readline(_LINE), b""), 1):
            parts = line.split(maxsplit=2)
            if number == 1 and _is_header(parts) and int(parts[1]) == width:
                said = int(parts[0])
                continue
            count += 1
            where = f"word vectors {path}, line {number:,}"
            word, numbers = _word(where, line, width)
            if word.lower() in wanted or _may_be_odd(line):
                vector = _vector(where, word, numbers)
                if word.lower() in wanted:
                    yield word, vector
        if said is not None and count != said:
            raise StageError(f"word vectors {path}: {count:,} vectors, but its first line says {said:,}; fetch it again")


def _word(where: str, line: bytes, width: int) -> tuple[str, list[bytes]]:
    """The word of a line, which may hold spaces, and its numbers."""
    word, *numbers = line.rstrip().rsplit(None, width) or [b""]
    *_, last = word.split() or [b""]
    if len(numbers) != width or (last != word and _is_number(last)):
        found = max(len(line.split()) - 1, 0)
        raise StageError(f"{where}: found {found} numbers, expected {width}; all vectors of a file have one width")
    return word.decode(errors="replace"), numbers


def _vector(where: str, word: str, numbers: Sequence[bytes]) -> Sequence[float]:
    odd = [number for number in numbers if not _is_number(number)]
    if odd:
        raise StageError(f"{where}: {bounded(odd[0].decode(errors='replace'))!r} is no number")
    vector = [float(number) for number in numbers]
    if not all(map(math.isfinite, vector)):
        raise StageError(f"{where}: the vector of {bounded(word)!r} holds NaN or infinities; leave the line out")
    return vector


def _may_be_odd(line: bytes) -> bool:
    """Whether a line can hold NaN or infinities, seen without reading its numbers."""
    lower = line.lower()
    return b"nan" in lower or b"inf" in lower


def _is_header(parts: Sequence[bytes]) -> bool:
    """Whether it is the first line of word2vec: how many vectors, how many numbers each."""
    return len(parts) == 2 and all(part.isdigit() for part in parts)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """A file's plain bytes."""
    try:
        with gzip.open(path) if path.endswith(".gz") else Path(path).open("rb") as file:
            yield cast("BinaryIO", file)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise StageError(f"word vectors {path} do not read: {bounded(str(error))}; fetch them again") from None
