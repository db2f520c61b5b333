"""Behaviour tests, carried out: how often a model does what it may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import StageError
from pipeline.errors import bounded

from ..behaviours import Behaviour, Direction, Invariance, Minimum
from ..metrics.shares import share
from .edits import edited, replaced

Array = np.ndarray[Any, Any]
Predict = Callable[[pa.Table], Array]

_SHOWN = 5
_WIDTH = 80  # characters of an example, about the place where it changed


def behave(
    behaviours: Sequence[Behaviour], predict: Predict, rows: pa.Table, classes: Sequence[str], seed: int, kind: str = "one_of"
) -> list[dict[str, Any]]:
    """One document a test, and one an edit of an Invariance.

    predict: rows -> [n, classes], or [n, 1] for a number.  rows: the test rows with all their columns; groups by `group`.  classes: names of what
    predict gives.  kind: of the target.  name, edit, kind; n: texts that were edited or written; failures; rate with low, high and
    method; examples: up to five of {"before", "after", "said_before", "said_after"}.  Where nothing was edited, the status is `not
    evaluated` and the reason says why.
    """
    run = _Run(predict, rows, list(classes), seed, kind)
    tests: dict[type[Behaviour], Callable[[Any], Iterator[dict[str, Any]]]] = {
        Invariance: run.invariance, Direction: run.direction, Minimum: run.minimum,
    }  # fmt: skip
    return [found for one in behaviours for found in tests[type(one)](one)]


class _Run:
    """The tests of one model; what it says of the unedited rows is asked once."""

    def __init__(self, predict: Predict, rows: pa.Table, classes: list[str], seed: int, kind: str) -> None:
        self.predict, self.classes, self.seed, self.kind = predict, classes, seed, kind
        has_text = "text" in rows.column_names
        self.rows = rows.filter(rows["text"].is_valid()) if has_text else rows
        self.reason = (
            "the rows have no column 'text'" if not has_text else "" if self.rows.num_rows else "there are no rows with a text"
        )
        self._said: dict[int, tuple[pa.Table, Array]] = {}

    def invariance(self, test: Invariance) -> Iterator[dict[str, Any]]:
        for edit in test.edits:
            told = {"name": test.name, "kind": "invariance", "edit": edit if isinstance(edit, str) else dict(edit)}
            if self.reason:
                yield told | _nothing(self.reason)
                continue
            rows, before = self._sample(test.sample)
            pair = _Pair(rows, before, edited(rows["text"].to_pylist(), edit, self.seed), self.predict)
            failed = self._moved(pair.before, pair.after) > test.tolerance
            yield told | self._document(pair, failed, self._words(pair.before), self._words(pair.after))

    def direction(self, test: Direction) -> Iterator[dict[str, Any]]:
        told = {"name": test.name, "kind": "direction", "edit": "", "label": test.label, "expect": test.expect}
        if not self.reason and self.kind != "number" and test.label not in self.classes:
            yield told | _nothing(f"label {bounded(test.label, 40)!r} is no class of the model")
            return
        if self.reason:
            yield told | _nothing(self.reason)
            return
        rows, before = self._sample(test.sample)
        texts = [replaced(text, test.replace) + test.append for text in rows["text"].to_pylist()]
        pair = _Pair(rows, before, texts, self.predict)
        column = 0 if self.kind == "number" else self.classes.index(test.label)
        was, found = pair.before[:, column], pair.after[:, column]
        against = was - found if test.expect == "up" else found - was
        yield told | self._document(pair, against > test.tolerance, _digits(was), _digits(found))

    def minimum(self, test: Minimum) -> Iterator[dict[str, Any]]:
        told = {"name": test.name, "kind": "minimum", "edit": ""}
        if self.kind == "number":
            yield told | _nothing("a number has no label to be right")
            return
        texts, labels = [text for text, _ in test.rows], [label for _, label in test.rows]
        try:
            said = self._words(self.predict(pa.table({"text": pa.array(texts, pa.string())})))
        except StageError as error:  # of a model that reads more than a text
            yield told | _nothing(bounded(str(error), 200))
            return
        failed = np.array([label != found for label, found in zip(labels, said, strict=True)])
        examples = [
            {"before": bounded(texts[at], _WIDTH), "after": "", "said_before": labels[at], "said_after": said[at]}
            for at in np.flatnonzero(failed)[:_SHOWN]
        ]
        yield told | _rated(failed, np.arange(len(failed)), examples)

    def _sample(self, size: int) -> tuple[pa.Table, Array]:
        """Rows drawn by the seed, in their order, and what the model says of them."""
        size = min(size, self.rows.num_rows)
        if size not in self._said:
            drawn = np.random.default_rng((self.seed, self.rows.num_rows)).permutation(self.rows.num_rows)[:size]
            rows = self.rows.take(np.sort(drawn))
            self._said[size] = rows, self.predict(rows)
        return self._said[size]

    def _moved(self, before: Array, after: Array) -> Array:
        """Of a number, by how much it moved; else 1 where the choice is another."""
        if self.kind == "number":
            return np.asarray(np.abs(after[:, 0] - before[:, 0]))
        if self.kind == "several_of":
            return np.where(((after > 0.5) != (before > 0.5)).any(axis=1), np.inf, 0)
        return np.where(after.argmax(axis=1) != before.argmax(axis=1), np.inf, 0)

    def _words(self, outputs: Array) -> list[str]:
        """What the model said, as people read it."""
        if self.kind == "number":
            return _digits(outputs[:, 0])
        if self.kind == "several_of":
            return [", ".join(self.classes[at] for at in np.flatnonzero(row > 0.5)) for row in outputs]
        return [self.classes[at] for at in outputs.argmax(axis=1)]

    def _document(self, pair: _Pair, failed: Array, was: list[str], found: list[str]) -> dict[str, Any]:
        if not len(failed):
            return _nothing(f"none of {pair.asked} texts is changed by it")
        examples = [
            dict(zip(("before", "after"), around(pair.texts[at], pair.edited[at]), strict=True))
            | {"said_before": was[at], "said_after": found[at]}
            for at in np.flatnonzero(failed)[:_SHOWN]
        ]
        return _rated(failed, pair.groups, examples)


class _Pair:
    """The rows that an edit changed: their texts and what a model says of them, before and after."""

    def __init__(self, rows: pa.Table, before: Array, texts: list[str], predict: Predict) -> None:
        old = rows["text"].to_pylist()
        changed = np.array([text != other for text, other in zip(old, texts, strict=True)], bool)
        places = np.flatnonzero(changed)
        self.asked = len(old)
        self.texts, self.edited = [old[at] for at in places], [texts[at] for at in places]
        self.before = before[changed]
        some = rows.filter(pa.array(changed))
        some = some.set_column(some.column_names.index("text"), "text", pa.array(self.edited, rows["text"].type))
        self.after = predict(some) if len(places) else self.before
        groups = some["group"] if "group" in some.column_names else pa.chunked_array([pa.array(places)])
        self.groups = np.asarray(
            pc.fill_null(groups.cast(pa.string()), "").combine_chunks().to_numpy(zero_copy_only=False), str
        )


def around(before: str, after: str) -> tuple[str, str]:
    """Two texts that differ, bounded, about the first place where they do."""
    first = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    start = max(0, first - _WIDTH // 3)
    lead = "..." if start else ""
    shown = (text[start : start + _WIDTH] + ("..." if len(text) > start + _WIDTH else "") for text in (before, after))
    was, found = (lead + text.replace("\n", "\\n") for text in shown)
    return was, found


def _digits(values: Array) -> list[str]:
    return [f"{value:.4g}" for value in values.tolist()]


def _rated(failed: Array, groups: Array, examples: list[dict[str, str]]) -> dict[str, Any]:
    found = share(failed, groups)
    return {
        "n": len(failed), "failures": int(failed.sum()), "rate": found["value"], "low": found["low"], "high": found["high"],
        "method": found["method"], "status": "ok", "examples": examples,
    }  # fmt: skip


def _nothing(reason: str) -> dict[str, Any]:
    return {
        "n": 0, "failures": 0, "rate": None, "low": None, "high": None, "status": "not evaluated", "reason": reason, "examples": [],
    }  # fmt: skip
