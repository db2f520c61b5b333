"""One step, executed: lock, reuse or make, quarantine, publish, check. Only keys and small JSON go in and out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .check import Check, Receipt
from .digest import Json, canonical
from .errors import BlockedError, BrickwiseError, DamagedError, StageError, StoreError
from .key import check_parts, key, step_parts
from .pipeline import Pipeline
from .plan import inputs_of, step_plan, usable
from .progress import Listener, listening, report
from .publish import load, manifest, save
from .record import Outcome
from .stage import Port
from .store import LocalStore
from .table import Quarantined, Table, sift_tables

Outputs = Mapping[str, Mapping[str, str]]  # step -> port -> digest


def execute(
    pipeline: Pipeline,
    store: LocalStore,
    name: str,
    above: Outputs,
    *,
    forced: bool = False,
    listener: Listener | None = None,
) -> Outcome:
    """Bring one step up to date, and judge what it wrote.

    above: the outputs of every step above it.  The outcome is "ran", "reused" or "blocked"; a failure is raised, as a
    StageError unless it is a BrickwiseError already.
    """
    began = time.monotonic()
    with listening(name, listener):
        parts = step_parts(pipeline, name, inputs_of(pipeline, name, above))
        step_key = key(parts)
        require_receipts(pipeline, store, name, above)
        with store.lock(step_key):
            planned = step_plan(pipeline, store, name, above, forced=forced)
            made = forced or usable(store, step_key) is None
            if made:
                store.record_action(step_key, {"parts": parts, **_make(pipeline, store, name, above)})
            store.set_ref(pipeline.name, f"step-{name}", step_key)
            action = _recorded_now(store, step_key)
            receipts = tuple(
                _receipt(store, check, port, action["outputs"][port.name])
                for port in pipeline.ports[name].outputs.values()
                for check in pipeline.checks(name, port)
            )
    return Outcome(
        name=name,
        status="blocked" if not all(r.passed for r in receipts) else "ran" if made else "reused",
        why=planned.why,
        seconds=round(time.monotonic() - began, 3),
        key=step_key,
        receipts=receipts,
        **recorded(action),
    )


def _recorded_now(store: LocalStore, step_key: str) -> Json:
    action = store.action(step_key)
    if action is None:
        raise StoreError(f"action {step_key[:12]} vanished from the store while it was used; is somebody deleting it?")
    return action


def recorded(action: Json) -> dict[str, Any]:
    """The part of an outcome that an action remembers."""
    return {name: action[name] for name in ("rows_in", "rows_out", "rows_quarantined", "outputs", "quarantine")}


def require_receipts(pipeline: Pipeline, store: LocalStore, name: str, above: Outputs) -> None:
    """Refuse inputs without a passing receipt for exactly their digest (law 7). Raises BlockedError."""
    for wires in pipeline.wires[name].values():
        for wire in wires:
            digest = above[wire.step][wire.port]
            for check in pipeline.checks(wire.step, pipeline.ports[wire.step].outputs[wire.port]):
                receipt = find_receipt(store, check, digest)
                if receipt is None or not receipt.passed or receipt.artifact != digest:
                    found = "no receipt" if receipt is None else "a failing receipt"
                    raise BlockedError(
                        f"step {name!r} refuses {wire.step}.{wire.port} ({digest[:12]}): check {check.name!r} has {found}, "
                        f"expected a passing one; run with --to {wire.step} to see why"
                    )


def find_receipt(store: LocalStore, check: Check, artifact: str) -> Receipt | None:
    """The receipt of a check for a digest, or None."""
    action = store.action(key(check_parts(check, artifact)))
    if action is None:
        return None
    try:
        return Receipt.model_validate_json(store.get(action["outputs"]["receipt"]))
    except DamagedError:
        return None


def _receipt(store: LocalStore, check: Check, port: Port, digest: str) -> Receipt:
    known = find_receipt(store, check, digest)
    if known is not None:
        return known
    try:
        receipt = check.receipt(load(store, digest, port))
    except BrickwiseError:
        raise
    except Exception as error:
        raise StageError(f"check {check.name!r} failed to run: {type(error).__name__}: {error}") from error
    parts = check_parts(check, digest)
    outputs = {"receipt": store.put(canonical(receipt.model_dump(mode="json")))}
    store.record_action(key(parts), {"parts": parts, "outputs": outputs, "passed": receipt.passed})
    return receipt


def _make(pipeline: Pipeline, store: LocalStore, name: str, above: Outputs) -> dict[str, Any]:
    """Run the stage, quarantine what breaks the contract, publish; returns what the action remembers."""
    inputs = {port: _read(pipeline, store, name, port, above) for port in pipeline.wires[name]}
    try:
        produced = _call(pipeline, name, inputs)
        outputs, away = {}, []
        for port, artifact in produced.items():
            if isinstance(artifact, Table):
                artifact, rejected = sift_tables(artifact)
                away += rejected
            outputs[port] = save(store, artifact)
    except BrickwiseError as error:
        error.args = (f"step {name!r}: {error}",)
        raise
    except Exception as error:
        raise StageError(f"step {name!r} failed: {type(error).__name__}: {error}") from error
    quarantine = save(store, Table.of(Quarantined, *away)) if away else None
    rows_in = sum(map(_rows(store), above_digests(pipeline, name, "rows", above))) if "rows" in inputs else None
    rows_out = _rows(store)(outputs["rows"]) if "rows" in outputs else None
    turned = sum(part.num_rows for part in away) if rows_out is not None else None
    stage = pipeline.steps[name].stage
    if stage.keeps_rows and None not in (rows_in, rows_out, turned) and rows_in != rows_out + turned:  # type: ignore[operator]  # none is None here
        raise StageError(
            f"step {name!r}: {rows_in:,} rows in, yet {rows_out:,} out and {turned:,} quarantined; a stage that turns rows "
            f"away gives them to Table.of(turned_away=...), one that makes other rows sets keeps_rows = False"
        )
    return {
        "outputs": outputs,
        "quarantine": quarantine,
        "rows_in": rows_in,
        "rows_out": rows_out,
        "rows_quarantined": turned,
    }


def _call(pipeline: Pipeline, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    stage, found = pipeline.steps[name].stage, pipeline.ports[name]
    if found.mapped:
        (port,), (rows,) = found.outputs.values(), inputs.values()
        parts = []
        for position, fragment in enumerate(rows.split()):
            report(position, len(rows.fragments), "fragments")
            made = stage.map(fragment)  # type: ignore[attr-defined]  # ports() has seen it
            if not isinstance(made, Table):
                raise StageError(f"map gave {type(made).__name__}, expected {port}")
            parts.append(made)
        fragments = tuple(piece for part in parts for piece in part.fragments)
        away = tuple(piece for part in parts for piece in part.turned_away)
        return {port.name: Table(port.record, fragments, away)}
    result = stage.run(**inputs)  # type: ignore[attr-defined]  # ports() has seen it
    produced = result._asdict() if hasattr(result, "_asdict") else {next(iter(found.outputs)): result}
    for port_name, port in found.outputs.items():
        if not isinstance(produced[port_name], port.kind):
            raise StageError(f"port {port_name!r}: found {type(produced[port_name]).__name__}, expected {port}")
    return produced


def _read(pipeline: Pipeline, store: LocalStore, name: str, port_name: str, above: Outputs) -> Any:
    port = pipeline.ports[name].inputs[port_name]
    loaded = {}
    for wire in pipeline.wires[name][port_name]:
        digest = above[wire.step][wire.port]
        try:
            loaded[wire.step] = load(store, digest, port)
        except DamagedError:
            made = _make(pipeline, store, wire.step, above)
            if made["outputs"][wire.port] != digest:
                raise StageError(
                    f"step {wire.step!r} was remade because its output was damaged, and gave other bytes; run with --force"
                ) from None
            loaded[wire.step] = load(store, digest, port)
    return loaded if port.many else next(iter(loaded.values()))


def above_digests(pipeline: Pipeline, name: str, port: str, above: Outputs) -> list[str]:
    """The digests that feed one port."""
    return [above[wire.step][wire.port] for wire in pipeline.wires[name][port]]


def _rows(store: LocalStore) -> Any:
    return lambda digest: manifest(store, digest)["facts"].get("rows", 0)
