"""A table compared with the champion's: the findings of a Drift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import Finding, Table
from pipeline.errors import bounded

from ..metrics.corrected import holm
from . import permute
from .measures import Measure, are_identifiers, kind, measures, order
from .reordered import reordered
from .sampled import Sample, sample

if TYPE_CHECKING:
    from .drift import Drift

_BLOCKS = 100  # of the smaller table's sample, at least
_LARGER = 4  # how many times more rows than the smaller one's are worth comparing
_ORDER = 0.15  # of how rows follow each other, at least: sorted rows have 0.5 in a number and 0.2 in a label of one in eight
RULES = {
    "values": "values are spread as before",
    "range": "lies in the range of before",
    "length": "lengths are spread as before",
    "vocabulary": "words are used as often as before",
    "characters": "has no characters that were not there before",
    "balance": "categories have their shares of before",
    "new": "has no new category",
    "vanished": "no category has vanished",
    "nulls": "has the share of nulls of before",
    "order": "rows follow each other as before",
}


def compare(check: Drift, after: Table[Any], before: Table[Any]) -> list[Finding]:
    """The findings, in the order of the table's columns; row numbers first, the order of all rows last."""
    counts = (before.count(), after.count())
    rows = _volume(check, *counts)
    if 0 in counts:
        return [rows]
    most = min(check.sample, min(counts) * _LARGER)
    old, new = sample(before, None, most), sample(after, None, most)
    sizes = old.rows.num_rows, new.rows.num_rows
    chosen = check.of(new.rows.column_names, after.record.key())
    findings: list[Finding | tuple[str, Measure]] = [rows]
    for name in chosen:
        findings += _column(check, name, old, new)
    return [*_judged(check, findings, sizes, max(1, min(sizes) // _BLOCKS)), reordered(after, before)]


def _column(check: Drift, name: str, old: Sample, new: Sample) -> Iterator[Finding | tuple[str, Measure]]:
    if name not in old.rows.column_names:
        yield _finding(check, "is a column of the champion's data", name, new.rows.num_rows, True, "the column is new")
        return
    was, found = old.rows[name], new.rows[name]
    category = name == "label" or name in check.categories
    sort = kind(was, category)
    if was.type != found.type and "nothing" not in (sort, kind(found, category)):
        note = f"found {found.type}, expected {was.type} as before"
        yield _finding(check, "has its type of before", name, new.rows.num_rows, False, note)
        return
    if sort == "nothing" or was.type != found.type:
        yield _finding(check, "has its type of before", name, new.rows.num_rows, True, "it had no values to compare with")
        return
    if sort == "text" and name not in check.columns and are_identifiers(was) and are_identifiers(found):
        yield _finding(
            check,
            "holds identifiers as before",
            name,
            new.rows.num_rows,
            True,
            "new ones are no drift; only nulls are compared",
        )
        sort = "identifier"
    for measure in measures(sort, was, found):
        yield name, measure
    if sort in ("number", "category"):
        for measure in order(sort, (was, old.following[name]), (found, new.following[name])):
            yield name, measure


def _judged(check: Drift, found: list[Any], sizes: tuple[int, int], size: int) -> Iterator[Finding]:
    """Each measure tested, and its p-value corrected for all of them."""
    tested = [one for one in found if isinstance(one, tuple)]
    exchanges = int(2 * len(tested) / check.alpha) + 1
    tables, outcomes = [], []
    for name, measure in tested:
        blocks, champions = _blocks(measure, sizes, size)
        threshold = _threshold(check, name, measure)
        outcomes.append(permute.permutation_test(blocks, champions, measure.statistic, threshold, exchanges))
        tables.append((blocks[:champions].sum(axis=0), blocks[champions:].sum(axis=0)))
    corrected = holm([outcome.p for outcome in outcomes])
    results = iter(zip(tested, outcomes, corrected, tables, strict=True))
    for one in found:
        if isinstance(one, Finding):
            yield one
            continue
        (name, measure), outcome, p, (before, after) = next(results)
        threshold = _threshold(check, name, measure)
        passed = outcome.effect <= threshold or p >= check.alpha
        evaluated = int(np.unique(measure.rows[measure.rows >= sizes[0]]).size)
        note = f"effect {outcome.effect:.3f}, threshold {threshold:g}, corrected p {p:.2g}"
        finding = _finding(check, RULES[measure.what], name, evaluated, passed, note)
        if not passed:
            finding = finding.model_copy(
                update={
                    "failed": max(1, round(outcome.effect * evaluated)),
                    "examples": tuple(_changes(measure, before, after)),
                    "severity": "warn" if measure.warns else check.severity,
                }
            )
        yield finding


def _blocks(measure: Measure, sizes: tuple[int, int], size: int) -> tuple[permute.Floats, int]:
    """Values counted by block of rows and cell; rows that fill no block are left out."""
    champions, news = sizes[0] // size, sizes[1] // size
    second = measure.rows >= sizes[0]
    block = np.where(second, (measure.rows - sizes[0]) // size + champions, measure.rows // size)
    whole = np.where(second, block < champions + news, block < champions)
    cells = len(measure.names)
    counted = np.bincount(block[whole] * cells + measure.cells[whole], minlength=(champions + news) * cells)
    return counted.reshape(champions + news, cells).astype(np.float32), champions


def _threshold(check: Drift, name: str, measure: Measure) -> float:
    usual = check.label if name == "label" else check.default
    threshold = check.unseen if measure.unseen else check.columns.get(name, usual)
    return max(threshold, _ORDER) if measure.warns else threshold


def _changes(measure: Measure, before: Any, after: Any) -> Iterable[str]:
    """The cells whose share has changed most; of numbers, how the quartiles have moved."""
    if measure.statistic is permute.steps:
        for share in (0.25, 0.5, 0.75):
            was, found = (measure.names[int(np.searchsorted(np.cumsum(n), share * n.sum()))] for n in (before, after))
            yield f"quantile {share:g}: {was} -> {found}"
        return
    rows = (before[0], after[0]) if measure.statistic is permute.unheard else (before.sum(), after.sum())
    was, found = before / max(rows[0], 1), after / max(rows[1], 1)
    change = found - was
    if measure.statistic in (permute.new, permute.outside, permute.unheard):
        change = np.where(before == 0, change, 0)
    elif measure.statistic is permute.vanished:
        change = np.where(after == 0, change, 0)
    for cell in np.argsort(-np.abs(change), kind="stable")[:5]:
        if change[cell]:
            yield f"{bounded(measure.names[cell], 40)}: {was[cell]:.2%} -> {found[cell]:.2%}"


def _volume(check: Drift, before: int, after: int) -> Finding:
    passed = after * check.volume > before and after < before * check.volume
    return Finding(
        rule=f"has less than {check.volume:g} times more or fewer rows than before", evaluated=after if before else 0,
        failed=0 if passed else after, passed=passed, severity=check.severity, note=f"{before:,} rows -> {after:,}",
    )  # fmt: skip


def _finding(check: Drift, rule: str, column: str, evaluated: int, passed: bool, note: str) -> Finding:
    failed = 0 if passed else evaluated
    return Finding(
        rule=rule, column=column, evaluated=evaluated, failed=failed, passed=passed, severity=check.severity, note=note
    )
