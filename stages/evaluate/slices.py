"""Slices: rows that agree in a column, measured by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..metrics.interval import intervals
from ..metrics.sample import Sample
from .answers import Array

if TYPE_CHECKING:
    from .stage import Evaluate


MISSING = "(missing)"  # the value of rows that have none


@dataclass(frozen=True)
class Slice:
    """mask: [n], the rows that are in it."""

    column: str
    value: str
    mask: Array

    @property
    def name(self) -> str:
        """`kind=module`"""
        return f"{self.column}={self.value}"


def slices_of(columns: Sequence[str], table: pa.Table) -> list[Slice]:
    """Of each column a slice a value, in order; of `length` the quarters of the number of characters."""
    found = []
    for column in columns:
        if column == "length" and "text" not in table.column_names:
            continue  # the default, where there is nothing that has one
        values = _lengths(table) if column == "length" else _values(table, column)
        found += [Slice(column, value, mask) for value, mask in values]
    return found


def sliced(one: Slice, found: Sample, config: Evaluate) -> dict[str, Any]:
    """A slice with its metrics; with fewer rows than `min_rows` it is `not evaluated`, and so is each of them."""
    n = int(one.mask.sum())
    few = f"{n} rows, fewer than {config.min_rows}" if n < config.min_rows else ""
    return {
        "column": one.column,
        "value": one.value,
        "name": one.name,
        "n": n,
        "groups": len(np.unique(found.answers.groups)),
        "status": "not evaluated" if few else "ok",
        "reason": few,
        "metrics": intervals(found, config.resamples, config.seed, config.min_rows),
    }


def worst(slices: Sequence[dict[str, Any]], metric: str) -> dict[str, str]:
    """column -> the slice whose interval of the metric reaches furthest to the bad side."""
    found: dict[str, tuple[float, str]] = {}
    for one in slices:
        measured = one["metrics"][metric]
        if measured["status"] != "ok":
            continue
        bad = measured["low"] if measured["higher"] else -measured["high"]
        if one["column"] not in found or bad < found[one["column"]][0]:
            found[one["column"]] = (bad, one["name"])
    return {column: name for column, (_, name) in found.items()}


def _lengths(table: pa.Table) -> Iterator[tuple[str, Array]]:
    lengths = pc.utf8_length(table["text"]).to_numpy()
    edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75]).astype(int))
    bins = np.searchsorted(edges, lengths)
    bounds = [min(1, int(lengths.min())) - 1, *edges, int(lengths.max())]
    for position in np.unique(bins):
        yield f"{bounds[position] + 1}-{bounds[position + 1]}", bins == position


def _values(table: pa.Table, column: str) -> Iterator[tuple[str, Array]]:
    encoded = pc.fill_null(table[column].cast(pa.string()), MISSING).combine_chunks().dictionary_encode()
    codes, names = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    for code in sorted(range(len(names)), key=lambda code: names[code]):
        yield names[code], codes == code
