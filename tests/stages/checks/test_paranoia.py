"""The list of paranoia: each check sees what it is for, says so, and is silent where there is nothing."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Evaluation, Pipeline, Report, Stage, Step, Table, UsageError
from schemas import Prediction, SplitText
from stages.checks import ConfidentAndWrong, Giveaway, SplitDrift, TestReuse, paranoia
from stages.checks.told import BrokenSlice, Sensitive, Tie, WorstClass


class Rows(SplitText):
    """Texts with a number and a source beside them."""

    source: str
    size: float


def rows(n=1200, seed=0, **columns):
    draw = np.random.default_rng(seed)
    ids = [f"r{i}" for i in range(n)]
    given = {
        "id": ids,
        "text": [f"some words {draw.integers(9)} here" for _ in range(n)],
        "label": draw.choice(["a", "b", "c"], n).tolist(),
        "split": ["train" if i % 10 < 7 else "test" for i in range(n)],
        "group": ids,
        "source": draw.choice(["x", "y"], n).tolist(),
        "size": draw.normal(size=n).tolist(),
    }
    return Table.of(Rows, pa.table(given | columns))


def failed(check, *given):
    return [finding for finding in check.judge(*given) if not finding.passed]


def test_nothing_gives_the_label_away_where_nothing_does():
    found = list(Giveaway().judge(rows()))
    assert [(one.column, one.passed) for one in found] == [("source", True), ("size", True), ("text", True)]
    assert Giveaway().receipt(rows()).passed


@pytest.mark.parametrize("kind", ["category", "number"])
def test_a_column_that_says_the_label_is_found(kind):
    labels = rows().read()["label"].to_pylist()
    source = [f"from_{label}" for label in labels]
    size = [{"a": 0, "b": 10, "c": 20}[label] + i / 1200 for i, label in enumerate(labels)]
    (one,) = failed(Giveaway(), rows(source=source) if kind == "category" else rows(size=size))
    assert one.column == ("source" if kind == "category" else "size")
    assert one.severity == "warn"
    assert one.examples[0].startswith(
        "right in 100.0% of" if kind == "category" else "right in 98.9% of the test rows, at least 97.2%; guessing: 3"
    )
    assert not failed(Giveaway(skip=("source", "size")), rows(source=source, size=size))


def test_a_word_that_says_the_label_is_found_where_it_stands():
    table = rows(3000).read()
    texts = [f"{text} zebra" if label == "a" and i % 2 else text for i, (text, label) in enumerate(
        zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))]  # fmt: skip
    (one,) = failed(Giveaway(), rows(3000, text=texts))
    assert (one.column, one.failed) == ("text", 1)
    assert one.examples[0].startswith("zebra: one label in 100.0% of ")
    assert not failed(Giveaway(words=0), rows(3000, text=texts))


def test_where_nearly_all_rows_have_one_label_guessing_gives_nothing_away():
    assert not failed(Giveaway(), rows(label=["a"] * 1190 + ["b"] * 10))


def test_giveaway_of_a_column_that_is_not_there_and_of_a_split_without_test_rows():
    with pytest.raises(UsageError, match=r"skip\[0\] is the column 'sorce'"):
        Giveaway(skip=("sorce",)).judge(rows())
    assert not next(iter(Giveaway(severity="error").judge(rows(split=["train"] * 1200)))).passed


def test_the_parts_of_a_split_are_held_against_each_other():
    assert not failed(SplitDrift(), rows(n=3000))
    split = rows(n=3000).read()["split"].to_pylist()
    moved = [float(i % 7) + (3 if part == "test" else 0) for i, part in enumerate(split)]
    found = failed(SplitDrift(), rows(n=3000, size=moved))
    assert {one.column for one in found} == {"size"}
    assert "values are spread as train" in {one.rule for one in found}
    assert not any("champion" in one.rule for one in SplitDrift().judge(rows()))
    assert [one.rule for one in failed(SplitDrift(), rows(split=["train"] * 1200))] == ["both parts have rows"]


def evaluation(**details):
    return Evaluation(facts={"models": ["net"], "main": ["accuracy"], "data": {"rows": "abc"}, "details": {"net": details}})


def m(value, low, high, **more):
    return {"value": value, "low": low, "high": high, "n": 100, "higher": True, "status": "ok", **more}


def test_test_rows_that_were_measured_too_often():
    check = TestReuse(most=3)
    (fine,) = check.judge(evaluation(), ("abc", "other", None, "abc"))
    assert (fine.passed, fine.observed) == (True, "3")
    (often,) = check.judge(evaluation(), ("abc",) * 4)
    assert (often.passed, often.failed, often.severity) == (False, 2, "warn")
    assert "by chance alone the best of 5 equal models lies 1.2 standard errors above them" in often.note
    assert [one.rule for one in failed(check, Evaluation(facts={"n": 3}), ())] == ["says its rows"]


class Measured(Stage):
    """An evaluation of the same rows, each time another."""

    value: int = 0

    def run(self) -> Evaluation:
        return Evaluation(facts={"data": {"rows": "abc"}, "value": self.value})


def test_runs_are_counted_by_the_store(tmp_path):
    def run(value):
        step = Step("report", Measured(value=value), checks=(TestReuse(most=2),))
        return Pipeline("tests", step).run(store=tmp_path / "s").steps[0].receipts

    seen = [next(f for r in run(value) if r.check == "test_reuse" for f in r.findings) for value in range(3)]
    assert [(one.observed, one.passed) for one in seen] == [("1", True), ("2", True), ("3", False)]


def test_a_baseline_that_ties():
    comparisons = [{"model": "net", "against": "linear"}]
    tie = Report(facts={"comparisons": comparisons, "keep": {"model": "linear", "line": "keep linear: net is equivalent"}})
    (one,) = failed(Tie(), tie)
    assert one.note == "keep linear: net is equivalent"
    assert not failed(Tie(), Report(facts={"comparisons": comparisons, "keep": {"model": "net", "line": "keep net"}}))


def test_the_worst_class_fails_only_where_its_rows_can_tell():
    classes = {"bad": {"recall": m(0.2, 0.1, 0.4)}, "few": {"recall": m(0.4, 0.1, 0.8)}, "good": {"recall": m(0.9, 0.8, 0.95)}}
    (one,) = WorstClass(floor=0.5).judge(evaluation(classes=classes))
    assert (one.passed, one.failed, one.examples) == (False, 1, ("bad: 0.200 [0.100, 0.400]",))
    assert one.note == "of 1 more, such as few, too few rows can tell"
    assert not failed(WorstClass(floor=0.3), evaluation(classes=classes))
    none = {"gone": {"recall": {"value": None, "low": None, "high": None, "status": "not evaluated"}}}
    assert failed(WorstClass(), evaluation(classes=none)) == []
    assert not WorstClass().receipt(evaluation(classes=none)).findings[0].passed  # nothing was evaluated
    assert WorstClass().receipt(evaluation()).passed  # a number has no classes


def test_a_slice_broke_where_the_intervals_part():
    def sliced(**slices):
        return evaluation(
            slices=[{"name": f"kind={name}", "column": "kind", "metrics": metrics} for name, metrics in slices.items()]
        )

    before = sliced(a={"accuracy": m(0.9, 0.85, 0.93)}, b={"accuracy": m(0.9, 0.85, 0.93)}, gone={"accuracy": m(1, 1, 1)})
    after = sliced(a={"accuracy": m(0.7, 0.65, 0.8)}, b={"accuracy": m(0.8, 0.75, 0.88)}, new={"accuracy": m(0, 0, 0)})
    (one,) = BrokenSlice().judge(after, before)
    assert (one.passed, one.evaluated, one.failed) == (False, 3, 2)
    assert one.examples == ("kind=a: 0.900 [0.850, 0.930] -> 0.700 [0.650, 0.800]", "kind=gone: no row is in it any more")
    assert not failed(BrokenSlice(), sliced(**{key: {"accuracy": m(0.95, 0.9, 0.99)} for key in ("a", "b", "new")}), after)
    (nothing,) = BrokenSlice().judge(sliced(), sliced())
    assert (nothing.passed, nothing.severity) == (False, "warn")
    assert nothing.note == "no slice was evaluated in both; give Evaluate slices, or leave this check out"
    assert not failed(BrokenSlice(), after, None)
    loss = m(1, 0.9, 1.1, higher=False), m(2, 1.9, 2.1, higher=False)
    assert failed(BrokenSlice(metric="log_loss"), sliced(a={"log_loss": loss[1]}), sliced(a={"log_loss": loss[0]}))


def test_a_champion_s_evaluation_of_another_version_is_nothing_to_compare_slices_with():
    """Before there was a schema, slices were told by their name alone."""
    after = Evaluation(facts={**evaluation(slices=[]).facts, "schema": "brickwise.evaluation/1"})
    before = Evaluation(facts={"models": ["net"], "details": {"net": {"slices": {"kind=class": {"accuracy": 0.9}}}}})
    (one,) = BrokenSlice().judge(after, before)
    assert (one.passed, one.note) == (True, "nothing to compare with: the champion's evaluation is of another version")


def predictions(values, labels, model="net"):
    n = len(labels)
    said = ["a" if row[0] == max(row) else "b" for row in values]
    table = {
        "id": [f"r{i}" for i in range(n)],
        "model": [model] * n,
        "label": labels,
        "prediction": said,
        "group": [str(i) for i in range(n)],
    }
    return Table.of(Prediction, pa.table(table | {"values": pa.array(values, pa.list_(pa.float64()))}))


def test_what_a_model_is_sure_of_and_gets_wrong():
    values = [[0.999, 0.001]] * 200 + [[0.6, 0.4]] * 100
    (one,) = ConfidentAndWrong().judge(predictions(values, ["a"] * 180 + ["b"] * 120))
    assert (one.evaluated, one.failed, one.passed) == (200, 20, False)
    assert one.examples[0] == "r180: a, not b"
    away = [
        row
        for part in ConfidentAndWrong().failing(predictions(values, ["a"] * 180 + ["b"] * 120), [one])
        for row in part.to_pylist()
    ]
    assert len(away) == 20
    assert {row["value"] for row in away} == {"0.9990"}
    assert not failed(ConfidentAndWrong(), predictions(values, ["a"] * 199 + ["b"] * 101))
    unsure = ConfidentAndWrong().receipt(predictions([[0.6, 0.4]] * 3, ["b"] * 3))
    assert (unsure.passed, unsure.findings[0].note) == (True, "it is sure of no row")


def test_numbers_are_nothing_to_be_sure_of():
    assert ConfidentAndWrong().receipt(predictions([[5.0]] * 3, ["5.0"] * 3)).passed


def test_trivial_edits_that_change_the_answer():
    def tested(low, kind="invariance"):
        return evaluation(
            behaviour=[{"name": "case", "edit": "typo", "kind": kind, "status": "ok", "rate": low + 0.1, "low": low}]
        )

    (one,) = failed(Sensitive(), tested(0.2))
    assert one.examples == ("case, typo: 30.0% change",)
    assert not failed(Sensitive(), tested(0.02))
    assert failed(Sensitive(), tested(0.2, "direction"))[0].note.startswith("no invariance was tested")


def test_the_list_by_step_has_names_of_its_own_and_one_severity():
    every = [check for step in ("split", "evaluate", "compare") for check in paranoia(step)]
    assert [check.name for check in every] == [
        "leakage", "giveaway", "split_drift", "test_reuse", "worst_class", "broken_slice", "confident_and_wrong", "sensitive", "tie",
    ]  # fmt: skip
    assert {check.severity for check in paranoia("evaluate", severity="error")} == {"error"}
    assert "sensitive" not in {check.name for check in paranoia("evaluate", text=None)}
    with pytest.raises(ValueError, match="paranoia has no step 'train'"):
        paranoia("train")
