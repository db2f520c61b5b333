"""Measures: what is compared of a column. Each puts the rows of both tables into cells, one way for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from . import permute

Ints = npt.NDArray[np.int64]

_BINS = 128  # of numbers: D is seen to 1/128 of the rows, and exactly where there are fewer values
_TAIL = 250  # bins of the highest tenth of the numbers, and as many of the lowest: the range is seen to 1/2,500 of the rows
_CELLS = 500  # of categories and words: the most frequent, and one for all others
_CHARACTERS = 1_000  # the most frequent
_READ = 1_000  # characters of a text: a mail of a megabyte says what it says early on
_NEARLY = 0.95  # of the values, and of how many differ, where they are identifiers
_IDENTIFIER = "^[!-~]{0,64}[0-9][!-~]{0,64}$"
_CATEGORIES = 1_000  # at most; a column of strings with more values, or fewer than four rows a value, is text


@dataclass(frozen=True)
class Measure:
    """One way to put values into cells.

    what: in words.  rows, cells: of each value, the row it stands in and its cell; the rows of the new table follow those of the champion's.
    names: of the cells.  unseen: judged by the threshold of what one side lacks.  warns: told, and blocks nothing.
    """

    what: str
    statistic: permute.Statistic
    rows: Ints
    cells: Ints
    names: tuple[str, ...]
    unseen: bool = False
    warns: bool = False


def kind(values: pa.ChunkedArray, category: bool) -> str:
    """What a column is to its measures, by its type and, for strings, by the champion's values."""
    found = values.type
    if pa.types.is_dictionary(found) or pa.types.is_boolean(found):
        return "category"
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        distinct = pc.count_distinct(values).as_py()
        few = distinct <= _CATEGORIES and len(values) - values.null_count >= 4 * distinct > 0
        return "category" if category or few else "text"
    if pa.types.is_binary(found) or pa.types.is_large_binary(found):
        return "bytes"
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        return "list"
    return "nothing" if pa.types.is_null(found) or pa.types.is_struct(found) else "number"


def are_identifiers(values: pa.ChunkedArray) -> bool:
    """Whether strings are such as `A-17`, nearly all different: new rows have new ones. Texts have words, with spaces or without digits."""
    values = values.drop_null()
    alike = pc.sum(pc.match_substring_regex(values, _IDENTIFIER)).as_py() or 0
    return bool(min(alike, pc.count_distinct(values).as_py()) >= _NEARLY * max(1, len(values)))


def measures(kind: str, before: pa.ChunkedArray, after: pa.ChunkedArray) -> Iterator[Measure]:
    """The measures of a column; none of values where one table has nothing but nulls."""
    both = pa.chunked_array([*before.chunks, *after.chunks], before.type)
    if kind == "number":
        both = plain(both)
    there = np.flatnonzero(np.asarray(both.is_valid()))
    yield from _nulls(both, len(before))
    if not (there < len(before)).any() or not (there >= len(before)).any():
        return
    values = both.drop_null()
    if kind == "category":
        yield from _categories(values, there)
    elif kind == "number":
        yield _ordered("values", values.to_numpy(), there)
        if not pa.types.is_temporal(before.type):  # that time goes on is no fault
            yield _range(values.to_numpy(), there)
    elif kind == "list":
        yield _ordered("length", pc.list_value_length(values).to_numpy(), there)
    elif kind == "bytes":
        yield _ordered("length", pc.binary_length(values).to_numpy(), there)
    if kind == "text":
        yield _ordered("length", pc.utf8_length(values).to_numpy(), there)
        values = pc.utf8_slice_codeunits(values, 0, _READ)
        yield from _vocabulary(values, there)
        yield from _characters(values, there)


def order(kind: str, before: tuple[Any, Any], after: tuple[Any, Any]) -> Iterator[Measure]:
    """How each row stands to the one that follows it: the same category or another; less, equal or more."""
    these, nexts = (pa.chunked_array([*old.chunks, *new.chunks], old.type) for old, new in zip(before, after, strict=True))
    if kind == "number":
        these, nexts = plain(these), plain(nexts)
        compared = pc.add(pc.cast(pc.less_equal(these, nexts), pa.int64()), pc.cast(pc.less(these, nexts), pa.int64()))
        names: tuple[str, ...] = ("less", "equal", "more")
    else:
        compared, names = pc.cast(pc.equal(these, nexts), pa.int64()), ("another", "the same")
    there = np.flatnonzero(np.asarray(compared.is_valid()))
    if len(there):
        yield Measure("order", permute.variation, there, compared.drop_null().to_numpy(), names, warns=True)


