"""Latency in a diff: of models that both runs have timed, on one machine."""

from __future__ import annotations

import json

import pytest

from flows.diffing import show_diff
from pipeline import LocalStore

from .conftest import made


def document(store: LocalStore, capsys: pytest.CaptureFixture[str], before: int, after: int):
    ids = store.run_ids()
    show_diff(store, ids[before], ids[after], None, as_json=True)
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """Three runs: the second quicker, the third on two threads."""
    return made(tmp_path_factory.mktemp("latency") / "store", (), ("speed.ms=1.2",), ("speed.threads=2",))


def test_the_diff_says_how_much_faster_a_model_is(timed, capsys):
    found = document(timed, capsys, 0, 1)["models"]["net"]["latency"]
    assert found["p50_ms"] == {"before": 1.5, "after": 1.2, "delta": pytest.approx(-0.3)}
    assert found["p95_ms"]["after"] == 2.4
    assert found["rows_per_second"]["delta"] == 0
    assert (found["status"], found["reason"]) == ("ok", "")


def test_times_that_were_not_taken_alike_are_not_compared(timed, capsys):
    found = document(timed, capsys, 1, 2)["models"]["net"]["latency"]
    assert found == {"status": "not evaluated", "reason": "not timed alike: another number of threads"}


def test_a_run_that_timed_nothing_has_no_latency(timed, tmp_path, capsys):
    store = made(tmp_path / "store", ("judge.skill=0.7",), ("judge.skill=0.8",))
    outputs = next(step["outputs"] for step in store.run(store.run_ids()[0])["steps"] if step["name"] == "speed")
    first = store.run(store.run_ids()[0])
    first["steps"] = [{**step, "outputs": {} if step["outputs"] == outputs else step["outputs"]} for step in first["steps"]]
    store.save_run(first["run_id"], first)
    assert document(store, capsys, 0, 1)["models"]["net"]["latency"] is None


def test_people_see_what_moved_and_that_a_time_is_one_measurement(timed, tmp_path, capsys):
    ids = timed.run_ids()
    show_diff(timed, ids[0], ids[1], tmp_path / "diff", as_json=False)
    told = " ".join(capsys.readouterr().out.split())
    assert "net smooth ECE 0.090 0.070 -0.020" in told
    assert "net parameters 1,340,562 1,340,000 -562" in told
    assert "net ms for one row, median 1.500 1.200 -0.300" in told
    assert "times are of one measurement in each run" in told
    assert "rows a second" not in told  # nothing to see
    kept = next((tmp_path / "diff").rglob("*.json")).read_text(encoding="utf-8")
    assert '"p50_ms"' in kept
    show_diff(timed, ids[1], ids[2], None, as_json=False)
    assert "not timed alike: another number of threads" in " ".join(capsys.readouterr().out.split())
