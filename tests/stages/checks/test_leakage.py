"""Leakage across the parts of a split."""

import pyarrow as pa
import pytest

from pipeline import LocalStore, Pipeline, Stage, Step, Table, UsageError
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.stage import Port
from schemas import SplitText, Text
from stages import Leakage

TRAIN = [
    "what is the largest city in the world ?",
    "who was the first president of the united states ?",
    "how many miles is it from the earth to the moon ?",
    "why do birds sing early in the morning ?",
]


def rows(*test: str, train=TRAIN, valid=("where is the nearest station ?",), **columns) -> pa.Table:
    texts = [*train, *valid, *test]
    count = len(texts)
    table = {
        "id": [str(at) for at in range(count)],
        "text": pa.array(texts, pa.string()),
        "label": ["a"] * count,
        "split": ["train"] * len(train) + ["valid"] * len(valid) + ["test"] * len(test),
        "group": [f"g{at}" for at in range(count)],
    }
    return pa.table(table | columns)


def leaks(table: pa.Table, **config) -> dict[str, int]:
    """Rule -> how many rows, of the rules that do not pass."""
    found = Leakage(**config).judge(Table.of(SplitText, table))
    return {finding.rule: finding.failed for finding in found if not finding.passed}


def test_parts_that_share_nothing_pass():
    assert leaks(rows("which river is the longest ?")) == {}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (TRAIN[0], {"test has no row of train": 1, "test has no text of train": 1}),
        ("What is the  largest city\tin the world ?", {"test has no text of train": 1}),
        ("what is the largest city in the world", {"test has no near-duplicate text (from 0.8) in train": 1}),
        ("where is the nearest station ?", {"test has no row of valid": 1, "test has no text of valid": 1}),
        ("what is the largest town in the whole wide world ?", {}),
    ],
)
def test_a_text_that_was_seen_before_is_told_by_the_strictest_rule_it_breaks(text, rules):
    assert leaks(rows("which river is the longest ?", text)) == rules


def test_the_same_text_with_another_label_is_the_same_text_and_no_same_row():
    table = rows(TRAIN[0], label=["a"] * 5 + ["b"])
    assert leaks(table) == {"test has no text of train": 1}
    assert leaks(table, ignore=("label",)) == {"test has no text of train": 1, "test has no row of train": 1}


def test_a_group_may_not_stand_in_two_parts():
    assert leaks(rows("which river is the longest ?", "who ?", group=["p1", "p2", "p3", "p4", "p5", "p1", "p5"])) == {
        "test has no group of train": 1,
        "test has no group of valid": 1,
    }


def test_a_validation_row_may_not_repeat_a_training_row():
    assert leaks(rows("which river is the longest ?", valid=(TRAIN[1],))) == {
        "valid has no row of train": 1,
        "valid has no text of train": 1,
    }


def test_nulls_repeat_nothing():
    assert leaks(rows(None, train=[*TRAIN, None], label=["a"] * 6 + ["b"], group=[None] * 7)) == {}


def test_how_near_is_near_can_be_said():
    text = "who was the last president of the united states ?"
    assert leaks(rows(text)) == {}
    assert leaks(rows(text), near=0.6) == {"test has no near-duplicate text (from 0.6) in train": 1}


@pytest.mark.parametrize(
    ("config", "passes"), [({"allowed": 1}, False), ({"allowed": 2}, True), ({"share": 0.4}, False), ({"share": 0.5}, True)]
)
def test_so_many_rows_may_be_allowed_as_a_number_or_a_share(config, passes):
    table = rows(TRAIN[0], TRAIN[1], "which river is the longest ?", "who ?")
    assert (leaks(table, **config) == {}) is passes


def test_a_part_without_rows_fails_and_so_does_a_row_in_no_part():
    assert leaks(rows()) == {"test has rows": 5}
    assert "valid has rows" in leaks(rows("who ?", valid=()))
    assert leaks(rows("who ?", valid=()), parts=("train", "test")) == {}
    assert leaks(rows("who ?"), parts=("train", "test")) == {"every row is in one of train, test": 1}


def test_an_empty_table_fails():
    receipt = Leakage().receipt(Table.of(SplitText, rows().slice(0, 0)))
    assert not receipt.passed


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, r"split is the column 'split', which Text does not have; .*columns: id, text, label"),
        ({"split": "label", "group": "grp"}, "group is the column 'grp'"),
        ({"split": "label", "group": None, "text": "txt"}, r"text is the column 'txt'.*did you mean 'text'\?"),
        ({"split": "label", "group": None, "ignore": ("idd",)}, r"ignore\[0\] is the column 'idd'"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_that_are(config, named):
    table = Table.of(Text, pa.table({"id": ["1"], "text": ["a"], "label": ["train"]}))
    with pytest.raises(UsageError, match=named):
        Leakage(**config).judge(table)


@pytest.mark.parametrize("config", [{"parts": ("train",)}, {"parts": ("a", "a")}, {"near": 0}, {"share": 1}, {"allowed": -1}])
def test_bad_config_is_refused(config):
    with pytest.raises(ValueError, match=next(iter(config))):
        Leakage(**config)


TEST = [*TRAIN[:2], "How many miles is it from the Earth to the Moon ??", "which river is the longest ?"] * 30


class Parts(Stage):
    """Train, valid and test rows in three fragments, many of them leaked."""

    def run(self) -> Table[SplitText]:
        table = rows(*TEST)
        return Table.of(SplitText, table.slice(0, 4), table.slice(4, 50), table.slice(54))


def test_a_leak_blocks_and_every_leaked_row_is_kept_with_what_it_repeats(store):
    record = Pipeline("p", Step("rows", Parts(), checks=(Leakage(),))).run(store.root)
    assert record.status == "blocked"
    receipt = record.step("rows").receipts[1]
    assert {finding.rule: finding.failed for finding in receipt.failures} == {
        "test has no row of train": 60,
        "test has no text of train": 60,
        "test has no near-duplicate text (from 0.8) in train": 30,
    }
    kept = load(LocalStore(store.root), receipt.failing, Port("rows", Table, Quarantined)).read().to_pylist()
    assert len(kept) == 150
    near = [row for row in kept if "near" in row["rule"]]
    assert {row["key"] for row in near} == {str(5 + at) for at, text in enumerate(TEST) if "??" in text}
    assert {row["value"] for row in near} == {TRAIN[2]}
    assert {row["value"] for row in kept if "no row" in row["rule"]} == {"row 1", "row 2"}


def test_a_warning_blocks_nothing(store):
    record = Pipeline("p", Step("rows", Parts(), checks=(Leakage(severity="warn"),))).run(store.root)
    assert record.status == "done"
