"""Predictions: every test row with what each model said of it, as columns that a browser reads without parsing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..pages.words import shown
from .payload import Column, numbers, payload, texts

MOST = 200_000  # predictions on a page: rows times models
TEXT = 16_000_000  # characters of text on a page, shared out among the rows
_LONGEST, _SHORTEST = 400, 60
_TOP = 3  # classes a row
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
        return {name: (int(rows.sum()), self._listed(found, rows)) for name, rows in sets.items()}

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
            "top": _TOP,
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


def predictions(
    after: pa.Table, before: pa.Table | None, models: Sequence[str], facts: Mapping[str, Any], source: Mapping[str, str]
) -> Predictions:
    """Of the tables of predictions of a run and, where there is one, of an earlier run; source: id -> text. Raises ValueError without rows."""
    kind = (facts.get("target") or {}).get("kind", "one_of")
    halves = {model: after.filter(pc.equal(after["model"], model)) for model in models}
    halves = {model: half for model, half in halves.items() if half.num_rows}
    if not halves:
        raise ValueError("the evaluation holds no predictions of its models")
    whole = next(iter(halves.values()))
    kept = _kept(halves, MOST // len(halves))
    ids = whole["id"].combine_chunks() if kept is None else whole["id"].take(kept).combine_chunks()
    first = whole if kept is None else whole.take(kept)
    own = [str(name) for name in facts.get("classes") or ()]
    names = [] if kind == "number" else own
    sides = []
    for model, half in halves.items():
        earlier = None if before is None else _aligned(before.filter(pc.equal(before["model"], model)), ids, first["label"])
        sides.append((model, _aligned(half, ids), earlier))
    if names or kind != "number":
        said = [
            column
            for _, now, was in sides
            for column in (now["prediction"], now["label"], *([was["prediction"]] if was else []))
        ]
        extra = pc.unique(pa.chunked_array([chunk for one in said for chunk in one.chunks]).drop_null()).to_pylist()
        names = own + sorted(set(extra) - set(own))
    answers = [_answers(model, now, was, names, own, kind) for model, now, was in sides]
    width = max(_SHORTEST, min(_LONGEST, TEXT // max(1, len(ids))))
    told = ids.to_pylist()
    return Predictions(
        ids=told,
        label=_codes(first["label"], names) if names else _float(first["label"]),
        names=names,
        answers=answers,
        texts=[shown(source[one], width) if one in source else "" for one in told],
        slices=pc.binary_join(first["slices"], "\x1f").to_pylist() if "slices" in first.column_names else [""] * len(told),
        left_out=whole.num_rows - len(told),
    )


def _kept(halves: Mapping[str, pa.Table], most: int) -> pa.Array | None:
    """Where there are too many rows: those that cost the first model that has a loss most, in their own order."""
    whole = next(iter(halves.values()))
    if whole.num_rows <= most:
        return None
    last = list(halves.values())[-1]
    loss = last["loss"].to_numpy() if "loss" in last.column_names else np.zeros(last.num_rows)
    return pa.array(np.sort(np.argsort(-np.nan_to_num(loss, nan=np.inf), kind="stable")[: min(most, whole.num_rows)]))


def _aligned(half: pa.Table, ids: pa.Array, labels: pa.ChunkedArray | None = None) -> pa.Table:
    """The rows of these ids, in their order, null where there is none, or where its label is another one."""
    where = pc.index_in(ids, value_set=half["id"].combine_chunks())
    found = half.take(where)
    if labels is not None:
        agree = pc.fill_null(pc.equal(found["label"], labels), False)
        found = found.set_column(
            found.schema.get_field_index("prediction"), "prediction", pc.if_else(agree, found["prediction"], None)
        )
    return found


def _answers(model: str, now: pa.Table, was: pa.Table | None, names: list[str], own: list[str], kind: str) -> Answers:
    n = now.num_rows
    loss = now["loss"].to_numpy(zero_copy_only=False).astype(np.float64) if "loss" in now.column_names else np.full(n, np.nan)
    if not names:
        prediction, label = _float(now["prediction"]), _float(now["label"])
        loss = (prediction - label) ** 2 if np.isnan(loss).all() else loss
        return Answers(model, prediction, None if was is None else _float(was["prediction"]), np.full(n, np.nan), loss)
    codes = _codes(now["prediction"], names)
    earlier = None if was is None else _codes(was["prediction"], names)
    values = now["values"].combine_chunks()
    flat = values.flatten().to_numpy(zero_copy_only=False)
    if kind == "several_of" or not own or len(flat) != n * len(own):
        return Answers(model, codes, earlier, np.full(n, np.nan), loss)
    odds = flat.reshape(n, len(own))
    at = np.arange(n)
    confidence = np.where((codes >= 0) & (codes < len(own)), odds[at, np.clip(codes, 0, len(own) - 1)], np.nan)
    if np.isnan(loss).all():
        truth = _codes(now["label"], names)
        told = np.where((truth >= 0) & (truth < len(own)), odds[at, np.clip(truth, 0, len(own) - 1)], 0.0)
        loss = -np.log(np.clip(told, 1e-15, 1.0))
    if len(own) < _TOP:
        return Answers(model, codes, earlier, confidence, loss)
    top = np.argpartition(-odds, _TOP - 1, axis=1)[:, :_TOP]
    order = np.argsort(-np.take_along_axis(odds, top, axis=1), axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    return Answers(model, codes, earlier, confidence, loss, top, np.take_along_axis(odds, top, axis=1))


def _codes(column: pa.ChunkedArray, names: list[str]) -> Array:
    """Positions in names, -1 of null."""
    found = pc.fill_null(pc.index_in(column.combine_chunks(), value_set=pa.array(names, pa.string())), -1)
    codes: Array = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _float(column: pa.ChunkedArray) -> Array:
    return np.array([np.nan if one is None else float(one) for one in column.to_pylist()], np.float64)


def _quantised(values: Array) -> Array:
    whole: Array = np.rint(np.clip(np.nan_to_num(values, nan=0.0), 0, 1) * _SCALE).astype(np.int64)
    return whole


def _coded(found: list[str]) -> tuple[list[str], Array]:
    encoded = pa.array(found, pa.string()).dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
