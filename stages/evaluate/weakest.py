"""Slices where a model is weakest: searched on one half of the rows, shown to be so on the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from ..metrics.corrected import holm
from .slices import MISSING

Array = np.ndarray[Any, Any]

LEVEL = 0.05  # family-wise: how often anything at all is found where there is nothing
_TESTED = 10  # candidates
_SMALLEST = 30  # rows of a slice in each half, and 1% of all
_GROUPS = 10  # of a slice in each half
_VALUES = 50  # of a column, the most frequent
_OVERLAP = 0.5  # of two candidates' rows (Jaccard) from which on they are one finding


@dataclass(frozen=True)
class _Column:
    """A column as numbers: codes [n] into the names, -1 for a value too rare to be one."""

    codes: Array
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    where: str
    rows: Array  # [n] bool


def weakest(columns: Mapping[str, Array], wrong: Array, groups: Array, seed: int) -> list[dict[str, Any]]:
    """The slices, by one condition or by two, where the mean of `wrong` is shown to be higher than on all other rows; the worst first.

    columns: name -> [n] texts, taken by value, or numbers, by quarter.  wrong: [n], 0 and 1 or a loss.  groups: [n].
    Half of the groups, drawn by the seed, say which ten slices to look at; the other half, which has no part in that, tests each of these
    by a score test that is robust to groups, one-sided, corrected for all ten by Holm (1979).  where: the conditions; n, value, rest: rows
    of the testing half in the slice, its mean there and that of the others; p, p_holm.  Nothing where fewer rows or groups
    are left than a test needs.
    """
    searching = _half(groups, seed)
    least = max(_SMALLEST, len(wrong) // 100)
    if min(searching.sum(), (~searching).sum()) < 2 * least:
        return []
    coded = {name: _coded(np.asarray(values), least) for name, values in columns.items()}
    chosen = _search(coded, np.asarray(wrong, np.float64), searching, least)
    tested = [found for one in chosen if (found := _tested(one, wrong, groups, ~searching, least))]
    for found, p in zip(tested, holm([one["p"] for one in tested]), strict=True):
        found["p_holm"] = p
    return sorted((one for one in tested if one["p_holm"] <= LEVEL), key=lambda one: (one["p"], one["where"]))


def _half(groups: Array, seed: int) -> Array:
    """[n] bool: the rows of half of the groups; half of the rows where all are of one group."""
    _, group = np.unique(groups, return_inverse=True)
    if group.max(initial=0) == 0:
        group = np.arange(len(groups))
    count = int(group.max(initial=0)) + 1
    first = np.zeros(count, bool)
    first[np.random.default_rng((seed, count)).permutation(count)[: count // 2]] = True
    return np.asarray(first[group])


def _coded(values: Array, least: int) -> _Column:
    if values.dtype.kind in "fiub":
        return _quarters(values.astype(np.float64))
    encoded = pc.fill_null(pa.array(values, pa.string()), "").dictionary_encode()  # sorting a million texts takes seconds
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    counts = np.bincount(codes, minlength=len(names))
    often = sorted(np.flatnonzero(counts >= 2 * least).tolist(), key=lambda at: (-counts[at], names[at]))[:_VALUES]
    place = np.full(len(names), -1)
    place[often] = np.arange(len(often))
    return _Column(place[codes], tuple(names[at] for at in often))


def _quarters(values: Array) -> _Column:
    """By quarter, each named by the least and the greatest number in it; what is no number is a value of its own."""
    known = np.isfinite(values)
    if not known.any():
        return _Column(np.full(len(values), -1), ())
    edges = np.unique(np.quantile(values[known], [0.25, 0.5, 0.75]))
    bins = np.where(known, np.searchsorted(edges, values), len(edges) + 1)
    present, codes = np.unique(bins, return_inverse=True)
    names = []
    for at, number in enumerate(present):
        here = values[codes == at]
        names.append(f"{here.min():g}-{here.max():g}" if number <= len(edges) else MISSING)
    return _Column(codes, tuple(names))


def _search(columns: Mapping[str, _Column], wrong: Array, searching: Array, least: int) -> list[_Candidate]:
    """The slices with the highest score on the searching half, no two of which are mostly the same rows."""
    ranked = sorted(_scored(columns, wrong[searching], searching, least), key=lambda one: (-one[0], one[1]))
    chosen: list[_Candidate] = []
    for _, conditions in ranked[: 20 * _TESTED]:
        rows = np.logical_and.reduce([columns[name].codes == code for name, code in conditions])
        if all(_overlap(rows & searching, other.rows & searching) < _OVERLAP for other in chosen):
            chosen.append(_Candidate(" and ".join(f"{name}={columns[name].names[code]}" for name, code in conditions), rows))
        if len(chosen) == _TESTED:
            break
    return chosen


Conditions = tuple[tuple[str, int], ...]


def _scored(columns: Mapping[str, _Column], wrong: Array, searching: Array, least: int) -> Iterator[tuple[float, Conditions]]:
    """(score, conditions) of every slice that is worse than the rest; counts of all slices of two columns take one pass."""
    codes = {name: column.codes[searching] + 1 for name, column in columns.items()}
    widths = {name: len(column.names) + 1 for name, column in columns.items()}
    for names in (*((name,) for name in columns), *combinations(columns, 2)):
        cell = codes[names[0]]
        for name in names[1:]:
            cell = cell * widths[name] + codes[name]
        size = int(np.prod([widths[name] for name in names]))
        counts = np.bincount(cell, minlength=size)
        sums = np.bincount(cell, weights=wrong, minlength=size)
        for at in np.flatnonzero((counts >= least) & (counts <= len(wrong) - least)):
            places = np.unravel_index(at, [widths[name] for name in names])
            if min(places) == 0:
                continue  # rare values, which are no slice
            score = _score(counts[at], sums[at], wrong)
            if score > 0:
                yield score, tuple((name, int(place) - 1) for name, place in zip(names, places, strict=True))


def _score(n: float, total: float, wrong: Array) -> float:
    """How many standard errors the mean of n rows lies above that of the others, were all rows independent."""
    whole = len(wrong)
    gap = total / n - (wrong.sum() - total) / (whole - n)
    spread = float(wrong.std())
    return float(gap / (spread * np.sqrt(1 / n + 1 / (whole - n)))) if spread else 0.0


def _overlap(rows: Array, others: Array) -> float:
    return float((rows & others).sum() / max(1, (rows | others).sum()))


def _tested(one: _Candidate, wrong: Array, groups: Array, testing: Array, least: int) -> dict[str, Any] | None:
    """A candidate on the testing half; None where that holds too little of it."""
    inside, values = one.rows[testing], np.asarray(wrong, np.float64)[testing]
    _, group = np.unique(groups[testing], return_inverse=True)
    if group.max(initial=0) == 0:
        group = np.arange(len(values))
    if not least <= inside.sum() <= len(values) - least or len(np.unique(group[inside])) < _GROUPS:
        return None
    return {
        "where": one.where,
        "n": int(inside.sum()),
        "value": float(values[inside].mean()),
        "rest": float(values[~inside].mean()),
        "p": worse(inside, values, group),
    }


def worse(inside: Array, values: Array, group: Array) -> float:
    """One-sided p-value of a higher mean inside: the score test of a slope, its variance by groups, Student's t with their number less one.

    inside: [n] bool; values: [n]; group: [n] numbers from 0.
    """
    scores = np.bincount(group, weights=(inside - inside.mean()) * (values - values.mean()))
    spread = float(np.square(scores).sum())
    count = len(scores)
    return float(stats.t.sf(scores.sum() / np.sqrt(spread), count - 1)) if spread > 0 else 1.0
