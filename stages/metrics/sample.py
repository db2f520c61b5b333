"""A model's metrics on some rows: as they are, on rows drawn again, and with each block of rows left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from .blocks import added_up, drawn

if TYPE_CHECKING:
    from ..evaluate.answers import Answers
    from .own import Metric
    from .rank import Ranked

Array = np.ndarray[Any, Any]
_AT_ONCE = 2**24  # numbers


@dataclass(frozen=True)
class Sample:
    """sums: of each block of rows, [blocks, k].  weights: how often each is drawn, [samples, blocks].  block: of each row, [n].

    ranks: for metrics of ranks the value and what each block adds to it, [blocks], which stands for drawing rows again.
    own: metrics that are no functions of sums, of the answers.
    """

    answers: Answers
    block: Array
    weights: Array
    sums: sparse.csr_array
    ranks: dict[str, Ranked]
    own: tuple[Metric, ...] = ()

    @cached_property
    def values(self) -> dict[str, float]:
        """metric -> value, NaN where it is not defined."""
        total = np.asarray(self.sums.sum(axis=0))
        found = {name: float(value) for name, value in self.answers.of_sums(total).items()}
        found |= {name: one.value for name, one in self.ranks.items()}
        return found | {metric.name: _measured(metric, self.answers) for metric in self.own}

    def column(self, place: int) -> Array:
        """One of the sums of each block: [blocks]"""
        return np.asarray(self.sums[:, [place]].toarray()[:, 0])

    @cached_property
    def rows(self) -> Array:
        """How many rows each block has: [blocks]"""
        return self.column(0)

    @cached_property
    def drawn_sums(self) -> Array:
        """[samples, k]"""
        return drawn(self.weights, self.sums)

    @cached_property
    def drawn(self) -> dict[str, Array]:
        """metric -> its value of each sample: [samples]"""
        found = in_parts(self.answers.of_sums, self.drawn_sums)
        return found | self._own_drawn()

    @cached_property
    def left_out(self) -> dict[str, Array]:
        """metric -> its value without each block: [blocks], for those that are functions of sums."""
        total, width = np.asarray(self.sums.sum(axis=0)), self.sums.shape[1]
        step = max(1, _AT_ONCE // max(1, width))
        parts = [
            self.answers.of_sums(total - self.sums[start : start + step].toarray())
            for start in range(0, self.sums.shape[0], step)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}

    def _own_drawn(self) -> dict[str, Array]:
        if not self.own:
            return {}
        order = np.argsort(self.block, kind="stable")
        starts = np.searchsorted(self.block[order], np.arange(self.weights.shape[1] + 1))
        found: dict[str, list[float]] = {metric.name: [] for metric in self.own}
        for weights in self.weights:
            times = np.repeat(weights.astype(int), np.diff(starts))
            part = self.answers.take(order[np.repeat(np.arange(len(order)), times)])
            for metric in self.own:
                found[metric.name].append(_measured(metric, part))
        return {name: np.array(values) for name, values in found.items()}


def sample(
    answers: Answers,
    block: Array,
    weights: Array,
    rows: Array | None = None,
    columns: sparse.csr_array | None = None,
    own: Sequence[Metric] = (),
) -> Sample:
    """Of all rows, or of those where `rows` is true, without metrics of ranks then. columns: those of the answers, where they are at hand."""
    columns = answers.columns() if columns is None else columns
    count = weights.shape[1]
    if rows is not None:
        sums = added_up(columns[np.flatnonzero(rows)], block[rows], count)
        return Sample(answers.where(rows), block[rows], weights, sums, {}, tuple(own))
    ranks = {
        name: one._replace(influence=np.bincount(block, weights=one.influence, minlength=count))
        for name, one in answers.ranks().items()
    }
    return Sample(answers, block, weights, added_up(columns, block, count), ranks, tuple(own))


def in_parts(function: Callable[[Array], dict[str, Array]], sums: Array) -> dict[str, Array]:
    """A function of the rows of `sums`, some at a time: with thousands of classes one row is large."""
    step = max(1, _AT_ONCE // max(1, sums.shape[1]))
    parts = [function(sums[start : start + step]) for start in range(0, len(sums), step)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measured(metric: Metric, answers: Answers) -> float:
    return float(metric.measure(answers.truth, answers.outputs, answers.classes)) if len(answers.truth) else float("nan")
