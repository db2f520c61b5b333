"""Each kind of target: its metrics are scikit-learn's, its predictions give the truth back, and models share one."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    precision_recall_fscore_support,
    r2_score,
    root_mean_squared_error,
)

from pipeline import Model, StageError, Table, UsageError
from schemas import Prediction, SplitRow
from stages import Compare, Evaluate, Number, OneOf, Ordered, SeveralOf
from stages.evaluate.kinds import KINDS, target_of
from stages.evaluate.number import NumberAnswers
from stages.evaluate.ordered import OrderedAnswers
from stages.evaluate.several_of import SeveralOfAnswers
from stages.metrics.table import METRICS

from .test_metrics import measured, whole

SIZES = ("S", "M", "L", "XL")


def several(n, classes, seed):
    """Random answers of several classes, some rows with none, and some classes with no row."""
    random = np.random.default_rng(seed)
    truth = (random.random((n, classes)) < random.choice([0, 0.2, 0.7], size=classes)).astype(int)
    return SeveralOfAnswers(truth, random.random((n, classes)), np.arange(n), tuple("abcdefg"[:classes]))


def number(n, seed, spread=3.0):
    random = np.random.default_rng(seed)
    truth = random.normal(10, spread, n)
    return NumberAnswers(truth, (truth + random.normal(0, 1, n)).reshape(-1, 1), np.arange(n))


def ordered(n, seed):
    random = np.random.default_rng(seed)
    return OrderedAnswers(random.integers(4, size=n), random.dirichlet(np.ones(4), n), np.arange(n), SIZES)


ANSWERS = [several(60, 5, 1), number(60, 1), ordered(60, 1)]


@given(n=st.integers(2, 50), classes=st.integers(2, 6), seed=st.integers(0, 10**6))
def test_metrics_of_several_classes_are_scikit_learns(n, classes, seed):
    answers = several(n, classes, seed)
    found, truth, chosen = answers.metrics(), answers.truth, answers.chosen
    held = np.flatnonzero(truth.any(axis=0))
    assert found["micro_f1"] == pytest.approx(f1_score(truth, chosen, average="micro", zero_division=0))
    assert found["exact"] == pytest.approx(accuracy_score(truth, chosen))
    per_class = [log_loss(truth[:, i], answers.outputs[:, i], labels=[0, 1]) for i in range(classes)]
    assert found["log_loss"] == pytest.approx(np.mean(per_class))
    expected = f1_score(truth[:, held], chosen[:, held], average="macro", zero_division=0) if len(held) > 1 else None
    assert expected is None or found["macro_f1"] == pytest.approx(expected)
    precision, recall, f1, support = precision_recall_fscore_support(truth, chosen, zero_division=0)
    of_classes = answers.per_class(whole(answers))
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1), ("support", support)):
        assert of_classes[name] == pytest.approx(expected)


def test_a_class_is_chosen_from_a_probability_of_a_half_on():
    halves = SeveralOfAnswers(np.zeros((1, 3), int), np.array([[0.5, 0.499, 0.51]]), np.arange(1), ("a", "b", "c"))
    assert halves.chosen_texts() == ['["a", "c"]']


def test_rows_without_any_class_count_and_are_exact_when_nothing_is_chosen():
    none = SeveralOfAnswers(np.zeros((4, 2), int), np.full((4, 2), 0.1), np.arange(4), ("a", "b"))
    assert none.metrics() == pytest.approx({"micro_f1": 0, "macro_f1": 0, "exact": 1, "log_loss": -np.log(0.9)})


@given(n=st.integers(2, 50), seed=st.integers(0, 10**6))
def test_metrics_of_a_number_are_scikit_learns(n, seed):
    answers = number(n, seed)
    found, truth, said = answers.metrics(), answers.truth, answers.outputs[:, 0]
    assert found["rmse"] == pytest.approx(root_mean_squared_error(truth, said))
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, said))
    assert found["r2"] == pytest.approx(r2_score(truth, said))


@pytest.mark.parametrize(("said", "r2"), [(0.1, 1.0), (0.2, 0.0)])
def test_r2_of_a_constant_truth_is_finite(said, r2):
    truth = np.full(3, 0.1)  # whose mean is not quite 0.1
    assert NumberAnswers(truth, np.full((3, 1), said), np.arange(3)).metrics()["r2"] == r2


@given(n=st.integers(2, 50), seed=st.integers(0, 10**6))
def test_metrics_of_levels_are_scikit_learns_and_the_choice_is_the_least_expected_distance(n, seed):
    answers = ordered(n, seed)
    found, truth, chosen = answers.metrics(), answers.truth, answers.chosen
    distances = np.abs(np.arange(4)[:, None] - np.arange(4))  # [chosen, true]
    expected = answers.outputs @ distances
    np.testing.assert_allclose(expected[np.arange(n), chosen], expected.min(axis=1))
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, chosen))
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, chosen))
    assert found["log_loss"] == pytest.approx(log_loss(truth, answers.outputs, labels=range(4)))


def test_a_level_is_chosen_where_probabilities_reach_a_half_but_for_rounding():
    halves = OrderedAnswers(
        np.array([0, 3]), np.array([[0.1 + 0.2 + 0.2 - 1e-12, 0, 0, 0.5], [0, 0, 0, 1]]), np.arange(2), SIZES
    )
    assert halves.chosen_texts() == ["S", "XL"]


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda one: type(one).__name__)
def test_metrics_of_some_rows_are_those_of_the_rows_with_repeats(answers):
    rows = np.array([3, 3, 7, 9, 9, 9, 11])
    part = type(answers)(answers.truth[rows], answers.outputs[rows], answers.groups[rows], answers.classes)
    assert answers.metrics(rows) == pytest.approx(part.metrics())
    mask = np.isin(np.arange(60), rows)
    assert answers.where(mask).metrics() == pytest.approx(answers.metrics(np.flatnonzero(mask)))


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda one: type(one).__name__)
def test_every_metric_has_a_direction_and_an_interval_that_holds_it(answers):
    for metric, found in measured(answers).items():
        assert found["higher"] == METRICS[metric].higher
        assert found["low"] <= found["value"] <= found["high"]


@pytest.mark.parametrize("target", [OneOf, SeveralOf, Number, Ordered])
def test_what_training_stops_by_is_measured_of_the_test_rows_too(target):
    random = np.random.default_rng(0)
    width = 1 if target is Number else 2
    truth = np.array([[0, 1], [1, 0]]) if target is SeveralOf else np.array([0, 1])
    answers = KINDS[target.kind](truth, random.random((2, width)), np.arange(2), ("a", "b")[: width * (width > 1)])
    assert set(target.metrics) - {"loss"} <= answers.metrics().keys()


@pytest.mark.parametrize(
    ("kind", "column", "classes", "texts"),
    [
        ("one_of", ["b", "a"], ["a", "b"], ["b", "a"]),
        ("ordered", ["L", "S"], SIZES, ["L", "S"]),
        ("several_of", [["b", "a"], [], ["c, \"d\" ü"]], ["a", "b", "c, \"d\" ü"], ['["a", "b"]', "[]", '["c, \\"d\\" ü"]']),
        ("number", [0.1 + 0.2, -3.0, 1e300], [], ["0.30000000000000004", "-3.0", "1e+300"]),
        ("number", [3, 4], [], ["3.0", "4.0"]),
    ],
)  # fmt: skip
def test_the_text_of_a_truth_gives_it_back(kind, column, classes, texts):
    told = KINDS[kind].told(pa.chunked_array([pa.array(column)]))
    assert told == texts
    truth = KINDS[kind].read(told, classes)
    outputs = truth.reshape(-1, 1) if kind == "number" else truth if kind == "several_of" else np.eye(len(classes))[truth]
    assert KINDS[kind](truth, outputs, np.arange(len(truth)), tuple(classes)).chosen_texts() == texts


def test_a_level_that_the_target_does_not_list_is_named():
    with pytest.raises(StageError, match=r"'XXL' is no level, expected one of S, M, L, XL; add it to Ordered\(levels=...\)"):
        OrderedAnswers.read(["S", "XXL"], SIZES)


def test_levels_are_listed_once_each():
    with pytest.raises(ValueError, match="level 'S' is listed twice"):
        Ordered(levels=("S", "M", "S"))


# Through the stage: a model that says the same of each row is a real one, and right often enough to be measured.
COLUMNS = {
    "label": [("a", "b")[i % 3 == 0] for i in range(60)],
    "tags": [[["x"], ["x", "y"], []][i % 3] for i in range(60)],
    "price": [float(i % 7) for i in range(60)],
    "size": [SIZES[i % 4] for i in range(60)],
}
SAID = {
    "one_of": ("label", ["a", "b"], [0.7, 0.3]),
    "several_of": ("tags", ["x", "z"], [0.9, 0.2]),
    "number": ("price", [], [3.0]),
    "ordered": ("size", list(SIZES), [0.1, 0.3, 0.4, 0.2]),
}


def rows(**changed):
    ids = [f"r{i}" for i in range(60)]
    table = {"id": ids, "split": ["test"] * 60, "group": ids, **COLUMNS, **changed}
    return Table.of(SplitRow, pa.table(table))


def model(kind, said=None, **facts):
    column, classes, shares = SAID[kind]
    target = {"kind": kind, "column": column}
    return Model(facts={"family": "majority", "target": target, "classes": classes, "shares": said or shares, **facts})


def evaluated(kind, given=None, **models):
    return Evaluate(slices=("label",), resamples=100).run(given or rows(), models or {"net": model(kind)})


@pytest.mark.parametrize("kind", SAID)
def test_every_target_is_evaluated_with_predictions_slices_and_details(kind):
    found = evaluated(kind)
    facts, table = found.evaluation.facts, found.rows.read()
    assert facts["target"] == {"kind": kind, "column": SAID[kind][0]} | ({"levels": list(SIZES)} if kind == "ordered" else {})
    kept, away = Prediction.sift(table)
    assert (kept.num_rows, away.num_rows) == (60, 0)
    json.dumps(dict(facts), allow_nan=False)
    metrics = list(facts["metrics"]["net"])
    for part in facts["details"]["net"]["slices"]:
        assert part["name"] in ("label=a", "label=b")
        assert list(part["metrics"]) == [name for name in metrics if name not in ("auroc", "average_precision")]


def test_what_each_target_measures_of_a_model_that_says_the_same_of_each_row():
    values = {kind: {m: f["value"] for m, f in evaluated(kind).evaluation.facts["metrics"]["net"].items()} for kind in SAID}
    assert values["one_of"]["accuracy"] == pytest.approx(40 / 60)
    assert values["several_of"]["exact"] == pytest.approx(1 / 3)
    assert values["several_of"]["micro_f1"] == pytest.approx(2 * 40 / (60 + 60))
    assert values["number"]["mae"] == pytest.approx(np.abs(np.array(COLUMNS["price"]) - 3).mean())
    assert values["ordered"]["accuracy"] == pytest.approx(1 / 4)
    assert values["ordered"]["mae"] == pytest.approx((2 + 1 + 0 + 1) / 4)


def test_a_class_that_only_the_rows_have_is_one_that_the_model_holds_impossible():
    found = evaluated("several_of")
    assert found.evaluation.facts["classes"] == ["x", "y", "z"]
    assert found.rows.read()["values"].to_pylist() == [[0.9, 0.0, 0.2]] * 60
    assert found.rows.read()["prediction"].to_pylist() == ['["x"]'] * 60


def test_models_of_one_evaluation_share_their_target():
    said = r"model 'net' says number of column 'price', model 'linear' says one_of of column 'label'"
    with pytest.raises(StageError, match=said):
        evaluated("number", net=model("number"), linear=model("one_of"))
    other = model("ordered", classes=["S", "L", "M", "XL"])
    with pytest.raises(
        StageError, match=r"ordered of column 'size' \(S < M < L < XL\), model 'other' says .* \(S < L < M < XL\)"
    ):
        evaluated("ordered", net=model("ordered"), other=other)


def test_a_model_without_a_target_says_the_label_one_of_many():
    assert target_of({"classes": ["a"]}) == target_of({"target": {"kind": "one_of", "column": "label"}})
    with pytest.raises(StageError, match="target 'one_off' is unknown; did you mean 'one_of'"):
        target_of({"target": {"kind": "one_off"}})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": [None, *COLUMNS["price"][1:]]}, "1 of 60 test rows have no 'price'"),
        ({"price": [float("nan")] * 2 + COLUMNS["price"][2:]}, "2 of 60 test rows have no 'price'"),
    ],
)
def test_a_truth_that_is_not_there_is_a_stage_error(changed, message):
    with pytest.raises(StageError, match=message):
        evaluated("number", rows(**changed))


def test_a_column_that_the_models_learnt_and_the_rows_lack_is_a_stage_error():
    bare = Table.of(SplitRow, rows().read().drop_columns("price").append_column("prices", pa.array(COLUMNS["price"])))
    with pytest.raises(StageError, match="no column 'price', which the models learnt; did you mean 'prices'"):
        evaluated("number", bare)


def test_a_model_that_says_nan_is_named_with_the_row():
    with pytest.raises(StageError, match=r"model 'net' says nan of row 'r0', expected finite numbers"):
        evaluated("number", net=model("number", [float("nan")]))


@pytest.mark.parametrize(
    ("kind", "metric", "better", "worse"),
    [
        ("number", "rmse", [3.0], [9.0]),
        ("number", "r2", [3.0], [9.0]),
        ("several_of", "micro_f1", [0.9, 0.2], [0.2, 0.9]),
        ("several_of", "log_loss", [0.7, 0.2], [0.01, 0.99]),
        ("ordered", "mae", [0.1, 0.3, 0.4, 0.2], [0.97, 0.01, 0.01, 0.01]),
    ],
)
def test_compare_knows_the_direction_of_each_metric_within_a_run_and_between_runs(kind, metric, better, worse):
    compare = Compare(model="net", baselines=("base",), metric=metric, resamples=1000)
    runs = [evaluated(kind, net=model(kind, mine), base=model(kind, worse)) for mine in (better, worse)]
    good, bad = ({"evaluation": run.evaluation, "rows": run.rows} for run in runs)
    (within,) = [one for one in compare.run(**good).facts["comparisons"] if one["metric"] == metric]
    assert within["verdict"] == "better"
    assert compare.diff(bad, good)[0] == "better"
    assert compare.diff(good, bad)[0] == "worse"
    assert compare.diff(good, good)[0] == "equivalent"


def test_a_metric_that_the_target_has_not_is_a_stage_error_with_those_it_has():
    run = evaluated("number", net=model("number"), base=model("number"))
    with pytest.raises(StageError, match="metric 'accuracy' is none of this target, expected one of rmse, mae, r2"):
        Compare(model="net", baselines=("base",)).run(run.evaluation, run.rows)


def test_runs_with_two_targets_are_not_compared():
    compare = Compare(model="net", baselines=("base",))
    one, other = ({"evaluation": run.evaluation, "rows": run.rows} for run in (evaluated("one_of"), evaluated("number")))
    with pytest.raises(
        UsageError, match="the earlier run says one_of of column 'label', the later one number of column 'price'"
    ):
        compare.diff(one, other)
