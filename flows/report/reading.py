"""From the tables that evaluations left to the columns of the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..pages.words import shown
from .predictions import TOP, Answers, Array, Predictions

MOST = 200_000  # predictions on a page: rows times models
LEAST = 50_000  # rows on a page, however many models there are
TEXT = 16_000_000  # characters of text on a page, shared out among the rows
_LONGEST, _SHORTEST = 400, 60


def predictions(
    after: pa.Table,
    before: pa.Table | None,
    models: Sequence[str],
    facts: Mapping[str, Any],
    source: Mapping[str, str],
    judged: str = "",
) -> Predictions:
    """Of the tables of predictions of a run and, where there is one, of an earlier run; source: id -> text.

    judged: the model whose fixed and broken rows are wanted most, the last unless it is there.  Raises ValueError without rows.
    """
    kind = (facts.get("target") or {}).get("kind", "one_of")
    halves = {model: after.filter(pc.equal(after["model"], model)) for model in models}
    halves = {model: half for model, half in halves.items() if half.num_rows}
    if not halves:
        raise ValueError("the evaluation holds no predictions of its models")
    whole = next(iter(halves.values()))
    judged = judged if judged in halves else list(halves)[-1]
    moves = _moves(halves, before)
    kept = _kept(halves, max(LEAST, MOST // len(halves)), moves.get(judged))
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
        counts={model: {name: int(rows.sum()) for name, rows in found.items()} for model, found in moves.items()},
    )


def _moves(halves: Mapping[str, pa.Table], before: pa.Table | None) -> dict[str, dict[str, Array]]:
    """Of each model, of all its rows: which are fixed, and which broken."""
    found: dict[str, dict[str, Array]] = {}
    if before is None:
        return found
    for model, half in halves.items():
        was = _aligned(before.filter(pc.equal(before["model"], model)), half["id"].combine_chunks(), half["label"])[
            "prediction"
        ]
        right, once = (pc.equal(said, half["label"]) for said in (half["prediction"], was))
        sets = {"broken": pc.and_(once, pc.invert(right)), "fixed": pc.and_(pc.invert(once), right)}
        found[model] = {name: pc.fill_null(rows, False).to_numpy() for name, rows in sets.items()}
    return found


def _kept(halves: Mapping[str, pa.Table], most: int, moved: Mapping[str, Array] | None = None) -> pa.Array | None:
    """Where there are too many rows, in their own order: those that cost the last model most, and a share of the fixed and the broken."""
    whole = next(iter(halves.values()))
    if whole.num_rows <= most:
        return None
    last = list(halves.values())[-1]
    loss = last["loss"].to_numpy() if "loss" in last.column_names else np.zeros(last.num_rows)
    costly = np.argsort(-np.nan_to_num(loss, nan=np.inf), kind="stable")
    first = [costly[rows[costly]][: most // 4] for rows in (moved or {}).values()] if last.num_rows == whole.num_rows else []
    order = np.concatenate([*first, costly])
    _, place = np.unique(order, return_index=True)
    return pa.array(np.sort(order[np.sort(place)][:most]))


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
    if len(own) < TOP:
        return Answers(model, codes, earlier, confidence, loss)
    top = np.argpartition(-odds, TOP - 1, axis=1)[:, :TOP]
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
