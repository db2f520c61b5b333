"""Rows that a model is sure of and gets wrong: the findings of a ConfidentAndWrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Finding, Table
from pipeline.errors import bounded

from ..metrics.shares import share
from .normal import Ints, codes
from .repeats import failing_rows

if TYPE_CHECKING:
    from .confident import ConfidentAndWrong

_SUM = 1e-3  # how far from 1 the values of a row may sum, to be probabilities of classes that exclude each other


@dataclass(frozen=True)
class _Sure:
    """Rows of one model that it is sure of, by their places in the table, and which of them are wrong."""

    model: str
    rows: Ints
    wrong: Any
    confidence: Any


def judge_confident(check: ConfidentAndWrong, table: Table[Any]) -> Iterator[Finding]:
    """One finding a model of classes; one that says so where there is none."""
    rows = table.read(["id", "model", "label", "prediction", "group", "values"])
    groups = codes(rows["group"])
    found = list(_sure(check, rows))
    for one in found:
        outcome = share(one.wrong, groups[one.rows])
        passed = not one.wrong.any() or outcome["low"] <= check.most
        worst = one.rows[one.wrong][np.argsort(-one.confidence[one.wrong], kind="stable")[:5]]
        said = f"{outcome['value']:.2%} of {outcome['n']:,} are wrong" if outcome["n"] else "it is sure of no row"
        yield Finding(
            rule=_rule(check, one.model), evaluated=max(1, len(one.rows)), failed=int(one.wrong.sum()), passed=passed,
            severity=check.severity, note=said, examples=tuple(_told(rows, int(at)) for at in worst),
        )  # fmt: skip
    if not found:
        note = "these predictions are no probabilities of classes that exclude each other"
        yield Finding(
            rule="models are right where they are sure", evaluated=1, failed=0, passed=True, severity=check.severity, note=note
        )


def failing_confident(check: ConfidentAndWrong, table: Table[Any], rules: set[str]) -> Iterator[pa.Table]:
    """The rows that break these rules, in the quarantine's form, in the order of the table."""
    rows = table.read(["id", "model", "label", "prediction", "group", "values"])
    for one in _sure(check, rows):
        if _rule(check, one.model) in rules:
            values = [f"{sure:.4f}" for sure in one.confidence[one.wrong]]
            yield from failing_rows(table, one.rows[one.wrong], _rule(check, one.model), "prediction", values)


def _sure(check: ConfidentAndWrong, rows: pa.Table) -> Iterator[_Sure]:
    """Of each model that gives probabilities, the rows that it is sure of."""
    values = rows["values"].combine_chunks()
    flat = values.flatten().to_numpy()
    widths = pc.list_value_length(values).to_numpy()
    starts = np.cumsum(widths) - widths
    if not len(flat):
        return
    confidence, sums = np.maximum.reduceat(flat, starts), np.add.reduceat(flat, starts)
    wrong = np.asarray(pc.not_equal(rows["label"], rows["prediction"]))
    for name in rows["model"].unique().to_pylist():
        mine = np.asarray(pc.equal(rows["model"], name))
        if check.model in ("", name) and (widths[mine] > 1).all() and (np.abs(sums[mine] - 1) < _SUM).all():
            at = np.flatnonzero(mine & (confidence >= check.sure))
            yield _Sure(name, at, wrong[at], confidence[at])


def _rule(check: ConfidentAndWrong, model: str) -> str:
    return f"{model}: of what it is {check.sure:g} sure of, at most {check.most:.2%} is wrong"


def _told(rows: pa.Table, at: int) -> str:
    one = {name: bounded(rows[name][at].as_py(), 40) for name in ("id", "label", "prediction")}
    return f"{one['id']}: {one['prediction']}, not {one['label']}"
