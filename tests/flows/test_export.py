"""`brickwise export`, and what `show` says of a training and of speed, through the real command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from flows.reports import _training_view
from pipeline import LocalStore, Model, Report
from pipeline.publish import load
from pipeline.stage import Port
from stages import predict_rows
from stages.train.model import rebuild

from .conftest import ROOT, Project, csv_text

PIPELINE = '''
"""Which animal is it?"""
from pipeline import Pipeline, Step
from schemas import SplitText, Text, Tokens
from stages import Average, Baseline, CsvFile, Gru, Ingest, Learned, Mean, Measure, Split, TextNet, Train, Vectorize, Words

animals = Pipeline(
    "animals",
    Step("raw", Ingest[Text](source=CsvFile(path="animals.csv"))),
    Step("split", Split[SplitText](by="id", valid=0.2, test=0.3), reads={"rows": "raw"}),
    Step("features", Vectorize[Tokens](features={"tokens": Words(min_count=1)}), reads={"rows": "split"}),
    Step("majority", Baseline(model="Majority"), reads={"rows": "split"}),
    Step(
        "net",
        Train(model=TextNet(embed=Learned(width=8), encode=Gru(hidden=4), attend=Mean()), epochs=2, rate=0.05, batch=8),
        reads={"rows": "features", "vocabulary": "features"},
    ),
    Step("both", Average(), reads={"models": ("majority", "net")}),
    Step("speed", Measure(calls=20, seconds=0.1), reads={"rows": "split", "models": ("majority", "net", "both")}),
)
'''


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project whose pipeline has run, without Prefect, and the run's id."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "160"}
    project = Project(tmp_path_factory.mktemp("export"), environment)
    project.write("zoo/__init__.py", "")
    project.write("zoo/flow.py", PIPELINE)
    project.write("animals.csv", csv_text())
    code = "from zoo.flow import animals; print(animals.run('.brickwise').run_id)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.folder,
        env=environment | {"PYTHONPATH": f"{ROOT}{os.pathsep}."},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return project, ran.stdout.strip()


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_model_leaves_with_its_onnx_and_tensorboard_files(done):
    project, run = done
    out = project.brickwise("export", run, "net", "out/net", "--onnx", "--tensorboard")
    assert out.returncode == 0, out.stderr
    folder = project.folder / "out/net"
    assert tree(folder) == [
        "config.json", "curves.svg", "facts.json", "features.json", "model.onnx", "speed.json", "tensorboard/events.out.tfevents.0.brickwise",
        "tokens.tokenizer.json", "weights.safetensors",
    ]  # fmt: skip
    assert "net, the model, speed.json, curves.svg, tensorboard/events" in out.stdout

    assert json.loads((folder / "speed.json").read_text())["p50_ms"] > 0
    assert (folder / "curves.svg").read_text().startswith("<svg")
    said = predict_rows(Model.load(folder), ["the old one says hoot"])
    assert said[0].label == "owl"
    (line,) = [line.removeprefix("next: ") for line in out.stdout.splitlines() if line.startswith("next: ")]
    shown = subprocess.run(
        ["sh", "-c", line.replace("python", sys.executable, 1)],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.startswith("[Answer(label="), shown.stderr


def test_the_onnx_file_says_what_the_model_says(done):
    project, run = done
    assert project.brickwise("export", run[-8:], "net", "onnx", "--onnx").returncode == 0
    folder = project.folder / "onnx"
    _, _, fitted = rebuild(Model.load(folder))
    tokens = fitted["tokens"][1].apply(pa.table({"text": ["the old one says hoot"]})).to_pylist()
    session = onnxruntime.InferenceSession((folder / "model.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    (found,) = session.run(["probabilities"], {"tokens": np.array(tokens)})
    assert found.max() == pytest.approx(predict_rows(Model.load(folder), ["the old one says hoot"])[0].probability, abs=1e-4)


def test_tensorboard_reads_the_curves_and_the_findings(done):
    project, run = done
    for name in ("one", "two"):
        assert project.brickwise("export", run, "net", f"curves/{name}", "--tensorboard", "--json").returncode == 0
    one, two = (project.folder / f"curves/{name}/tensorboard" for name in ("one", "two"))
    (file,) = one.iterdir()
    assert file.read_bytes() == (two / file.name).read_bytes()
    events = EventAccumulator(str(one))
    events.Reload()
    log = json.loads(project.brickwise("show", run, "net", "--json").stdout)["outputs"]["log"]
    facts = load(LocalStore(project.folder / ".brickwise"), log, Port("log", Report)).facts
    assert {"step/loss", "step/norm", "step/rate", "epoch/train_loss", "epoch/valid_accuracy"} <= set(events.Tags()["scalars"])
    assert [point.step for point in events.Scalars("step/loss")] == list(range(1, facts["steps"] + 1))
    assert [round(point.value, 5) for point in events.Scalars("epoch/valid_loss")] == [
        round(one["valid_loss"], 5) for one in facts["epochs"]
    ]
    (text,) = events.Tensors("findings")
    assert "gradient reaches every parameter" in text.tensor_proto.string_val[0].decode()


def test_an_ensemble_leaves_with_its_members(done):
    project, run = done
    out = project.brickwise("export", run, "both", "both", "--json")
    document = json.loads(out.stdout)
    assert document["files"] == tree(project.folder / "both")
    assert "net/weights.safetensors" in document["files"]
    assert document["model"] == Model.load(project.folder / "both").digest


def test_what_cannot_be_exported_is_a_message_and_writes_nothing(done):
    project, run = done
    for arguments, said in (
        (("split",), "step 'split' of run .* made no model; those that did: majority, net, both"),
        (("nett",), "has no step 'nett'; did you mean 'net'?"),
        (("both", "--tensorboard"), "step 'both' has no training log"),
        (("majority", "--onnx"), "made a model of family majority, and ONNX files are made of nets alone"),
    ):
        out = project.brickwise("export", run, arguments[0], "nothing", *arguments[1:])
        assert out.returncode in (1, 2)
        assert re.search(said, out.stderr), out.stderr
        assert "Traceback" not in out.stderr
        assert not (project.folder / "nothing").exists()


def test_a_folder_that_is_taken_is_refused(done):
    project, run = done
    (project.folder / "taken").mkdir()
    (project.folder / "taken/thesis.txt").write_text("mine")
    out = project.brickwise("export", run, "majority", "taken")
    assert out.returncode == 2
    assert "is there already, and holds something else; name a new folder, or remove it" in out.stderr
    assert tree(project.folder / "taken") == ["thesis.txt"]


def test_the_same_export_twice_is_one(done):
    project, run = done
    assert project.brickwise("export", run, "majority", "twice").returncode == 0
    assert project.brickwise("export", run, "majority", "twice").returncode == 0


def test_show_tells_of_a_training(done):
    project, run = done
    out = project.brickwise("show", run, "net").stdout
    assert "best epoch by accuracy: " in out
    assert " of 2 (train loss " in out
    assert "as expected: " in out
    assert "gradient reaches every parameter" in out


def test_what_is_to_be_looked_at_is_shown_in_full_and_an_early_stop_is_told():
    bad = {"check": "stalled loss", "ok": False, "found": "training loss 0.5", "expected": "below 0.5", "epoch": 2}
    epochs = [{"epoch": 1, "train_loss": 0.5, "valid_accuracy": 0.7}, {"epoch": 2, "train_loss": 0.5, "valid_accuracy": 0.6}]
    facts = {"metric": "accuracy", "best_epoch": 1, "steps": 9, "at_most": 8, "epochs": epochs, "findings": [bad]}
    first, _, look = map(str, _training_view(facts))
    assert first.endswith("best epoch by accuracy: 1 of 2 (train loss 0.5, valid accuracy 0.7); stopped early, 8 were allowed")
    assert look == "look at: epoch 2: stalled loss: found training loss 0.5, expected below 0.5"


def test_show_tells_of_speed(done):
    project, run = done
    for arguments in ((run,), (run, "speed")):
        out = project.brickwise("show", *arguments).stdout
        (head,) = [line for line in out.splitlines() if "rows/s at 256" in line]
        assert head.split()[:3] == ["model", "parameters", "bytes"]
        assert [line.split()[0] for line in out[out.index(head) :].splitlines()[2:5]] == ["majority", "net", "both"]
        assert "1 thread" in out
