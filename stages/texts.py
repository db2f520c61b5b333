"""Texts, of which most stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def texts_of(rows: pa.Table, column: str) -> list[str]:
    """A column of texts, a missing one as an empty one."""
    return [text or "" for text in rows[column].to_pylist()]


def changed(texts: pa.ChunkedArray, pattern: str, change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.ChunkedArray:
    """The texts, those that match an RE2 pattern changed: looking takes a fifth of the time of changing, and most do not match."""
    import pyarrow.compute as pc

    found = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    if not pc.any(found).as_py():
        return texts
    return pc.replace_with_mask(texts, found.combine_chunks(), change(texts.filter(found)).combine_chunks())