def _nulls(values: pa.ChunkedArray, champions: int) -> Iterator[Measure]:
    missing = np.asarray(values.is_null())
    if missing.any():
        cells = missing.astype(np.int64)
        appeared = not missing[:champions].any()
        yield Measure("nulls", permute.variation, np.arange(len(cells)), cells, ("there", "null"), unseen=appeared)


def _categories(values: pa.ChunkedArray, rows: Ints) -> Iterator[Measure]:
    cells, names = _frequent(pc.cast(values, pa.string()))
    yield Measure("balance", permute.variation, rows, cells, names)
    yield Measure("new", permute.new, rows, cells, names, unseen=True)
    yield Measure("vanished", permute.vanished, rows, cells, names, unseen=True)


def _ordered(what: str, values: Any, rows: Ints) -> Measure:
    """Bins that hold as many of all values each, or one for each value where they are few."""
    distinct = np.unique(values)
    if len(distinct) > _BINS:
        distinct = np.unique(np.sort(values)[:: -(-len(values) // _BINS)])
    cells = np.searchsorted(distinct, values, side="right") - 1
    return Measure(what, permute.steps, rows, cells, tuple(f"{value:.6g}" for value in distinct))


def _range(values: Any, rows: Ints) -> Measure:
    """Narrow bins at both ends, and one for all between them."""
    ranked = np.sort(values)
    tenth = max(1, len(ranked) // 10)
    width = -(-tenth // _TAIL)
    edges = np.unique(np.concatenate([ranked[:tenth:width], ranked[tenth : tenth + 1], ranked[::-1][:tenth:width]]))
    cells = (np.searchsorted(edges, values, side="right") - 1).clip(0)
    return Measure("range", permute.outside, rows, cells, tuple(f"{value:.6g}" for value in edges), unseen=True)


def _vocabulary(texts: pa.ChunkedArray, rows: Ints) -> Iterator[Measure]:
    words = pc.split_pattern_regex(pc.utf8_lower(texts), r"[^\p{L}\p{N}\p{M}]+").combine_chunks()
    tokens, parents = pc.list_flatten(words), pc.list_parent_indices(words)
    real = pc.not_equal(tokens, "")
    tokens, parents = tokens.filter(real), parents.filter(real)
    if len(tokens):
        cells, names = _frequent(pa.chunked_array([tokens]))
        yield Measure("vocabulary", permute.variation, rows[parents.to_numpy()], cells, names)


def _characters(texts: pa.ChunkedArray, rows: Ints) -> Iterator[Measure]:
    """In how many texts each character stands; the first cell counts the texts."""
    points = np.frombuffer("".join(texts.to_pylist()).encode("utf-32-le", "surrogatepass"), np.uint32)
    frequency = np.bincount(points, minlength=1)
    known = np.argsort(-frequency, kind="stable")[: min(_CHARACTERS, np.count_nonzero(frequency))]
    cell = np.full(len(frequency), len(known), np.int64)  # rarer ones share a cell
    cell[known] = np.arange(len(known))
    cells = len(known) + 1
    stands = np.zeros(len(rows) * cells, bool)
    stands[np.repeat(np.arange(len(rows)), pc.utf8_length(texts).to_numpy()) * cells + cell[points]] = True
    places = np.flatnonzero(stands)
    names = ("texts", *(repr(chr(point))[1:-1] for point in known.tolist()), "rarer ones")
    found = np.concatenate([np.zeros(len(rows), np.int64), places % cells + 1])
    yield Measure("characters", permute.unheard, np.concatenate([rows, rows[places // cells]]), found, names, unseen=True)


def _frequent(values: pa.ChunkedArray) -> tuple[Ints, tuple[str, ...]]:
    """The cell of each value: by how often it occurs, all that are rare in the last."""
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.to_numpy()
    counts = np.bincount(codes, minlength=len(encoded.dictionary))
    names = encoded.dictionary.to_pylist()
    ranked = sorted(range(len(names)), key=lambda at: (-counts[at], names[at]))
    cell = np.full(len(names), _CELLS)
    cell[ranked[:_CELLS]] = np.arange(min(len(names), _CELLS))
    shown = [names[at] for at in ranked[:_CELLS]] + (["all others"] if len(names) > _CELLS else [])
    return cell[codes], tuple(shown)


def plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers as floats, moments as whole numbers; NaN is no value."""
    if pa.types.is_temporal(values.type):
        return values.cast(pa.int32() if values.type.bit_width == 32 else pa.int64()).cast(pa.float64(), safe=False)
    values = values.cast(pa.float64(), safe=False)
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
