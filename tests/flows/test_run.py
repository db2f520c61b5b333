"""`brickwise run`: what runs, what is reused, and why."""

from __future__ import annotations

import json

STEPS = ["raw", "tidy", "split", "features", "majority", "linear", "net", "report", "compare"]


def ran(document: dict) -> dict[str, str]:
    return {step["name"]: step["why"] for step in document["steps"] if step["status"] == "ran"}


def test_the_first_run_prints_the_documented_json_and_becomes_the_champion(finished_once):
    project, printed = finished_once
    document = json.loads(printed)
    assert list(document) == ["run_id", "pipeline", "status", "steps", "metrics", "diff"]
    assert document["status"] == "done"
    assert [step["name"] for step in document["steps"]] == STEPS
    assert set(document["steps"][0]) == {
        "name", "status", "why", "seconds", "rows_in", "rows_out", "rows_quarantined", "outputs",
    }  # fmt: skip
    assert all(step["status"] == "ran" and step["why"] == "never run" for step in document["steps"])
    tidy = document["steps"][1]
    assert (tidy["rows_in"], tidy["rows_out"], tidy["rows_quarantined"]) == (240, 240, 0)
    assert len(tidy["outputs"]["rows"]) == 64
    assert list(document["metrics"]) == ["majority", "linear", "net"]  # the order of the ladder, not of names
    accuracy = document["metrics"]["linear"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert document["diff"] == {"against": None, "verdict": None}
    champion = (project.folder / ".brickwise/refs/animals/champion").read_text().strip()
    assert champion == document["run_id"]


def test_the_second_run_reuses_everything_at_once_and_starts_no_orchestrator(finished, finished_once):
    first = json.loads(finished_once[1])
    again = finished.brickwise("run", "zoo.flow:animals", "--json", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert again.returncode == 0
    assert again.stderr == ""
    document = json.loads(again.stdout)
    assert document["status"] == "up-to-date"
    assert document["run_id"] == first["run_id"]
    assert {step["status"] for step in document["steps"]} == {"reused"}
    assert [s["outputs"] for s in document["steps"]] == [s["outputs"] for s in first["steps"]]
    assert document["metrics"] == first["metrics"]
    told = finished.brickwise("run", "zoo.flow:animals")
    assert "up to date: 9 steps reused, nothing ran" in told.stdout


def test_setting_a_field_of_one_model_reruns_that_model_its_evaluation_and_the_comparison(finished):
    done = finished.brickwise("run", "zoo.flow:animals", "--set", "net.epochs=3", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    why = ran(document)
    assert list(why) == ["net", "report", "compare"]
    assert why["net"] == "config: epochs 2 -> 3"
    assert why["report"] == "input models: net.model changed"
    assert document["diff"]["against"]
    assert document["diff"]["verdict"] in ("better", "worse", "equivalent", "undecided")
    shown = finished.brickwise("run", "zoo.flow:animals", "--set", "net.epochs=3", "--force", "--only", "net")
    assert "forced" in shown.stdout
    assert "not selected" in shown.stdout


def test_editing_a_helper_names_it_and_a_comment_changes_nothing(finished):
    finished.edit("zoo/words.py", "return text.lower()", "return text.lower()  # calm down")
    assert "0 of 9 steps would run" in finished.brickwise("plan", "zoo.flow:animals").stdout
    finished.edit("zoo/words.py", "text.lower()", "text.title()")
    planned = json.loads(finished.brickwise("plan", "zoo.flow:animals", "--json").stdout)
    assert planned["pipeline"] == "animals"
    assert planned["steps"][0] == {"name": "raw", "action": "reuse", "why": "nothing changed"}
    assert planned["steps"][1] == {"name": "tidy", "action": "run", "why": "code: zoo/words.py: tidy()"}
    assert planned["steps"][2]["why"] == "waits for tidy"


def test_the_table_of_a_run_ends_with_metrics_verdict_and_the_next_command(finished, finished_once):
    done = finished.brickwise("run", "zoo.flow:animals", "--set", "net.rate=0.01")
    assert done.returncode == 0, done.stderr
    for expected in (
        "config: rate 0.05 -> 0.01",
        "accuracy [95%]",
        "net - linear",
        "against the champion",
        "next: brickwise",
        "\nkeep ",
    ):
        assert expected in done.stdout
    assert "net ran in" in done.stderr
    shown = finished.brickwise("show", json.loads(finished_once[1])["run_id"]).stdout
    for printed in (done.stdout, shown):  # models stand in the order of the ladder, not of their names
        names = [line.split()[0] for line in printed.partition("accuracy [95%]")[2].splitlines()[2:5]]
        assert names == ["majority", "linear", "net"]
    assert "\nkeep " in shown
    assert "Traceback" not in done.stderr


def test_the_same_run_in_a_fresh_store_gives_the_same_bytes(finished, finished_once):
    again = finished.brickwise("run", "zoo.flow:animals", "--json", "--store", "fresh store")
    mine, first = json.loads(again.stdout), json.loads(finished_once[1])
    assert [s["outputs"] for s in mine["steps"]] == [s["outputs"] for s in first["steps"]]
