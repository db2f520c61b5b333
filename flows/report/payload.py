"""Payload: columns of numbers and texts in one block of bytes, compressed, as base64 that a page can hold.

    4 bytes        how long the head is, little-endian
    head           JSON, UTF-8: what the caller says, and {"columns": {name: {"type", "at", "bytes"}}}
    padding to 8   then the columns, each on a boundary of 8 bytes

A column of numbers is a typed array.  One of texts is UTF-8 without gaps; as a column of numbers called NAME.length follow
the lengths of the texts in UTF-16 units, which is how a browser counts.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_LEVEL = 6


@dataclass(frozen=True)
class Column:
    """type: u8, u16, u32, f32, f64 or text.  lengths: of texts."""

    type: str
    data: bytes
    lengths: Column | None = None


def numbers(values: Array) -> Column:
    """The smallest type that holds them exactly; floats as they are. Raises ValueError for whole numbers below 0."""
    if values.dtype.kind == "f":
        return Column("f32" if values.dtype == np.float32 else "f64", values.astype(values.dtype.newbyteorder("<")).tobytes())
    if values.size and values.min() < 0:
        raise ValueError(f"a column holds {values.min()}, expected nothing below 0")
    most = int(values.max()) if values.size else 0
    bits = 8 if most < 2**8 else 16 if most < 2**16 else 32
    return Column(f"u{bits}", values.astype(f"<u{bits // 8}").tobytes())


def texts(found: Sequence[str]) -> Column:
    """Texts without lone surrogates, which no Arrow table holds."""
    lengths = [len(one) if one.isascii() else len(one.encode("utf-16-le")) // 2 for one in found]
    return Column("text", "".join(found).encode(), numbers(np.array(lengths, np.int64)))


def payload(head: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
    """Base64 of the gzipped block; the same columns give the same text."""
    flat: dict[str, Column] = {}
    for name, column in columns.items():
        flat[name] = column
        if column.lengths is not None:
            flat[f"{name}.length"] = column.lengths
    described, parts, at = {}, [], 0
    for name, column in flat.items():
        described[name] = {"type": column.type, "at": at, "bytes": len(column.data)}
        parts += [column.data, b"\0" * (-len(column.data) % 8)]
        at += len(parts[-2]) + len(parts[-1])
    said = json.dumps({**head, "columns": described}, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    said += b" " * (-(len(said) + 4) % 8)
    block = b"".join([struct.pack("<I", len(said)), said, *parts])
    return base64.b64encode(gzip.compress(block, _LEVEL, mtime=0)).decode()
