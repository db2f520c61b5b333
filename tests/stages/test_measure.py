"""How large and how fast models are."""

import time

import numpy as np
import pytest

from pipeline import Model, Pipeline, StageError
from stages import Average, Baseline, Measure
from stages.measure import machine
from stages.timing import _clock


@pytest.fixture(scope="module")
def models(toy):
    """Two models, and both as one."""
    found = {kind: Baseline(model=kind).run(toy()) for kind in ("Majority", "TfidfLogistic")}
    return found | {"average": Average().run(found)}


def test_every_model_is_measured(toy, models):
    found = Measure(batch=32, calls=20, seconds=0.1).run(toy(), models).facts
    assert found["models"].keys() == models.keys()
    for name, one in found["models"].items():
        assert 0 < one["p50_ms"] <= one["p95_ms"]
        assert one["rows_per_second"] > 0
        assert 0 < one["load_seconds"] < 5
        assert one["parameters"] == models[name].facts["parameters"]
        assert one["bytes"] == sum(map(len, models[name].files.values()))
    linear, both = found["models"]["TfidfLogistic"], found["models"]["average"]
    assert both["bytes"] == linear["bytes"]
    assert both["rows_per_second"] < found["models"]["Majority"]["rows_per_second"]


def test_it_says_on_which_machine(toy, models):
    found = Measure(threads=2, calls=20, seconds=0.05).run(toy(), {"Majority": models["Majority"]}).facts
    assert (found["machine"], found["threads"], found["batch"]) == (machine(), 2, 256)
    assert found["machine"]["processor"]
    assert found["machine"]["cores"] >= 1


def test_another_machine_measures_anew(monkeypatch):
    before = Measure().outside()
    monkeypatch.setattr("stages.measure._processor", lambda: "another")
    assert Measure().outside() != before


def test_a_slow_model_is_timed_only_as_long_as_there_is_time():
    start = time.perf_counter()
    times = _clock(lambda _: time.sleep(0.05), most=1000, seconds=0.2)
    assert time.perf_counter() - start < 1
    assert 2 <= len(times) <= 5
    assert min(times) >= 0.05
    assert len(_clock(lambda _: time.sleep(0.05), most=1000, seconds=0.01)) == 1
    assert len(_clock(lambda _: None, most=7, seconds=10)) == 7


def test_no_rows_are_a_message(toy, models):
    table = toy()
    empty = type(table).of(table.record, table.read().slice(0, 0))
    with pytest.raises(StageError, match="there are no rows"):
        Measure().run(empty, models)


def test_rows_of_the_test_split_are_answered(toy, models, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "stages.timing.predictor", lambda model: lambda rows: asked.extend(rows["split"].to_pylist()) or np.zeros((1, 1))
    )
    Measure(calls=20, seconds=0.05).run(toy(), {"m": Model(facts={"classes": []})})
    assert set(asked) == {"test"}


def test_it_is_no_step_that_others_wait_for():
    from flows.docstrings import docstrings

    assert isinstance(docstrings.steps["speed"].stage, Measure)
    assert isinstance(docstrings, Pipeline)
    assert not [name for name in docstrings.steps if "speed" in docstrings.upstream(name)]
