"""What one feature by itself says of the label: the findings of a Giveaway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Finding, Table
from pipeline.errors import bounded

from ..metrics.shares import share
from .measures import plain
from .normal import Ints, codes, row_codes

if TYPE_CHECKING:
    from .giveaway import Giveaway

_RANGES = 50  # of numbers
_READ = 1_000  # characters of a text
_FEWEST = 20  # test rows that a word must be in


def judge_giveaway(check: Giveaway, table: Table[Any]) -> Iterator[Finding]:
    """The findings, in the order of the table's columns; that on words last."""
    apart = {*table.record.key(), check.split, check.label, check.text, check.group, *check.skip}
    rows = table.read()
    train, test = (np.asarray(pc.equal(rows[check.split], part)) for part in ("train", "test"))
    labels = row_codes([rows[check.label]]) if rows.num_rows else np.zeros(0, np.int64)
    groups = codes(rows[check.group]) if check.group else np.arange(rows.num_rows)
    if not train.any() or not test.any():
        yield _finding(check, check.label, "has rows to learn from and to test", 0, 0, False, ())
        return
    usual = float((labels[test] == np.bincount(labels[train]).argmax()).mean())
    for name in table.record.columns():
        if name not in apart:
            values = _values(rows[name], train)
            right = _likeliest(values[train], labels[train], values[test]) == labels[test]
            found = share(right, groups[test])
            gives = found["low"] >= check.limit > usual
            said = (f"right in {found['value']:.1%} of the test rows, at least {found['low']:.1%}; guessing: {usual:.1%}",)
            yield _finding(check, name, "does not give the label away", len(right), int(right.sum()), not gives, said)
    if check.text and check.words:
        yield _words(check, rows[check.text], labels, groups, train, test)


def _values(column: pa.ChunkedArray, train: Any) -> Ints:
    """A number for each value; of a column of many numbers, for each range that holds as many training rows."""
    number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_temporal(column.type)
    if not number or pc.count_distinct(column).as_py() <= _RANGES:
        return codes(column)
    values = plain(column).to_numpy().astype(np.float64)
    known = np.isfinite(values)
    if not (known & train).any():
        return codes(column)
    edges = np.unique(np.quantile(values[known & train], np.linspace(0, 1, _RANGES + 1)[1:-1]))
    return np.where(known, np.searchsorted(edges, values) + 1, 0)


def _likeliest(values: Ints, labels: Ints, asked: Ints) -> Ints:
    """The most frequent label of each value that is asked, -1 for one that training never saw."""
    width = int(labels.max()) + 1
    pairs, counts = np.unique(values.astype(np.int64) * width + labels, return_counts=True)
    order = np.lexsort((-counts, pairs // width))
    known, first = np.unique((pairs // width)[order], return_index=True)
    best = (pairs % width)[order][first]
    at = np.searchsorted(known, asked).clip(max=len(known) - 1)
    return np.where(known[at] == asked, best[at], -1)


def _words(check: Giveaway, texts: pa.ChunkedArray, labels: Ints, groups: Ints, train: Any, test: Any) -> Finding:
    """The words that, where they stand, say the label, although it is not that of nearly all rows anyway."""
    word, row, names = _standing(texts, check.words)
    width, count = int(labels.max()) + 1, len(names)
    seen, asked = train[row], test[row]
    by_label = np.bincount(word[seen] * width + labels[row[seen]], minlength=count * width).reshape(count, width)
    best = by_label.argmax(axis=1)
    hits = np.bincount(word[asked], weights=labels[row[asked]] == best[word[asked]], minlength=count)
    rows = np.bincount(word[asked], minlength=count)
    usual = np.bincount(labels[test], minlength=width) / max(1, int(test.sum()))
    least = max(_FEWEST, check.share * int(test.sum()))
    likely = (rows >= least) & (hits >= check.limit * rows) & (usual[best] < check.limit) & (by_label.sum(axis=1) >= _FEWEST)
    found = []
    for at in np.flatnonzero(likely):
        here = row[asked & (word == at)]
        outcome = share(labels[here] == best[at], groups[here])
        if outcome["low"] >= check.limit:
            found.append(
                (-len(here), f"{bounded(names[at], 40)}: one label in {outcome['value']:.1%} of {len(here):,} test rows")
            )
    told = tuple(said for _, said in sorted(found)[:5])
    looked_at = int((rows >= least).sum())
    note = "" if looked_at else f"no word is in {least:.0f} test rows"
    finding = _finding(check, check.text, "no word gives the label away", max(looked_at, 1), len(found), not found, told)
    return finding.model_copy(update={"note": note})


def _standing(texts: pa.ChunkedArray, most: int) -> tuple[Ints, Ints, list[str]]:
    """Which of the most frequent words stand in which rows, each once: words, rows; and the words."""
    small = pc.utf8_lower(pc.utf8_slice_codeunits(pc.fill_null(texts, ""), 0, _READ))
    split = pc.split_pattern_regex(small, r"[^\p{L}\p{N}\p{M}]+").combine_chunks()
    tokens, rows = pc.list_flatten(split), pc.list_parent_indices(split).to_numpy()
    real = np.asarray(pc.not_equal(tokens, ""))
    encoded = tokens.filter(pa.array(real)).dictionary_encode()
    word, row = encoded.indices.to_numpy().astype(np.int64), rows[real]
    pairs = np.unique(word * (len(texts) + 1) + row) if len(word) else np.zeros(0, np.int64)
    word, row = pairs // (len(texts) + 1), pairs % (len(texts) + 1)
    counts = np.bincount(word, minlength=len(encoded.dictionary))
    kept = np.argsort(-counts, kind="stable")[:most]
    place = np.full(len(counts), -1)
    place[kept] = np.arange(len(kept))
    there = place[word] >= 0
    return place[word[there]], row[there], encoded.dictionary.take(pa.array(kept)).to_pylist()


def _finding(
    check: Giveaway, column: str | None, rule: str, evaluated: int, failed: int, passed: bool, examples: tuple[str, ...]
) -> Finding:
    return Finding(
        rule=rule, column=column, evaluated=evaluated, failed=0 if passed else failed, passed=passed, severity=check.severity,
        examples=() if passed else examples, note=examples[0] if passed and examples else "",
    )  # fmt: skip
