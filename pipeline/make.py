"""Make: run a stage on verified inputs, set apart the rows that break its contract, and store what it gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .digest import Json
from .errors import BrickwiseError, DamagedError, StageError, bounded
from .fragments import map_items, store_rows
from .key import Parts, step_parts
from .pipeline import Pipeline
from .plan import inputs_of
from .publish import load, manifest, save, save_table
from .quarantine import Quarantined
from .stage import Port
from .store.local import LocalStore
from .table import FRAGMENT_ROWS, Table, cut
from .workers import ElsewhereError, Workers

_SAID = 1000  # characters of a stage's own error: enough for a reason, too few for a table that it quotes
Outputs = Mapping[str, Mapping[str, str]]  # step -> port -> digest


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


def make(step: Making) -> Json:
    """Make a step's outputs; returns what its action remembers.

    An input that turns out to be damaged or missing is made again first, and must come out as it was.  Raises StageError.
    """
    remade: set[str] = set()
    while True:
        try:
            return _once(step)
        except DamagedError as error:
            if error.digest in remade:
                raise
            remade.add(error.digest)
            _remake(step, error)


def _once(step: Making) -> Json:
    pipeline, store, name, above = step.pipeline, step.store, step.name, step.above
    stage, found = pipeline.steps[name].stage, pipeline.ports[name]
    try:
        if found.mapped:
            (output,) = found.outputs.values()
            files, away = map_items(store, stage, step.parts, forced=step.forced, workers=step.workers)
            outputs = {output.name: save_table(store, output.record, files)}
        else:
            outputs, away = _whole(pipeline, store, name, above)
            if stage.outside() != step.parts["outside"]:
                raise StageError(
                    "what it reads from outside changed while it ran, so that nobody knows what it read; run again"
                )
    except DamagedError:
        raise
    except BrickwiseError as error:
        error.args = (f"step {name!r}: {error}",)
        raise
    except ElsewhereError as error:
        raise StageError(f"step {name!r} failed: {error}") from error
    except Exception as error:
        said = str(error)
        said = said if len(said) <= _SAID else bounded(said, _SAID)
        raise StageError(f"step {name!r} failed: {type(error).__name__}: {said}") from error
    rows_in = sum(_rows(store, digest) for digest in _feeds(pipeline, name, "rows", above)) if "rows" in found.inputs else None
    rows_out = _rows(store, outputs["rows"]) if "rows" in outputs else None
    turned = sum(file["rows"] for file in away) if rows_out is not None else None
    if stage.keeps_rows and rows_in is not None and rows_out is not None and rows_in != rows_out + (turned or 0):
        raise StageError(
            f"step {name!r}: {rows_in:,} rows in, yet {rows_out:,} out and {turned:,} quarantined; a stage that turns rows "
            f"away gives them to Table.of(turned_away=...), one that makes other rows sets keeps_rows = False"
        )
    return {
        "outputs": outputs,
        "quarantine": save_table(store, Quarantined, away) if away else None,
        "rows_in": rows_in,
        "rows_out": rows_out,
        "rows_quarantined": turned,
    }


def _whole(pipeline: Pipeline, store: LocalStore, name: str, above: Outputs) -> tuple[dict[str, str], list[Json]]:
    """Run a stage that sees whole artifacts: (port -> digest, the quarantine's fragments)."""
    stage: Any = pipeline.steps[name].stage
    found = pipeline.ports[name]
    result = stage.run(**{port: _read(pipeline, store, name, port, above) for port in pipeline.wires[name]})
    produced = result._asdict() if hasattr(result, "_asdict") else {next(iter(found.outputs)): result}
    outputs, away = {}, []
    for port_name, port in found.outputs.items():
        artifact = produced[port_name]
        streamed = port.kind is Table and len(found.outputs) == 1 and isinstance(artifact, Iterable)
        if not (isinstance(artifact, port.kind) or streamed):
            raise StageError(f"port {port_name!r}: found {type(artifact).__name__}, expected {port}")
        if port.kind is Table:
            tables = (artifact,) if isinstance(artifact, Table) else artifact
            files, turned = store_rows(store, port.record, map(_fragmented, tables))
            outputs[port_name] = save_table(store, port.record, files)
            away += turned
        else:
            outputs[port_name] = save(store, artifact)
    return outputs, away


def _fragmented(table: Table[Any]) -> Table[Any]:
    """The table with no fragment in memory longer than FRAGMENT_ROWS."""
    pieces = [piece for f in table.fragments for piece in (cut([f], FRAGMENT_ROWS) if hasattr(f, "num_rows") else [f])]
    return Table(table.record, tuple(pieces), table.turned_away)


def _read(pipeline: Pipeline, store: LocalStore, name: str, port_name: str, above: Outputs) -> Any:
    port: Port = pipeline.ports[name].inputs[port_name]
    loaded = {wire.step: load(store, above[wire.step][wire.port], port) for wire in pipeline.wires[name][port_name]}
    return loaded if port.many else next(iter(loaded.values()))


def _remake(step: Making, damage: DamagedError) -> None:
    """Make again the step above that wrote a damaged object. Raises the damage itself where no step above did."""
    pipeline, store, above = step.pipeline, step.store, step.above
    for wires in pipeline.wires[step.name].values():
        for wire in wires:
            digest = above[wire.step][wire.port]
            if not _holds(store, digest, damage.digest):
                continue
            parts = step_parts(pipeline, wire.step, inputs_of(pipeline, wire.step, above))
            made = make(Making(pipeline, store, wire.step, above, parts))
            if made["outputs"][wire.port] != digest:
                raise StageError(
                    f"step {wire.step!r} was remade because its output was damaged, and gave other bytes; run with --force"
                )
            return
    raise damage


def _holds(store: LocalStore, artifact: str, digest: str) -> bool:
    """Whether an object is an artifact's manifest or one of its files; where the manifest itself is lost, it may be."""
    try:
        return digest == artifact or any(file["digest"] == digest for file in manifest(store, artifact)["files"])
    except DamagedError:
        return True


def _feeds(pipeline: Pipeline, name: str, port: str, above: Outputs) -> list[str]:
    return [above[wire.step][wire.port] for wire in pipeline.wires[name][port]]


def _rows(store: LocalStore, digest: str) -> int:
    return int(manifest(store, digest)["facts"].get("rows", 0))
