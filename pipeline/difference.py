"""The diff of two runs as an artifact: what was changed, and what came of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from .artifact import Diff
from .compare import changes, compared
from .digest import Json, digest_json
from .errors import DamagedError
from .gate import GateOutcome
from .judging import judged
from .pipeline import Pipeline
from .publish import load, manifest
from .record import RunRecord
from .stage import Port, Ports
from .store.local import LocalStore
from .table import Table

SCHEMA = "brickwise.diff/1"
ROWS = "rows.parquet"
_MOST = 1_000_000  # rows of a table, above which nobody waits to learn which of them changed


def difference(pipeline: Pipeline, store: LocalStore, before: RunRecord, after: RunRecord) -> Diff:
    """All that can be said of two runs of one pipeline (docs/diff.md names every field); the same runs give the same bytes.

    pipeline: as the later run was set.  Rows, one a model and test row, are in the file `rows.parquet`.  Where the models cannot be
    compared, `comparable` says why, and what was changed is told all the same.
    """
    found, reason = compared(pipeline, store, before.steps, after.steps, (f"run {before.run_id}", f"run {after.run_id}"))
    facts = found.facts or {
        "comparable": {"status": "no", "reasons": [reason.removeprefix("not comparable: ")]},
        "headline": None,
        "models": {},
    }
    told = changed(pipeline, store, before, after)
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "pipeline": after.pipeline,
        "before": before.run_id,
        "after": after.run_id,
        **facts,
        "comparable": _of_split(facts["comparable"], pipeline, told),
        "verdict": found.verdict,
        "changed": told,
        "gates": [one.model_dump(mode="json") for one in _gates(pipeline, store, before, after)],
        "repeat": f"brickwise diff {before.run_id} {after.run_id}",
    }
    return Diff(facts=document, files={ROWS: _parquet(found.rows)} if found.rows is not None else {})


def changed(pipeline: Pipeline, store: LocalStore, before: RunRecord, after: RunRecord) -> dict[str, Json]:
    """What a person changed: steps, one line each; config, code, packages and seeds piece by piece; rows of data by their keys."""
    config: list[dict[str, Json]] = []
    code: set[str] = set()
    packages: dict[str, Json] = {}
    for step, old, new in _parts(store, before, after):
        both = (dict(_flat(parts["config"], "")) for parts in (old, new))
        config += [{"step": step, **one} for one in _changed(*both)]
        code |= {one["key"] for one in _changed(old["code"], new["code"])}
        packages |= {one["key"]: one for one in _changed(old["packages"], new["packages"])}
    return {
        "steps": changes(store, before, after),
        "config": [one for one in config if not one["key"].endswith("seed")],
        "seeds": [one for one in config if one["key"].endswith("seed")],
        "code": sorted(code),
        "packages": [packages[name] for name in sorted(packages)],
        "data": dict(_data(pipeline, store, before, after)),
    }


def _of_split(comparable: Mapping[str, Any], pipeline: Pipeline, told: Mapping[str, Any]) -> dict[str, Json]:
    """With a reason more where rows were split by another rule: a model may then have learnt from what tests the other."""
    step = next((name for name, ports in pipeline.ports.items() if _adds_split(ports)), None)
    pieces = [
        f"{one['key']} {one['before']!r} -> {one['after']!r}"
        for one in (*told["config"], *told["seeds"])
        if one["step"] == step
    ]
    if not pieces:
        return dict(comparable)
    status = "partly" if comparable["status"] == "yes" else comparable["status"]
    return {"status": status, "reasons": [*comparable["reasons"], f"step {step!r} splits by another rule: {', '.join(pieces)}"]}


def _adds_split(ports: Ports) -> bool:
    """Whether a step says of rows that have no split yet which they are in."""
    sides = (ports.inputs, ports.outputs)
    read, written = ([set(port.record.columns()) for port in side.values() if port.kind is Table] for side in sides)
    return bool(read) and "split" not in set().union(*read) and "split" in set().union(*written)


def _gates(pipeline: Pipeline, store: LocalStore, before: RunRecord, after: RunRecord) -> tuple[GateOutcome, ...]:
    return judged(pipeline, store, after.steps, str(before.run_id)) if pipeline.gates else ()


def _parts(store: LocalStore, before: RunRecord, after: RunRecord) -> Iterator[tuple[str, Json, Json]]:
    """The parts of the keys of each step that has another one, as far as they are known."""
    for step in after.steps:
        earlier = before.step(step.name)
        if earlier is None or not earlier.key or not step.key or earlier.key == step.key:
            continue
        old, new = store.action(earlier.key), store.action(step.key)
        if old and new:
            yield step.name, old["parts"], new["parts"]


def _flat(document: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(document, Mapping) and document:
        for name, value in document.items():
            yield from _flat(value, f"{path}.{name}" if path else name)
    else:
        yield path, document


def _changed(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[dict[str, Json]]:
    names = sorted(old.keys() | new.keys())
    return [{"key": name, "before": old.get(name), "after": new.get(name)} for name in names if old.get(name) != new.get(name)]


def _data(pipeline: Pipeline, store: LocalStore, before: RunRecord, after: RunRecord) -> Iterator[tuple[str, Json]]:
    """Of each table with a key that differs: rows added, removed and changed; None where it is too large or gone."""
    for step in after.steps:
        earlier = before.step(step.name)
        ports = pipeline.ports[step.name].outputs if step.name in pipeline.ports else {}
        for name, port in ports.items():
            old, new = (earlier.outputs.get(name) if earlier else None), step.outputs.get(name)
            if port.kind is Table and port.record.key() and old and new and old != new:
                yield f"{step.name}.{name}", _rows(store, port, old, new)


def _rows(store: LocalStore, port: Port, old: str, new: str) -> Json:
    try:
        if max(manifest(store, digest)["facts"]["rows"] for digest in (old, new)) > _MOST:
            return None
        was, now = (_by_key(load(store, digest, port), port) for digest in (old, new))
    except DamagedError:
        return None
    return {
        "added": len(now.keys() - was.keys()),
        "removed": len(was.keys() - now.keys()),
        "changed": sum(now[key] != was[key] for key in now.keys() & was.keys()),
    }


def _by_key(table: Any, port: Port) -> dict[tuple[Any, ...], str]:
    """Key of each row -> digest of what it holds."""
    key = port.record.key()
    rows = table.read().to_pylist()
    return {tuple(row[name] for name in key): digest_json(repr(sorted(row.items()))) for row in rows}


def _parquet(rows: Any) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    return sink.getvalue()
