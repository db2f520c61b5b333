"""Texts and rows, made so that those which say the same are equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]


def normal(texts: Any) -> Any:
    """Texts in Unicode form NFKC and lower case, every run of white space one blank; a null is no text."""
    texts = pc.utf8_lower(pc.utf8_normalize(texts, "NFKC"))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"[\s\p{Z}]+", " "))


def codes(values: pa.ChunkedArray) -> Ints:
    """A number for each value, the same for the same; null is a value of its own."""
    if pa.types.is_nested(values.type):
        values = pa.chunked_array([pa.array(map(repr, values.to_pylist()), pa.string())])
    if pa.types.is_floating(values.type):  # by their bits: NaN is NaN
        values = pa.chunked_array(
            [pa.array(values.to_numpy().astype(np.float64).view(np.int64), mask=np.asarray(values.is_null()))]
        )
    if not len(values):
        return np.zeros(0, np.int64)
    encoded = values.dictionary_encode(null_encoding="encode").combine_chunks()
    found: Ints = encoded.indices.to_numpy().astype(np.int64)
    return found


def row_codes(columns: Sequence[pa.ChunkedArray]) -> Ints:
    """A number for each row, the same where all columns are."""
    found = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        own = codes(column)
        _, found = np.unique(found * (own.max(initial=0) + 1) + own, return_inverse=True)
    return found
