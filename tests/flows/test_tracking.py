"""Runs in MLflow: a real store, read back with its own client; servers that are not there, slow or odd cost a line, never the run."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from flows.told import tell
from flows.tracking import log_run
from pipeline import LocalStore
from pipeline.gate import GateOutcome
from pipeline.record import RunRecord

from .test_evaluation import built


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[LocalStore, RunRecord]:
    """A run with a gate that is not met."""
    store = LocalStore(tmp_path_factory.mktemp("tracked") / "store")
    record = built().set(["net.seed=5"]).run(str(store.root))
    gate = GateOutcome(gate="accuracy: floor 0.9", metric="accuracy", model="net", bound=0.1, required=0.9, status="failed")
    return store, record.model_copy(update={"settings": ("net.seed=5",), "gates": (gate,)})


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database, made once, since its tables take seconds; documents go to a folder beside it."""
    folder = tmp_path_factory.mktemp("mlflow")
    found = f"sqlite:///{folder}/mlflow.db"
    MlflowClient(tracking_uri=found).create_experiment("zoo", artifact_location=(folder / "documents").as_uri())
    return found


def test_a_run_is_read_back_with_metrics_params_tags_and_documents(done, address, monkeypatch, tmp_path):
    store, record = done
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert list(log_run(record, store)) == []
    client = MlflowClient(tracking_uri=address)
    (found,) = client.search_runs([client.get_experiment_by_name("zoo").experiment_id])
    assert (found.info.run_name, found.info.status) == (record.run_id, "FINISHED")
    metrics = found.data.metrics
    assert {name: metrics[name] for name in metrics if name != "seconds"} == {
        "net.accuracy": 0.5, "net.accuracy.low": 0.1, "net.accuracy.high": 0.9,
    }  # fmt: skip
    assert (found.data.params["set"], found.data.params["net.seed"], found.data.params["halve.share"]) == (
        "net.seed=5",
        "5",
        "0.5",
    )
    assert found.data.tags["brickwise.run_id"] == record.run_id
    assert found.data.tags["brickwise.headline"].startswith("1 of 1 gates not met")
    assert {one.path for one in client.list_artifacts(found.info.run_id)} == {"evaluation.json", "diff.json", "gates.json"}
    document = json.loads(Path(client.download_artifacts(found.info.run_id, "evaluation.json", str(tmp_path))).read_text())
    assert document["identity"]["run_id"] == record.run_id
    gates = Path(client.download_artifacts(found.info.run_id, "gates.json", str(tmp_path))).read_text()
    assert json.loads(gates)[0]["status"] == "failed"

    before = len(client.search_runs([found.info.experiment_id]))
    tell(record.model_copy(update={"status": "up-to-date"}), store)  # nothing ran: nothing is logged
    assert len(client.search_runs([found.info.experiment_id])) == before


def test_a_failed_run_is_logged_as_failed(done, address, monkeypatch, tmp_path):
    store, record = done
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert list(log_run(record.model_copy(update={"run_id": "failed-one", "status": "failed"}), store)) == []
    client = MlflowClient(tracking_uri=address)
    runs = client.search_runs([client.get_experiment_by_name("zoo").experiment_id])
    assert {run.info.status for run in runs if run.info.run_name == "failed-one"} == {"FAILED"}


def test_nothing_is_told_where_no_address_is_set(done, monkeypatch, capsys):
    for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    tell(done[1], done[0])
    assert capsys.readouterr() == ("", "")


def test_a_server_that_is_not_there_or_never_answers_costs_a_line_and_no_password(done, monkeypatch, capsys):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(5)
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(deaf.accept()[0]), daemon=True).start()
        for port in (9, deaf.getsockname()[1]):
            monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:S3CRET@127.0.0.1:{port}")
            monkeypatch.delenv("PREFECT_API_URL", raising=False)
            began = time.monotonic()
            tell(done[1], done[0])
            assert time.monotonic() - began < 12  # on a busy machine; alone it takes 5
            said = capsys.readouterr().err
            assert f"was not logged to MLflow at http://***@127.0.0.1:{port}" in said
            assert "S3CRET" not in said
        for one in held:
            one.close()


def test_without_mlflow_there_is_a_line_that_says_what_to_do(done, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    (line,) = log_run(done[1], done[0])
    assert "pip install 'brickwise[mlflow]'" in line


def test_an_address_of_no_known_kind_is_a_line(done, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "carrier-pigeon://me:S3CRET@roof")
    (line,) = log_run(done[1], done[0])
    assert "was not logged to MLflow at carrier-pigeon://***@roof" in line
    assert "S3CRET" not in line


def test_a_password_reaches_no_store_of_mlflow_when_a_run_fails(project):
    remote = 'CsvFile(path="http://me:${ZOO_PASSWORD}@127.0.0.1:9/animals.csv", sha256="' + "0" * 64 + '")'
    project.edit("zoo/flow.py", 'CsvFile(path="animals.csv")', remote)
    variables = {"ZOO_PASSWORD": "S3CRET", "MLFLOW_TRACKING_URI": f"sqlite:///{project.folder}/tracking.db"}
    done = project.brickwise("run", "zoo.flow:data", **variables)
    assert (done.returncode, "MLflow" in done.stderr) == (1, False), done.stderr
    (found,) = MlflowClient(tracking_uri=variables["MLFLOW_TRACKING_URI"]).search_runs(["1"])
    assert (found.info.status, found.data.tags["brickwise.headline"]) == ("FAILED", "failed: raw")
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert "tracking.db" in {path.name for path in files}
    assert not [path for path in files if b"S3CRET" in path.read_bytes()]
