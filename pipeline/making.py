"""Making: one step's stage, run on verified inputs; what it gave is stored, rows that break its contract apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from .digest import Json
from .errors import StageError
from .fragments import map_items, map_rows, store_rows, table_of, tally_of
from .key import Parts
from .pipeline import Pipeline
from .publish import load, save, save_fragment, save_table
from .quarantine import Quarantined, keyed, without_origin
from .repairs import Again, as_table
from .stage import Port, Ports
from .store.local import LocalStore
from .table import FRAGMENT_ROWS, Table, cut, layout
from .tally import Tally, require_accounted
from .workers import Workers

Outputs = Mapping[str, Mapping[str, str]]  # step -> port -> digest
Made = tuple[dict[str, str], list[Json]]  # port -> digest, the quarantine's fragments


@dataclass(frozen=True)
class Making:
    """A step that is to be made.

    above: the outputs of the steps above it.  parts: of its key.  forced: also what is there already.
    workers: who may make fragments beside this process.
    """

    pipeline: Pipeline
    store: LocalStore
    name: str
    above: Outputs
    parts: Parts
    forced: bool = False
    workers: Workers | None = None


def run_stage(step: Making, repaired: list[Again]) -> Made:
    """Run the stage on its inputs and, beside them, on repaired rows. Raises what the stage raises, StageError, DamagedError."""
    found = step.pipeline.ports[step.name]
    if not found.mapped:
        return _whole(step, repaired)
    store, stage = step.store, step.pipeline.steps[step.name].stage
    (output,) = found.outputs.values()
    files, away = map_items(store, stage, step.parts, forced=step.forced and not repaired, workers=step.workers)
    if repaired:
        kept, refused = _sifted(step, repaired)
        more, again = map_rows(store, stage, kept) if found.inputs else store_rows(store, output.record, [kept], Tally(()))
        files, away = files + more, away + again + refused
    return {output.name: save_table(store, output.record, files)}, away


def _whole(step: Making, repaired: list[Again]) -> Made:
    """Run a stage that sees whole artifacts."""
    store, found = step.store, step.pipeline.ports[step.name]
    stage: Any = step.pipeline.steps[step.name].stage
    given = given_to(step)
    kept, refused = _sifted(step, repaired) if repaired else (None, [])
    if kept is not None and "rows" in given:
        given["rows"] = Table(kept.record, given["rows"].fragments + kept.fragments)
    result = stage.run(**given)
    produced = result._asdict() if hasattr(result, "_asdict") else {next(iter(found.outputs)): result}
    outputs, away = {}, refused
    for name, port in found.outputs.items():
        artifact = produced[name]
        streamed = port.kind is Table and len(found.outputs) == 1 and isinstance(artifact, Iterable)
        if not (isinstance(artifact, port.kind) or streamed):
            raise StageError(f"port {name!r}: found {type(artifact).__name__}, expected {port}")
        if port.kind is not Table:
            outputs[name] = save(store, artifact)
            continue
        tables = [artifact] if isinstance(artifact, Table) else artifact
        if kept is not None and name == "rows" and "rows" not in given:
            tables = chain(tables, [kept])
        came = given.get("rows") if name == "rows" and isinstance(given.get("rows"), Table) else None
        files, turned = _accounted(step, came, port, tables)
        outputs[name] = save_table(store, port.record, files)
        away = away + turned
    return outputs, away


def given_to(step: Making) -> dict[str, Any]:
    """What a stage's `run` is given: port -> artifact, or step -> artifact where several feed it."""
    return {port: _read(step, port) for port in step.pipeline.wires[step.name]}


def _accounted(
    step: Making, came: Table[Any] | None, port: Port, tables: Iterable[Table[Any]]
) -> tuple[list[Json], list[Json]]:
    """Store the tables of one port, and see that the rows that came are those that went out and were turned away."""
    stage = step.pipeline.steps[step.name].stage
    tally = tally_of(stage, came.record, port.record) if came is not None else Tally(())
    for part in came.split() if came is not None and tally.key else ():
        tally.came(part.read(tally.key))
    files, away = store_rows(step.store, port.record, map(_fragmented, tables), tally)
    if came is not None:
        require_accounted(tally, [came], table_of(step.store, port.record, files), table_of(step.store, Quarantined, away))
    return files, away


def _sifted(step: Making, repaired: list[Again]) -> tuple[Table[Any], list[Json]]:
    """Repaired rows as rows of what the stage reads or, where it reads no rows, of what it gives; and those that are none."""
    port = port_of(step.pipeline.ports[step.name])
    rows = as_table(port.record, repaired)
    for stage in step.pipeline.derivers(step.name):
        rows = stage.derive(rows)
    kept, refused = port.record.sift(rows)
    away = [save_fragment(step.store, keyed(refused, port.record.key()))] if refused.num_rows else []
    return Table(port.record, (without_origin(kept),)), away


def port_of(found: Ports) -> Port:
    """The port whose rows a repaired row is one of: what the stage reads or, where it reads no rows, what it gives."""
    mapped = next(iter(found.inputs.values()), None) if found.mapped else None
    return found.inputs.get("rows") or mapped or found.outputs["rows"]


def _fragmented(table: Table[Any]) -> Table[Any]:
    """The table with no fragment in memory longer than FRAGMENT_ROWS, unless it is stored as one file."""
    if layout(table.record) == "arrow":
        return table
    pieces = [piece for f in table.fragments for piece in (cut([f], FRAGMENT_ROWS) if hasattr(f, "num_rows") else [f])]
    return Table(table.record, tuple(pieces), table.turned_away)


def _read(step: Making, port_name: str) -> Any:
    port = step.pipeline.ports[step.name].inputs[port_name]
    wires = step.pipeline.wires[step.name][port_name]
    loaded = {wire.step: load(step.store, step.above[wire.step][wire.port], port) for wire in wires}
    return loaded if port.many else next(iter(loaded.values()))
