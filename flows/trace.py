"""Trace: the lines that a row came from, found again by its id; for rows that a later step turned away, whose line nobody carried along."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline import BrickwiseError, Pipeline
from pipeline.quarantine import LINE, SOURCE
from pipeline.tally import keys_of, written

_MOST = 4  # places told of rows that have the same id


def trace(pipeline: Pipeline, step: str, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What a row's JSON is -> "file:line" (or "file:3, 7") of the rows with its id in the sources above the step, the first few; rows not found are left out.

    The sources are read once more, and only for rows without a line of their own; one that cannot be read any more tells nothing.
    """
    key = _key(pipeline, step)
    wanted: dict[str | None, list[str]] = {}
    for row in rows:
        if row["source"] is None and key:
            values = json.loads(row["row"])
            wanted.setdefault(written([values.get(name) for name in key]), []).append(row["row"])
    wanted.pop(None, None)
    places: dict[str, list[tuple[str, int]]] = {name: [] for name in map(str, wanted)}
    for source in _sources(pipeline, step) if wanted else ():
        try:
            _look(source, key, places)
        except BrickwiseError:
            continue
    return {row: _told(places[str(name)]) for name, listed in wanted.items() for row in listed if places[str(name)]}


def _key(pipeline: Pipeline, step: str) -> tuple[str, ...]:
    """The Record's key, or the column `id`."""
    port = pipeline.ports[step].outputs.get("rows")
    if port is None:
        return ()
    return tuple(port.record.key()) or (("id",) if "id" in port.record.columns() else ())


def _sources(pipeline: Pipeline, step: str) -> Iterable[Any]:
    above = [step]
    for name in above:
        above += [up for up in pipeline.upstream(name) if up not in above]
        source = getattr(pipeline.steps[name].stage, "source", None)
        if source is not None:
            yield source


def _look(source: Any, key: Sequence[str], places: dict[str, list[tuple[str, int]]]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pa.array(list(places), pa.string())
    for item in source.state():
        for rows, _ in source.read(item):
            if not {SOURCE, LINE, *key} <= set(rows.column_names):
                return
            found = pa.array(keys_of(rows, key), pa.string())
            fitting = pa.table({"key": found, "source": rows[SOURCE], "line": rows[LINE]}).filter(
                pc.fill_null(pc.is_in(found, value_set=names), False)
            )
            for row in fitting.to_pylist():
                places[row["key"]].append((row["source"], row["line"]))


def _told(places: list[tuple[str, int]]) -> str:
    """`a.csv:3, 7, b.csv:2`: the file once for its lines."""
    told, last = [], ""
    for source, line in places[:_MOST]:
        told.append(str(line) if source == last else f"{source}:{line}")
        last = source
    return ", ".join(told) + (f" and {len(places) - _MOST} more" if len(places) > _MOST else "")
