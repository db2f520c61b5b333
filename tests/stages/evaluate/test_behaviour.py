"""Behaviour tests: edits that do what they say, and models that fail them as often as they were made to."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipeline import StageError
from stages.behaviours import Direction, Invariance, Minimum
from stages.evaluate.behaviour import around, behave
from stages.evaluate.edits import edited

TEXTS = [f"The film number {i} is {'good' if i % 2 else 'bad'}." for i in range(40)]
ROWS = pa.table({"id": [str(i) for i in range(40)], "text": TEXTS, "group": [str(i // 4) for i in range(40)]})


def likes(rows):
    """Positive where it reads `good`, in small letters; surer with every `fine`."""
    found = np.array([[0.8 if "good" in text else 0.2] for text in rows["text"].to_pylist()])
    found = np.clip(found + [[0.1 * text.count("fine") - 0.3 * text.count("awful")] for text in rows["text"].to_pylist()], 0, 1)
    return np.hstack([1 - found, found])


def run(*tests, predict=likes, rows=ROWS, kind="one_of", seed=7):
    found = behave(tests, predict, rows, ["negative", "positive"], seed, kind)
    json.dumps(found)
    return found


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        ("lower_case", "Ab.", "ab."),
        ("upper_case", "Ab.", "AB."),
        ("no_final_stop", "Ab. ", "Ab"),
        ("no_final_stop", "Ab...", "Ab..."),
        ("double_space", "a b", "a  b"),
        ("double_space", "ab", "ab"),
        ("typo", "ab", "ba"),
        ("typo", "aa 12", "aa 12"),
        ({"he": "she", "she": "he"}, "she told he, there", "he told she, there"),
        ({"a.b": "x"}, "a.b aab", "x aab"),
        ({"new": "old", "new york": "rome"}, "new york new", "rome old"),
    ],
)
def test_an_edit_does_what_its_name_says(edit, before, after):
    assert edited([before], edit, 7) == [after]


def test_a_typo_is_the_same_each_time_and_another_with_another_seed():
    assert edited(TEXTS, "typo", 7) == edited(TEXTS, "typo", 7)
    assert edited(TEXTS, "typo", 7)[3:] == edited(TEXTS[3:], "typo", 7)
    assert edited(TEXTS, "typo", 7) != edited(TEXTS, "typo", 8)
    assert all(sorted(a) == sorted(b) and a != b for a, b in zip(TEXTS, edited(TEXTS, "typo", 7), strict=True))


def test_an_invariance_is_told_edit_by_edit():
    lower, upper, stop = run(Invariance(name="case", edits=("lower_case", "upper_case", "no_final_stop")))
    assert (lower["n"], lower["failures"], lower["rate"]) == (40, 0, 0)
    assert (upper["n"], upper["failures"], upper["rate"]) == (40, 20, 0.5)
    assert upper["low"] < 0.5 < upper["high"]
    assert upper["examples"][0] == {
        "before": "The film number 1 is good.", "after": "THE FILM NUMBER 1 IS GOOD.",
        "said_before": "positive", "said_after": "negative",
    }  # fmt: skip
    assert len(upper["examples"]) == 5
    assert (stop["edit"], stop["failures"]) == ("no_final_stop", 0)


def test_only_texts_that_an_edit_changes_count():
    (found,) = run(Invariance(name="words", edits=({"good": "great"},)))
    assert (found["n"], found["failures"], found["rate"]) == (20, 20, 1)
    (nothing,) = run(Invariance(name="words", edits=({"zebra": "horse"},)))
    assert (nothing["status"], nothing["reason"], nothing["rate"]) == (
        "not evaluated", "none of 40 texts is changed by it", None,
    )  # fmt: skip


def test_a_direction_fails_where_it_goes_the_other_way_by_more_than_the_tolerance():
    up = Direction(name="praise", append=" Fine, fine.", label="positive")
    down = Direction(name="blame", append=" It is awful.", label="positive", expect="down")
    wrong = Direction(name="odd", append=" It is awful.", label="positive", expect="up", tolerance=0.25)
    slack = Direction(name="odd", append=" It is awful.", label="positive", expect="up", tolerance=0.35)
    assert [one["failures"] for one in run(up, down, wrong, slack)] == [0, 0, 20, 0]  # of those at 0.2, by 0.2 alone
    assert run(wrong)[0]["examples"][0]["said_before"] == "0.8"
    (unknown,) = run(Direction(name="x", append="!", label="positiv"))
    assert unknown["reason"] == "label 'positiv' is no class of the model"


def test_minimum_functionality():
    (found,) = run(Minimum(name="plain", rows=(("good", "positive"), ("not good", "negative"), ("dull", "negative"))))
    assert (found["n"], found["failures"]) == (3, 1)
    assert found["examples"] == [{"before": "not good", "after": "", "said_before": "negative", "said_after": "positive"}]


def test_a_model_that_reads_more_than_the_text_cannot_be_asked_a_minimum():
    def refuses(rows):
        raise StageError("the model cannot answer rows with the columns text")

    (found,) = run(Minimum(name="plain", rows=(("good", "positive"),)), predict=refuses)
    assert (found["status"], found["reason"]) == ("not evaluated", "the model cannot answer rows with the columns text")


def test_numbers_and_sets_of_classes():
    def length(rows):
        return np.array([[float(len(text))] for text in rows["text"].to_pylist()])

    same = Invariance(name="case", edits=("upper_case", "double_space"), tolerance=0.5)
    longer = Direction(name="more", append=" more", expect="up")
    case, space, more = run(same, longer, predict=length, kind="number")
    assert (case["failures"], space["failures"], more["failures"]) == (0, 40, 0)
    assert run(Minimum(name="m", rows=(("a", "b"),)), predict=length, kind="number")[0]["status"] == "not evaluated"
    (sets,) = run(Invariance(name="case", edits=("upper_case",)), kind="several_of")
    assert sets["failures"] == 20


def test_rows_are_drawn_by_the_seed_and_groups_widen_the_interval():
    test = Invariance(name="case", edits=("upper_case",), sample=30)
    assert run(test) == run(test)
    assert run(test)[0]["n"] == 30
    assert run(test, seed=8)[0]["examples"] != run(test)[0]["examples"]
    halves = ROWS.set_column(2, "group", pa.array([str(i % 2) + str(i // 10) for i in range(40)]))  # a group fails as one
    (alike,), (apart,) = (
        run(Invariance(name="c", edits=("upper_case",)), rows=halves),
        run(Invariance(name="c", edits=("upper_case",))),
    )
    assert alike["high"] - alike["low"] > 1.5 * (apart["high"] - apart["low"])


def test_rows_without_a_text_are_not_evaluated():
    tests = (Invariance(name="case"), Direction(name="more", append="!", label="positive"))
    assert {one["reason"] for one in run(*tests, rows=ROWS.drop_columns("text"))} == {"the rows have no column 'text'"}
    empty = ROWS.set_column(1, "text", pa.array([None] * 40, pa.string()))
    assert {one["reason"] for one in run(*tests, rows=empty)} == {"there are no rows with a text"}


def test_examples_are_bounded_about_the_change():
    long = "x " * 500 + "good" + " y" * 500
    was, found = around(long, long.replace("good", "GOOD"))
    assert "good" in was
    assert "GOOD" in found
    assert max(len(was), len(found)) <= 90


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Direction(name="none", label="a"), "Direction 'none' changes nothing; give it replace, append or both"),
        (lambda: Invariance(name="x", edits=({},)), "edits hold an empty replacement"),
        (lambda: Invariance(name="x", edits=("lowercase",)), "no_final_stop"),
        (lambda: Minimum(name="x", rows=()), "at least 1 item"),
        (lambda: Invariance(name=""), "at least 1 character"),
    ],
)
def test_tests_that_test_nothing_are_refused(make, said):
    with pytest.raises(ValidationError, match=re.escape(said)):
        make()
