"""`runs`, `show`, `diff`, `accept`, `validate`: what is told of runs and of data."""

from __future__ import annotations

import json


def test_a_run_is_listed_shown_compared_and_accepted(finished):
    done = finished.brickwise("run", "zoo.flow:animals", "--set", "net.epochs=1", "--set", "net.rate=0.0001", "--json")
    run_id = json.loads(done.stdout)["run_id"]
    listed = finished.brickwise("runs").stdout
    assert "net: epochs 2 -> 1 and 1 more" in listed
    assert "champion" in listed

    compared = json.loads(finished.brickwise("diff", "--json").stdout)
    assert compared["after"] == run_id
    assert compared["changes"]["net"] == "config: epochs 2 -> 1; config: rate 0.05 -> 0.0001"
    assert compared["verdict"] == "worse"
    assert {one["model"] for one in compared["details"]} == {"majority", "linear", "net"}
    assert f"{run_id} is worse against" in finished.brickwise("diff").stdout

    whole_key = json.loads(finished.brickwise("show", run_id[-4:], "net", "--key").stdout)
    assert whole_key["parts"]["config"]["epochs"] == 1
    assert "stages/train/loop.py: train()" in whole_key["parts"]["code"]
    assert "torch" in whole_key["parts"]["packages"]
    assert json.loads(finished.brickwise("show", "net", "--key").stdout) == whole_key
    assert finished.brickwise("show", "nett", "--key").returncode == 2

    assert f"run {run_id} is now the champion of animals" in finished.brickwise("accept", run_id).stdout
    back = json.loads(finished.brickwise("run", "zoo.flow:animals", "--json").stdout)
    assert (back["status"], {step["status"] for step in back["steps"]}) == ("done", {"reused"})
    assert back["diff"] == {"against": run_id, "verdict": "better"}
    assert json.loads(finished.brickwise("run", "zoo.flow:animals", "--json").stdout)["status"] == "up-to-date"


def test_part_of_a_run_is_neither_accepted_nor_compared(finished):
    done = finished.brickwise("run", "zoo.flow:animals", "--only", "net", "--force", "--set", "net.epochs=1", "--json")
    run_id = json.loads(done.stdout)["run_id"]
    refused = finished.brickwise("accept", run_id)
    assert refused.returncode == 2
    assert "did not finish report, compare" in refused.stderr
    told = finished.brickwise("diff").stdout
    assert f"no verdict on {run_id} against " in told
    assert "(not comparable: the later run did not finish step 'report'; run the whole pipeline as it was set)" in told


def test_runs_of_two_pipelines_are_not_compared(finished):
    other = json.loads(finished.brickwise("run", "zoo.flow:data", "--json").stdout)["run_id"]
    first = next(
        run["run_id"] for run in json.loads(finished.brickwise("runs", "--json").stdout) if run["pipeline"] == "animals"
    )
    refused = finished.brickwise("diff", first, other)
    assert refused.returncode == 2
    assert "expected the same" in refused.stderr


def test_validate_runs_data_steps_and_their_checks_and_never_trains(project):
    done = project.brickwise("validate", "zoo.flow:animals")
    assert done.returncode == 0, done.stderr
    assert "known animals" in done.stdout
    assert "0 failed" in done.stdout
    planned = json.loads(project.brickwise("plan", "zoo.flow:animals", "--json").stdout)
    actions = {step["name"]: step["action"] for step in planned["steps"]}
    assert (actions["features"], actions["linear"]) == ("reuse", "run")
    project.write_data("cat", "eel")
    assert project.brickwise("validate", "zoo.flow:animals", "--step", "tidy").returncode == 3


def test_validate_checks_a_file_against_a_record(project):
    project.write("bad.csv", "id,text,label\n1,hello there,\n2,,cat\n2,three,fields,more\n")
    done = project.brickwise("validate", "--record", "schemas:Text", "bad.csv")
    assert done.returncode == 3
    assert "3 rows, 1 keep schemas:Text, 2 do not" in done.stdout
    assert "label is shorter than 1: 1 rows, such as ''" in done.stdout
    assert 'the line has 4 fields, expected 3: 1 rows, such as {"_raw":"2,three,fields,more"} (line 4)' in done.stdout
    told = json.loads(project.brickwise("validate", "--record", "schemas:Text", "bad.csv", "--json").stdout)
    assert told["rows"] == told["accepted"] + len(told["turned_away"]) == 3
    good = project.brickwise("validate", "--record", "schemas:Text", "animals.csv", "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout)["accepted"] == 240


def test_a_quarantined_row_is_shown_with_what_is_wrong_with_it_first(project):
    wrong = "an animal that nobody has seen, " * 20
    lines = "".join(f"{i},hoot,owl\n" for i in range(20))
    project.write("animals.csv", f'id,text,label\n{lines}a long id,"{wrong}",\n')
    project.edit("zoo/flow.py", "Tidy(), reads", "Clean[Text](min_chars=800), reads")
    project.edit("zoo/flow.py", "import Bag,", "import Clean, Bag,")
    run_id = json.loads(project.brickwise("run", "zoo.flow:data", "--json").stdout)["run_id"]
    shown = [project.brickwise("show", run_id, step).stdout for step in ("raw", "tidy")]
    assert "label '' in {" in shown[0]
    assert "text 'hoot' in {" in shown[1]
