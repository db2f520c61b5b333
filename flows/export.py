"""The command `export`: what a step made, as a folder that needs no store."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from pipeline import Artifact, Evaluation, LocalStore, Model, Report, UsageError
from pipeline.accept import what_is_gone
from pipeline.errors import suggest
from pipeline.latency import reports
from pipeline.publish import load, manifest
from pipeline.record import RunRecord
from pipeline.stage import Port
from pipeline.store import durable

from .evaluation import evaluation_of, evaluations
from .export_evaluation import ROWS, export_evaluation

_MODEL, _CURVES, _SPEED = "model.onnx", "curves.svg", "speed.json"
_EVENTS = "tensorboard"


def export_step(
    store: LocalStore, record: RunRecord, name: str, folder: Path, *, onnx: bool, tensorboard: bool, as_json: bool
) -> None:
    """Write the model or the evaluation of a step to a folder, and beside a model what is asked for; all of it or nothing.

    Raises UsageError for a step with neither, or without the training log that TensorBoard files are made of.
    """
    step = record.step(name)
    if step is None:
        raise UsageError(f"run {record.run_id} has no step {name!r}; {suggest(name, [s.name for s in record.steps])}")
    for line in what_is_gone(store, record, name):
        raise UsageError(line)
    with store.lease():
        model = _output(store, step.outputs, Model)
        if model is None and evaluation_of(store, step) is not None:
            if onnx or tensorboard:
                raise UsageError(f"step {name!r} made an evaluation, and {'--onnx' if onnx else '--tensorboard'} is for models")
            made = export_evaluation(store, record, step, folder)
            _say_evaluation(record, name, made, folder, as_json=as_json)
            return
        if model is None:
            others = [s.name for s in record.steps if _output(store, s.outputs, Model) is not None]
            measured = evaluations(store, record)
            raise UsageError(
                f"step {name!r} of run {record.run_id} made no model; those that did: {', '.join(others) or 'none'}"
                + (f"; an evaluation: {', '.join(measured)}" if measured else "")
            )
        log = _output(store, step.outputs, Report)
        log = log if log is not None and log.facts.get("kind") == "training" else None
        beside = _measured(store, record, name) | _drawn(log)
        if tensorboard:
            beside |= _events(name, log)
        if onnx:
            beside |= _onnx(name, model)
        model.save(folder)
    for inner, data in beside.items():
        durable.write(folder.absolute() / inner, data, folder.absolute(), read_only=False)
    if as_json:
        _print_document(record, name, folder, model=model.digest)
        return
    print(f"{name} of run {record.run_id}: {model.facts.get('family')}, {', '.join(['the model', *beside])} in {folder}")
    reads = model.facts.get("reads", ["text"])
    row = '"a text"' if reads == ["text"] else "{" + ", ".join(f"{json.dumps(column)}: ..." for column in reads) + "}"
    asked = f"predict_rows(Model.load({json.dumps(str(folder), ensure_ascii=False)}), [{row}])"
    code = f"from pipeline import Model; from stages import predict_rows; print({asked})"
    print(f"next: {shlex.join(['python', '-c', code])}")
    if tensorboard:
        print(f"      tensorboard --logdir {folder / _EVENTS}")


def _say_evaluation(record: RunRecord, name: str, made: Evaluation, folder: Path, *, as_json: bool) -> None:
    if as_json:
        _print_document(record, name, folder, evaluation=made.facts["identity"]["evaluation"])
        return
    print(f"{name} of run {record.run_id}: the evaluation, {', '.join(made.files)} in {folder}")
    if ROWS in made.files:
        print(f"next: {shlex.join(['python', '-c', f'import pandas; print(pandas.read_parquet({str(folder / ROWS)!r}))'])}")


def _print_document(record: RunRecord, name: str, folder: Path, **made: str) -> None:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    document = {"run_id": record.run_id, "step": name, **made, "folder": str(folder), "files": files}
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _measured(store: LocalStore, record: RunRecord, name: str) -> dict[str, bytes]:
    """How fast the model is, where the run has measured it."""
    for speed in reports(store, record.steps, "speed"):
        if name in speed["models"]:
            found = {**speed["models"][name], **{key: speed[key] for key in ("machine", "threads", "batch")}}
            return {_SPEED: (json.dumps(found, indent=2) + "\n").encode()}
    return {}


def _drawn(log: Report | None) -> dict[str, bytes]:
    """The curves of a training."""
    if log is None:
        return {}
    from .curves import draw

    return {_CURVES: draw(log).encode()}


def _events(name: str, log: Report | None) -> dict[str, bytes]:
    if log is None:
        raise UsageError(f"step {name!r} has no training log, of which --tensorboard is made; only a Train step has one")
    from stages.export.tensorboard import FILE, to_events

    return {f"{_EVENTS}/{FILE}": to_events(log)}


def _onnx(name: str, model: Model) -> dict[str, bytes]:
    family = model.facts.get("family")
    if family != "net":
        raise UsageError(f"step {name!r} made a model of family {family}, and ONNX files are made of nets alone")
    from stages.export.onnx import to_onnx

    return {_MODEL: to_onnx(model)}


def _output(store: LocalStore, outputs: dict[str, str], kind: type[Artifact]) -> Any:
    """A step's output of a class, or None where it has none, or where it is gone."""
    for name, digest in outputs.items():
        if store.has(digest) and manifest(store, digest)["kind"] == kind.__name__:
            return load(store, digest, Port(name, kind))
    return None
