"""Near-duplicate texts: candidates by MinHash and banding, each then verified exactly.

A text is the set of its runs of five characters; two are near where the runs they share are at least a given part of all runs they have
(Jaccard; Broder 1997).  MinHash by whole arrays: 100,000 short texts take a core some seconds, and the candidates are a pure function of the
texts.  The libraries were measured: datasketch 2 takes 12 s for the hashes alone, 0.6 s to import, and hashes otherwise than version 1; rensa is
faster than this, but is one person's, before its first stable version.  Neither would save the exact verification, which is half of the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

RUN = 5  # characters
_BANDS, _MOST = 24, 8  # hashes in a band: as many as still make a pair that is just near enough a candidate with
_SURE = 0.999  # this probability; a pair that is nearer becomes one with a higher
_AT_ONCE = 4_000_000  # characters
_TRIED = 4  # candidates of one text in one band: of many that look alike, one that is near is enough
_SEED = 20_262


def near(texts: Sequence[str], others: Sequence[str], least: float) -> dict[int, int]:
    """Position of a text -> position of one of the others that it is near to, of those that are near to any.

    Texts shorter than a run are near to none.  Memory: 192 bytes a text.
    """
    rows = hashes_in_band(least)
    mine, theirs = signatures(texts, rows), signatures(others, rows)
    found: dict[int, int] = {}
    for band in range(_BANDS):
        left = np.array([at for at in range(len(texts)) if at not in found], np.int64)
        seen: set[tuple[int, int]] = set()
        for at, other in _candidates(mine[left, band], theirs[:, band]):
            text = int(left[at])
            if text not in found and (text, other) not in seen and jaccard(texts[text], others[other]) >= least:
                found[text] = other
    return found


def hashes_in_band(least: float) -> int:
    """How many hashes must agree for a pair to be a candidate: the more, the fewer candidates there are in vain."""
    return max([rows for rows in range(1, _MOST + 1) if 1 - (1 - least**rows) ** _BANDS >= _SURE], default=1)


def signatures(texts: Sequence[str], rows: int) -> Words:
    """(texts, bands): a hash of the least hashes of each band, of which there are so many."""
    return np.concatenate([np.zeros((0, _BANDS), np.uint64), *(_signed(some, rows) for some in _parts(texts))])


def runs(text: str) -> frozenset[str]:
    """The runs of characters of a text."""
    return frozenset(text[at : at + RUN] for at in range(len(text) - RUN + 1))


def jaccard(text: str, other: str) -> float:
    """The runs that both have, of those that either has."""
    mine, theirs = runs(text), runs(other)
    return len(mine & theirs) / max(len(mine | theirs), 1)


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if size >= _AT_ONCE:
            yield texts[start : at + 1]
            start, size = at + 1, 0
    if start < len(texts):
        yield texts[start:]


def _signed(texts: Sequence[str], rows: int) -> Words:
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    ends = np.cumsum(lengths)
    draw = np.random.default_rng(_SEED)
    factors = draw.integers(0, 2**31, _BANDS * rows).astype(np.uint32) * np.uint32(2) + np.uint32(1)
    masks = draw.integers(0, 2**32, _BANDS * rows).astype(np.uint32)
    signed = draw.integers(0, 2**64, (len(texts), _BANDS), np.uint64)  # those too short for a run look like nothing
    whole = np.flatnonzero(lengths >= RUN)
    if not len(whole):
        return signed
    hashes = np.zeros(len(points) - RUN + 1, np.uint64)
    with np.errstate(over="ignore"):
        for step in range(RUN):
            hashes = hashes * np.uint64(0x100000001B3) + points[step : len(points) - RUN + 1 + step]
        hashes = _mixed(hashes)
        counts = lengths[whole] - RUN + 1
        starts = (ends - lengths)[whole]
        first = np.cumsum(counts) - counts
        own = hashes[np.repeat(starts - first, counts) + np.arange(counts.sum())].astype(np.uint32)
        for band in range(_BANDS):
            key = np.zeros(len(whole), np.uint64)
            for row in range(band * rows, (band + 1) * rows):
                least = np.minimum.reduceat((own ^ masks[row]) * factors[row], first)
                key = _mixed(key * np.uint64(31) + least)
            signed[whole, band] = key
    return signed


def _candidates(mine: Words, theirs: Words) -> Iterator[tuple[int, int]]:
    """Pairs with the same hash, the first few of each of mine."""
    order = np.argsort(theirs, kind="stable")
    ranked = theirs[order]
    low, high = np.searchsorted(ranked, mine, "left"), np.searchsorted(ranked, mine, "right")
    for turn in range(_TRIED):
        there = np.flatnonzero(high - low > turn)
        yield from zip(there.tolist(), order[low[there] + turn].tolist(), strict=True)


def _mixed(hashes: Words) -> Words:
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
