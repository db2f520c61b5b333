"""Twenty-five kinds of fault, and the columns of `data_table.py` that each can be in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import data_files as files
import data_values as values
from data_files import FILE
from data_table import COLUMNS, Rows, today, written
from data_values import Injected


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
    Fault("nulls", values.nulls, _VALUE),
    Fault("wrong type", values.some(values.wrong_type), _VALUE),
    Fault("out of range", values.some(values.out_of_range), _only(["text", "age", "amount", "day"], "has no range")),
    Fault("bad category", values.some(lambda *_: "Atlantis"), _only(["label", "city"], "has no set of values")),
    Fault("duplicate keys", values.duplicate_keys, _only(["id"], "is no key")),
    Fault("shifted distribution", values.shifted, {**_VALUE, "id": "is a key, new in every row"}),
    Fault("swapped columns", values.swapped, _VALUE),
    Fault("mojibake", values.some(values.mojibake), _only(["text", "city"], "has ASCII alone, which no encoding garbles")),
    Fault("control characters", values.some(values.control), _VALUE),
    Fault("truncated file", files.truncated),
    Fault("empty file", lambda *_: Injected(b"", names=frozenset({FILE})), _WHOLE),
    Fault("header only", lambda *_: Injected(written([]).encode(), names=frozenset({None})), _WHOLE),
    Fault("BOM", files.bom, harmless=True),
    Fault("mixed newlines", files.mixed_newlines, harmless=True),
    Fault("NaN or infinity", values.some(lambda v, c, draw: draw.choice(["NaN", "inf", "-inf"])), _VALUE),
    Fault("huge field", files.huge, _VALUE),
    Fault("ragged row", files.ragged, _VALUE),
    Fault("label flip of a class", values.flipped, _only(["label"], "is no label")),
    Fault("leaked test row", files.leaked, {"text": "would be a near-duplicate"}),
    Fault("near-duplicate", files.nearly_repeated, _only(["text"], "is no text")),
    Fault("future date", values.some(lambda *_: str(today() + timedelta(days=40)), 0.01), _only(["day"], "is no date")),
    Fault("unit change x1000", values.scaled, _only(["age", "amount"], "has no unit")),
    Fault("constant column", values.constant, _VALUE),
    Fault("row order", files.reordered, _VALUE, same=True),
    Fault("10x volume", files.tenfold, _WHOLE),
)
