"""A run to MLflow: the metrics with their intervals, what it was set to, and the documents; once a run, and never at its cost."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from pipeline import LocalStore, UsageError
from pipeline.digest import Json
from pipeline.errors import bounded
from pipeline.headline import headline
from pipeline.record import RunRecord
from pipeline.sharing.remote import masked, secrets_in

from .evaluation import evaluation_document, evaluations, parts_above

_PARAMS, _METRICS = 500, 5000  # at most, of a run
_KEY, _VALUE = 250, 500  # characters; MLflow takes 250 and 6,000
_BATCH = 100  # what MLflow takes of params and tags at once
_ANSWER_SECONDS = "5"  # for the first word of a server
_FINISHED = {"done": "FINISHED", "failed": "FAILED", "blocked": "FAILED"}
_QUIET = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def log_run(record: RunRecord, store: LocalStore) -> Iterator[str]:
    """Log a finished run where MLFLOW_TRACKING_URI says; gives a line for whatever went wrong, and raises nothing."""
    address = os.environ["MLFLOW_TRACKING_URI"]
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    try:
        from mlflow.tracking import MlflowClient
    except ImportError as error:
        yield f"MLFLOW_TRACKING_URI is set, and mlflow cannot be imported ({error}); pip install 'brickwise[mlflow]', or unset it"
        return
    try:
        client = MlflowClient(tracking_uri=address)
        with _impatient():
            experiment = _experiment(client, record.pipeline)
        _log(client, experiment, record, store)
    except Exception as error:  # noqa: BLE001  # whatever a server or a driver raises: the run is done, and stays so
        said = str(error).replace(address, masked(address))
        for secret in secrets_in(address):
            said = said.replace(secret, "***")
        said = f"{type(error).__name__}: {bounded(said, 300)}"
        yield f"run {record.run_id} was not logged to MLflow at {masked(address)}: {said}"


@contextmanager
def _impatient() -> Iterator[None]:
    """Have a server that does not answer found out within seconds, unless the user has said how long to wait."""
    limits = {"MLFLOW_HTTP_REQUEST_TIMEOUT": _ANSWER_SECONDS, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    ours = {name: value for name, value in limits.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


def _experiment(client: Any, name: str) -> str:
    """The experiment that is named like the pipeline, or like MLFLOW_EXPERIMENT_NAME; made where there is none."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or name
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except Exception:
        found = client.get_experiment_by_name(name)  # somebody else has just made it
        if found is None:
            raise
        return str(found.experiment_id)


def _log(client: Any, experiment: str, record: RunRecord, store: LocalStore) -> None:
    from mlflow.entities import Metric, Param, RunTag

    began = round(datetime.fromisoformat(record.started).timestamp() * 1000)
    ended = began + round(record.seconds * 1000)
    made = client.create_run(experiment, start_time=began, run_name=str(record.run_id)).info.run_id
    status = "FAILED"
    try:
        metrics = [Metric(_fit(name), value, ended, 0) for name, value in metrics_of(record)]
        params = [Param(_fit(name), value) for name, value in params_of(record, store)]
        tags = [RunTag(name, bounded(value, 4000)) for name, value in tags_of(record).items()]
        for start in range(0, max(len(metrics), len(params), len(tags)), _BATCH):
            end = start + _BATCH
            client.log_batch(made, metrics=metrics[start:end], params=params[start:end], tags=tags[start:end])
        for name, document in documents_of(record, store):
            client.log_text(made, json.dumps(document, indent=2, ensure_ascii=False) + "\n", name)
        status = _FINISHED[record.status]
    finally:
        with suppress(Exception):
            client.set_terminated(made, status, end_time=ended)


def metrics_of(record: RunRecord) -> list[tuple[str, float]]:
    """`net.accuracy`, `net.accuracy.low`, `net.accuracy.high`, and so on; `seconds`."""
    found = [("seconds", record.seconds)]
    for model, metrics in record.metrics.items():
        for metric, one in metrics.items():
            known = {part: one[part] for part in ("value", "low", "high") if one.get(part) is not None}
            found += [(f"{model}.{metric}" if part == "value" else f"{model}.{metric}.{part}", v) for part, v in known.items()]
    return found[:_METRICS]


def params_of(record: RunRecord, store: LocalStore) -> list[tuple[str, str]]:
    """What `--set` changed, as `set`, then every field of every step's config, as `net.model.width`: each bounded, some hundred."""
    found = {"set": bounded(" ".join(record.settings), _VALUE)} if record.settings else {}
    for step in record.steps:
        config = parts_above(store, record, step.name).get(step.name, {}).get("config")
        found |= {name: bounded(value, _VALUE) for name, value in _flat(config, step.name)} if config else {}
    return list(found.items())[:_PARAMS]


def _flat(config: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(config, Mapping) and config:
        for name, value in config.items():
            yield from _flat(value, f"{path}.{name}")
    else:
        yield path, config if isinstance(config, str) else json.dumps(config, ensure_ascii=False)


def tags_of(record: RunRecord) -> dict[str, str]:
    """The run, its pipeline and how it came out."""
    return {
        "brickwise.run_id": str(record.run_id),
        "brickwise.pipeline": record.pipeline,
        "brickwise.status": record.status,
        "brickwise.headline": headline(record),
        "brickwise.verdict": record.diff.verdict or "",
        "brickwise.against": record.diff.against or "",
        **({"brickwise.overridden": ", ".join(record.overrides)} if record.overrides else {}),
    }


def documents_of(record: RunRecord, store: LocalStore) -> Iterator[tuple[str, Json]]:
    """File name -> document: of each Evaluation, of the difference, of the gates."""
    steps = evaluations(store, record)
    for name in steps:
        with suppress(UsageError):  # collected by now
            yield "evaluation.json" if len(steps) == 1 else f"{name}/evaluation.json", evaluation_document(store, record, name)
    yield "diff.json", record.diff.model_dump(mode="json") | {"changed": dict(record.changed)}
    if record.gates:
        yield "gates.json", [gate.model_dump(mode="json") for gate in record.gates]


def _fit(name: str) -> str:
    """A name that MLflow takes: letters, digits, _ - . space / and :, at most 250 of them."""
    return "".join(character if character.isalnum() or character in "_-. /:" else "_" for character in name)[:_KEY]
