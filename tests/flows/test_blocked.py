"""A check that fails: what is below it must not run, and the message says what and where."""

from __future__ import annotations

import json


def test_a_failing_check_blocks_training_and_names_rule_column_counts_and_examples(project):
    project.write_data("cat", "dog", "eel")
    done = project.brickwise("run", "zoo.flow:animals", "--json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert document["status"] == "blocked"
    assert [step["status"] for step in document["steps"]] == ["ran", "blocked", *["skipped"] * 7]
    assert document["steps"][6]["why"] == "needs tidy, which is blocked"
    assert document["steps"][1]["outputs"]["rows"], "the output is kept for inspection"
    again = project.brickwise("run", "zoo.flow:animals")
    assert again.returncode == 3
    for told in (done.stderr, again.stdout):
        assert told.count("step 'tidy' is blocked: check 'known animals': column label: ") == 1
        assert "of 240 failed (eel); ask the zoo" in told
    assert "is blocked:" not in again.stderr
    assert "FAILED" in project.brickwise("show", document["run_id"], "tidy").stdout
    assert not (project.folder / ".brickwise/refs/animals/champion").exists()


def test_a_failed_step_says_why_once_and_with_json_on_standard_error(project):
    project.edit("zoo/words.py", "return text.lower()", "return text / 2")
    reason = "step 'tidy' failed: TypeError: unsupported operand type(s) for /: 'str' and 'int'"
    plain = project.brickwise("run", "zoo.flow:data")
    assert (plain.returncode, plain.stdout.count(reason), plain.stderr.count(reason)) == (1, 1, 0)
    document = project.brickwise("run", "zoo.flow:data", "--json")
    assert (document.returncode, document.stderr.count(reason)) == (1, 1)
    assert json.loads(document.stdout)["status"] == "failed"


def test_it_goes_on_once_the_data_is_mended(project):
    project.write_data("cat", "dog", "eel")
    assert project.brickwise("run", "zoo.flow:data").returncode == 3
    project.write_data("cat", "dog", "owl")
    assert project.brickwise("run", "zoo.flow:data").returncode == 0


def test_rows_that_are_all_quarantined_block_with_one_line_that_says_why_they_went(project):
    project.write("animals.csv", "id,text,label\n1,a,\n2,b,\n")
    done = project.brickwise("run", "zoo.flow:data", "--store", "mine", "--json")
    run_id = json.loads(done.stdout)["run_id"]
    (told,) = [line for line in done.stderr.splitlines() if "is blocked" in line]
    assert done.returncode == 3
    assert told == (
        "step 'raw' is blocked: all 2 rows were turned away: label is shorter than 1 (2); "
        f"brickwise show {run_id} raw --store mine shows them"
    )
    shown = project.brickwise("show", run_id, "--store", "mine").stdout
    assert shown.count("is blocked:") == shown.count(told) == 1
    assert "all 2 rows were turned away" in project.brickwise("validate", "zoo.flow:data", "--store", "mine").stdout


def test_one_class_only_is_a_failure_that_says_so_once(project):
    project.write_data("cat")
    done = project.brickwise("run", "zoo.flow:animals")
    assert done.returncode == 1
    assert done.stdout.count("the training rows hold 1 label (cat), expected at least 2") == 1
    assert "steps 'majority', 'linear', 'net': the training rows" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_check_that_a_person_lets_pass_is_told_in_every_report_of_the_run(project):
    project.write_data("cat", "dog", "eel")
    let_pass = ("--override", "tidy.known animals=eels come in May, says A. B.")
    told = "OVERRIDDEN: check 'known animals' of step 'tidy' failed and was let pass: eels come in May, says A. B."
    done = project.brickwise("run", "zoo.flow:data", *let_pass)
    assert (done.returncode, done.stdout.count(told)) == (0, 1)
    document = project.brickwise("run", "zoo.flow:data", *let_pass, "--json")
    assert told in document.stderr
    run_id = json.loads(document.stdout)["run_id"]
    accepted = project.brickwise("accept", run_id)
    assert (accepted.returncode, accepted.stdout.count(told)) == (0, 1)
    for words in (("show", run_id), ("show", run_id, "tidy"), ("diff", run_id)):
        assert told in project.brickwise(*words).stdout, words
    assert "overridden: tidy.known animals" in project.brickwise("runs").stdout
    assert project.brickwise("run", "zoo.flow:data").returncode == 3


def test_an_override_that_does_not_read_as_one_is_a_usage_error(project):
    for wrong in ("tidy", "tidy=because", "tidy.none=because", "tidy.known animals="):
        done = project.brickwise("run", "zoo.flow:data", "--override", wrong)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), wrong
        assert "--override" in done.stderr
