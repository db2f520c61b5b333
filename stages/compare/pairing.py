"""Two runs side by side: of each model that both have, its answers to the test rows that both have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import UsageError

from ..evaluate.answers import Answers
from ..evaluate.kinds import KINDS, target_of, words
from ..metrics.blocks import blocks, weights
from ..metrics.sample import Sample, sample
from .narrow import narrowed
from .paired import paired
from .said import answers_of, common, of_model

if TYPE_CHECKING:
    from .stage import Compare

Array = np.ndarray[Any, Any]
FEWEST = 30  # rows in common below which two runs are not compared


@dataclass(frozen=True)
class Pairing:
    """One model, or one over several seeds. before, after: a run's answers to the same rows, one a seed.

    rows: of each side the predictions of its first seed, in the same order.  left_out: rows that one run alone has.  unlike: metrics that the
    runs define in two ways.
    """

    config: Compare
    before: tuple[Answers, ...]
    after: tuple[Answers, ...]
    rows: tuple[pa.Table, pa.Table]
    left_out: int
    unlike: tuple[str, ...]

    @cached_property
    def _drawn(self) -> tuple[Array, Array]:
        block = blocks(self.after[0].groups, self.config.seed)
        return block, weights(int(block.max()) + 1, self.config.resamples, self.config.seed)

    @cached_property
    def _narrowed(self) -> list[list[tuple[Answers, Any]]]:
        """After and before, each with its columns; of one's own metrics, which are told the classes, over all of these."""
        both = [*self.after, *self.before]
        found = [(one, one.columns()) for one in both] if self.config.metrics else narrowed(both)
        return [found[: len(self.after)], found[len(self.after) :]]

    def sides(self, mask: Array | None = None) -> tuple[list[Sample], list[Sample]]:
        """After and before, on all rows or on some."""
        block, weighted = self._drawn
        after, before = (
            [sample(one, block, weighted, mask, columns, self.config.metrics) for one, columns in side]
            for side in self._narrowed
        )
        return after, before

    def differences(self, metrics: Sequence[str] | None = None, mask: Array | None = None) -> dict[str, dict[str, Any]]:
        """metric -> the paired difference, of all rows or of some."""
        after, before = self.sides(mask)
        asked = [name for name in after[0].values if name not in self.unlike and (metrics is None or name in metrics)]
        return paired(self.config, after, before, asked)

    @cached_property
    def slices(self) -> dict[str, Array]:
        """Name -> the rows that are in it: [n], as the later run has them."""
        if "slices" not in self.rows[1].column_names:
            return {}
        lists = self.rows[1]["slices"].combine_chunks()
        names = lists.flatten().dictionary_encode()
        parents = np.repeat(np.arange(len(lists)), pc.list_value_length(lists).to_numpy())
        found = {}
        for code, name in enumerate(names.dictionary.to_pylist()):
            mask = np.zeros(len(lists), bool)
            mask[parents[names.indices.to_numpy() == code]] = True
            found[name] = mask
        return found

    def without(self, ids: set[str]) -> Array | None:
        """The rows that are none of these, or None where none of them is among the rows."""
        listed = pc.is_in(self.rows[1]["id"], value_set=pa.array(sorted(ids), pa.string())).to_numpy()
        return ~listed if listed.any() else None


def pairings(config: Compare, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Pairing]]:
    """Of each model, and each group of seeds, that both runs have, where they have 30 rows in common or more.

    Raises UsageError for runs with two targets.
    """
    sides = before, after
    targets = [target_of(side["evaluation"].facts) for side in sides]
    if targets[0] != targets[1]:
        raise UsageError(f"the earlier run says {words(targets[0])}, the later one {words(targets[1])}")
    kind = KINDS[targets[0]["kind"]]
    tables = [side["rows"].read() for side in sides]
    own = [side["evaluation"].facts["classes"] for side in sides]
    classes = own[0] if own[0] == own[1] else sorted({label for names in own for label in names})
    apart = tuple(unlike(*(side["evaluation"].facts for side in sides)))
    known: list[tuple[list[pa.ChunkedArray], pa.Table]] = []

    def matched(members: Sequence[tuple[str, str]]) -> Pairing | None:
        answers: list[tuple[Answers, Answers]] = []
        first: tuple[pa.Table, pa.Table] | None = None
        left_out = 0
        for names in members:
            halves = [of_model(table, name) for table, name in zip(tables, names, strict=True)]
            both = _common(halves, known)
            if both.num_rows < FEWEST:
                return None
            rows = tuple(half.take(both[side]) for half, side in zip(halves, ("before", "after"), strict=True))
            old, new = (answers_of(kind, half, names, classes) for half, names in zip(rows, own, strict=True))
            answers.append((replace(old, groups=new.groups), new))
            first = first or (rows[0], rows[1])
            left_out = left_out or sum(half.num_rows - both.num_rows for half in halves)
        if first is None:
            return None
        earlier, later = zip(*answers, strict=True)
        return Pairing(config, earlier, later, first, left_out, apart)

    for name, members in _named(before["evaluation"].facts, after["evaluation"].facts).items():
        found = matched(members)
        if found is not None:
            yield name, found


def unlike(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The metrics that two evaluations define in two ways; one that says no definitions has ours."""
    defined = [facts.get("definitions", {}) for facts in (before, after)]
    return [name for name in defined[1] if name in defined[0] and defined[0][name] != defined[1][name]]


def _named(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Name -> (model before, model after): one pair, or one a seed as far as both have them."""
    found = {name: [(name, name)] for name in after["metrics"] if name in before["metrics"]}
    groups = [facts.get("seeds", {}) for facts in (before, after)]
    for name in groups[1]:
        if name in groups[0]:
            found[name] = list(zip(groups[0][name]["models"], groups[1][name]["models"], strict=False))
    return found


def _common(halves: list[pa.Table], known: list[tuple[list[pa.ChunkedArray], pa.Table]]) -> pa.Table:
    """As `common`; looked up where another model was asked of the same rows."""
    asked = [half[name] for half in halves for name in ("id", "label")]
    for columns, found in known:
        if all(a.equals(b) for a, b in zip(columns, asked, strict=True)):
            return found
    known.append((asked, common(*halves)))
    return known[-1][1]
