"""Word vectors as one table of a safetensors file, the words as JSON beside it or in its metadata."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline import StageError
from pipeline.errors import bounded
from pipeline.header import require_header


def width_of_table(path: str) -> int:
    """How many numbers a vector has. Raises UsageError for a damaged file, StageError for one without one table."""
    name = _only_table(path)
    return int(_header(path)[name]["shape"][1])


def table(path: str, beside: Path, width: int, wanted: Container[str]) -> Iterator[tuple[str, Sequence[float]]]:
    """(word, vector) of the words that are wanted in lower case; see `read` for what it raises."""
    import torch
    from safetensors.torch import load_file

    vectors, words = load_file(path)[_only_table(path)].float(), _words(path, beside)
    if tuple(vectors.shape) != (len(words), width):
        raise StageError(f"word vectors {path}: found {list(vectors.shape)} numbers for {len(words):,} words of width {width}")
    odd = (~torch.isfinite(vectors).all(1)).nonzero()
    if len(odd):
        raise StageError(
            f"word vectors {path}: the vector of {bounded(words[int(odd[0])])!r} holds NaN or infinities; leave it out"
        )
    for place, word in enumerate(words):
        if word.lower() in wanted:
            yield word, vectors[place].tolist()


def _only_table(path: str) -> str:
    tables = [name for name, tensor in _header(path).items() if name != "__metadata__" and len(tensor["shape"]) == 2]
    if len(tables) != 1:
        raise StageError(f"word vectors {path}: found {len(tables)} tensors of two dimensions, expected one")
    return tables[0]


def _header(path: str) -> dict[str, Any]:
    require_header(Path(path))
    with Path(path).open("rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))  # type: ignore[no-any-return]


def _words(path: str, beside: Path) -> list[str]:
    data = (
        beside.read_text(encoding="utf-8") if beside.is_file() else _header(path).get("__metadata__", {}).get("words", "null")
    )
    try:
        words = json.loads(data)
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise StageError(
            f'word vectors {path}: no list of its words; expected one as JSON in {beside.name}, or under "words" in its metadata'
        )
    return words
