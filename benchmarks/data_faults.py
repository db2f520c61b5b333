"""Twenty-five kinds of fault, and the columns of `data_table.py` that each can be in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import data_inject as put
from data_inject import FILE, Injected
from data_table import COLUMNS, Rows, today, written


@dataclass(frozen=True)
class Fault:
    """A kind of fault. inject: (clean rows, column, draw) -> file.  none: column -> why it has no such fault.

    harmless: the file must be read to the same rows as without it.  same: it is put into the champion's rows, not into new ones.
    """

    name: str
    inject: Callable[[Rows, str, Random], Injected]
    none: Mapping[str, str] = field(default_factory=dict)
    harmless: bool = False
    same: bool = False

    def columns(self) -> tuple[str, ...]:
        """Where it can be."""
        return tuple(column for column in (FILE, *COLUMNS) if column not in self.none)


def _only(columns: Iterable[str], reason: str) -> dict[str, str]:
    kept = set(columns)
    return {column: reason for column in (FILE, *COLUMNS) if column not in kept}


_VALUE = {FILE: "a fault of values"}
_WHOLE = _only([FILE], "a fault of the file")
FAULTS = (
    Fault("nulls", put.nulls, _VALUE),
    Fault("wrong type", put.some(put.wrong_type), _VALUE),
    Fault("out of range", put.some(put.out_of_range), _only(["text", "age", "amount", "day"], "has no range")),
    Fault("bad category", put.some(lambda *_: "Atlantis"), _only(["label", "city"], "has no set of values")),
    Fault("duplicate keys", put.duplicate_keys, _only(["id"], "is no key")),
    Fault("shifted distribution", put.shifted, {**_VALUE, "id": "is a key, new in every row"}),
    Fault("swapped columns", put.swapped, _VALUE),
    Fault("mojibake", put.some(put.mojibake), _only(["text", "city"], "has ASCII alone, which no encoding garbles")),
    Fault("control characters", put.some(put.control), _VALUE),
    Fault("truncated file", put.truncated),
    Fault("empty file", lambda *_: Injected(b"", names=frozenset({FILE})), _WHOLE),
    Fault("header only", lambda *_: Injected(written([]).encode(), names=frozenset({None})), _WHOLE),
    Fault("BOM", put.bom, harmless=True),
    Fault("mixed newlines", put.mixed_newlines, harmless=True),
    Fault("NaN or infinity", put.some(lambda v, c, draw: draw.choice(["NaN", "inf", "-inf"])), _VALUE),
    Fault("huge field", put.huge, _VALUE),
    Fault("ragged row", put.ragged, _VALUE),
    Fault("label flip of a class", put.flipped, _only(["label"], "is no label")),
    Fault("leaked test row", put.leaked, {"text": "would be a near-duplicate"}),
    Fault("near-duplicate", put.nearly_repeated, _only(["text"], "is no text")),
    Fault("future date", put.some(lambda *_: str(today() + timedelta(days=40)), 0.01), _only(["day"], "is no date")),
    Fault("unit change x1000", put.scaled, _only(["age", "amount"], "has no unit")),
    Fault("constant column", put.constant, _VALUE),
    Fault("row order", put.reordered, _VALUE, same=True),
    Fault("10x volume", put.tenfold, _WHOLE),
)
