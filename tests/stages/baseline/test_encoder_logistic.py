"""A frozen encoder under a logistic regression, from a folder and then without it."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Pipeline, Step, UsageError
from pipeline.key import step_parts, why
from schemas import SplitText
from stages import Baseline, CsvFile, EncoderLogistic, Ingest
from stages.predict import predictor


@pytest.fixture
def rung(encoder_folder):
    return lambda folder=None, **fields: EncoderLogistic(encoder=str(folder or encoder_folder()), max_tokens=16, **fields)


def test_it_learns_and_predicts_without_its_folder(toy, rung, encoder_folder):
    folder = encoder_folder()
    rows = toy()
    model = Baseline(model=rung(folder, strength=100.0)).run(rows)
    assert set(model.files) == {"config.json", "tokenizer.json", "weights.safetensors", "head.safetensors"}
    assert model.read("weights.safetensors") == (folder / "model.safetensors").read_bytes()
    shutil.rmtree(folder)
    table = rows.read()
    tested = table.filter([part == "test" for part in table["split"].to_pylist()])
    found = predictor(model)(tested)
    assert np.allclose(found.sum(1), 1)
    chosen = [model.facts["classes"][i] for i in found.argmax(1)]
    assert np.mean([one == other for one, other in zip(chosen, tested["label"].to_pylist(), strict=True)]) > 0.8
    assert predictor(model)(pa.table({"text": ["", "nobody knows"]})).shape == (2, 3)


def test_two_classes_and_the_same_bytes_again(toy, rung, encoder_folder):
    folder = encoder_folder()
    one, two = (Baseline(model=rung(folder)).run(toy(classes=2)) for _ in range(2))
    assert one.files == two.files
    assert predictor(one)(toy(classes=2).read()).shape == (300, 2)


def test_the_files_of_the_encoder_are_in_the_key(rung, encoder_folder):
    folder = encoder_folder()
    pipeline = Pipeline(
        "words",
        Step("raw", Ingest[SplitText](source=CsvFile(path="rows.csv"))),
        Step("frozen", Baseline(model=rung(folder)), reads={"rows": "raw"}),
    )
    before = step_parts(pipeline, "frozen", {})
    (folder / "config.json").write_text(json.dumps(json.loads((folder / "config.json").read_text()) | {"layer_norm_eps": 1e-6}))
    assert why(before, step_parts(pipeline, "frozen", {})) == "source: config.json changed"


def test_a_folder_that_is_refused_is_refused_when_planned(rung, encoder_folder):
    with pytest.raises(UsageError, match="brings code of its own"):
        Baseline(model=rung(encoder_folder(auto_map={"AutoModel": "x.Y"}))).outside()
