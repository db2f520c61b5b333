"""Make: run a stage on verified inputs, set apart the rows that break its contract, and store what it gave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from .digest import Json
from .errors import BrickwiseError, DamagedError, StageError, bounded
from .making import Making, Outputs, run_stage
from .pipeline import Pipeline
from .plan import parts_of
from .publish import holds, manifest, save_table
from .quarantine import Quarantined
from .repairs import load_repairs, replayed
from .store.local import LocalStore
from .workers import ElsewhereError
from .workplace import working

_SAID = 1000  # characters of a stage's own error: enough for a reason, too few for a table that it quotes


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
    with failing_as(f"step {name!r}"):
        outputs, away = replayed(store, load_repairs(store, step.parts.get("repairs")), partial(run_stage, step))
        if not found.mapped and stage.outside() != step.parts["outside"]:
            raise StageError("what it reads from outside changed while it ran, so that nobody knows what it read; run again")
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


@contextmanager
def failing_as(who: str) -> Iterator[None]:
    """Raise as a StageError that names the step what its stage raises inside the block, and our own errors with that name."""
    try:
        yield
    except DamagedError:
        raise
    except BrickwiseError as error:
        error.args = (f"{who}: {error}",)
        raise
    except ElsewhereError as error:
        raise StageError(f"{who} failed: {error}") from error
    except Exception as error:
        said = str(error)
        said = said if len(said) <= _SAID else bounded(said, _SAID)
        raise StageError(f"{who} failed: {type(error).__name__}: {said}") from error


def _remake(step: Making, damage: DamagedError) -> None:
    """Make again the step above that wrote a damaged object. Raises the damage itself where no step above did."""
    pipeline, store, above = step.pipeline, step.store, step.above
    for wires in pipeline.wires[step.name].values():
        for wire in wires:
            digest = above[wire.step][wire.port]
            if not holds(store, digest, damage.digest):
                continue
            parts = parts_of(pipeline, store, wire.step, above)
            with working(None):  # nobody holds the lock of its key
                made = make(Making(pipeline, store, wire.step, above, parts))
            if made["outputs"][wire.port] != digest:
                raise StageError(
                    f"step {wire.step!r} was remade because its output was damaged, and gave other bytes; run with --force"
                )
            return
    raise damage


def _feeds(pipeline: Pipeline, name: str, port: str, above: Outputs) -> list[str]:
    return [above[wire.step][wire.port] for wire in pipeline.wires[name][port]]


def _rows(store: LocalStore, digest: str) -> int:
    return int(manifest(store, digest)["facts"].get("rows", 0))
