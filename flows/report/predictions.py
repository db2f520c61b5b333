"""Predictions: every test row with what each model said of it, as columns that a browser reads without parsing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ..pages.words import shown
from .payload import Column, numbers, payload, texts

TOP = 3  # classes a row
_SCALE = 10_000  # of a confidence, as a whole number
_NAME = 160  # characters of a class
_LISTED = 200

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Answers:
    """What one model said, a row each. prediction, before: positions in `names`, before -1 where there is no earlier answer; of
    numbers the numbers, NaN where there is none.  confidence: of the answer, NaN where it has none.  top: [n, 3] positions; odds: theirs.
    """

    model: str
    prediction: Array
    before: Array | None
    confidence: Array
    loss: Array
    top: Array | None = None
    odds: Array | None = None


@dataclass(frozen=True)
class Listed:
    """One row of a list beside the browser. row: its place there."""

    row: int
    id: str
    label: str
    before: str
    after: str
    text: str


@dataclass(frozen=True)
class Predictions:
    """answers: a model each, in order.  left_out: rows that are not on the page.  names: classes; empty of numbers."""

    ids: list[str]
    label: Array
    names: list[str]
    answers: list[Answers]
    texts: list[str]
    slices: list[str]
    left_out: int = 0
    suspects: list[str] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(
        default_factory=dict
    )  # model -> fixed and broken, of all rows, also those left out

    def place(self) -> dict[str, int]:
        """id -> its row."""
        return {name: row for row, name in enumerate(self.ids)}

    def moved(self, model: str) -> dict[str, tuple[int, list[Listed]]]:
        """`fixed` and `broken`: how many rows, and the first of them, those of which the model is surest first."""
        found = next((one for one in self.answers if one.model == model), None)
        if found is None or found.before is None or not self.names:
            return {}
        was, now = found.before == self.label, found.prediction == self.label
        known = found.before >= 0
        sets = {"broken": known & was & ~now, "fixed": known & ~was & now}
        counts = self.counts.get(model, {})
        return {name: (counts.get(name, int(rows.sum())), self._listed(found, rows)) for name, rows in sets.items()}

    def _listed(self, found: Answers, rows: Array) -> list[Listed]:
        where = np.flatnonzero(rows)
        sure = np.nan_to_num(found.confidence[where], nan=0.0)
        first = where[np.argsort(-sure, kind="stable")][:_LISTED]
        before = found.before if found.before is not None else found.prediction
        return [
            Listed(
                row=int(row),
                id=shown(self.ids[row], 100),
                label=self._named(self.label[row]),
                before=self._named(before[row]),
                after=self._named(found.prediction[row]),
                text=shown(self.texts[row], 160),
            )
            for row in first
        ]

    def _named(self, code: int) -> str:
        return shown(self.names[code], 60)

    def packed(self) -> str:
        """Base64 of all of it, for the page; the script has the other side."""
        place = self.place()
        combos, codes = _coded(self.slices)
        columns: dict[str, Column] = {
            "id": texts([shown(one, 200) for one in self.ids]),
            "text": texts(self.texts),
            "label": numbers(self.label if self.names else self.label.astype(np.float64)),
            "slices": numbers(codes),
        }
        for position, one in enumerate(self.answers):
            columns |= {f"{position}.{name}": column for name, column in self._columns(one).items()}
        head = {
            "models": [shown(one.model, 80) for one in self.answers],
            "names": [shown(name, _NAME) for name in self.names],
            "combos": [[shown(name, 120) for name in combo.split("\x1f") if name] for combo in combos],
            "suspects": sorted(place[one] for one in set(self.suspects) if one in place),
            "scale": _SCALE,
            "top": TOP,
        }
        return payload(head, columns)

    def _columns(self, one: Answers) -> dict[str, Column]:
        found = {"loss": numbers(one.loss.astype(np.float32))}
        if not self.names:
            found["prediction"] = numbers(one.prediction.astype(np.float64))
            return found | ({"before": numbers(one.before.astype(np.float64))} if one.before is not None else {})
        found["prediction"] = numbers(one.prediction)
        if np.isfinite(one.confidence).any():
            found["confidence"] = numbers(_quantised(one.confidence))
        if one.before is not None:
            found["before"] = numbers(np.where(one.before < 0, len(self.names), one.before))
        if one.top is not None and one.odds is not None:
            found |= {"top": numbers(one.top.ravel()), "odds": numbers(_quantised(one.odds.ravel()))}
        return found


def _quantised(values: Array) -> Array:
    whole: Array = np.rint(np.clip(np.nan_to_num(values, nan=0.0), 0, 1) * _SCALE).astype(np.int64)
    return whole


def _coded(found: list[str]) -> tuple[list[str], Array]:
    encoded = pa.array(found, pa.string()).dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
