"""Compare: models of one run against each other, and runs against each other, row by row."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Evaluation, StageError, Table
from schemas import Prediction
from stages import Compare

LABELS = ("a", "b")


def answers(right, sure=0.9):
    """Rows whose true label is a; right[i] says whether the model chose it."""
    return [[sure, 1 - sure] if one else [1 - sure, sure] for one in right]


def run_of(models, ids=None, classes=LABELS, order=None, groups=None):
    """An evaluation and its predictions: model -> probabilities of each row."""
    tables = []
    for model, given in models.items():
        names = ids or [f"r{i:05}" for i in range(len(given))]
        chosen = [classes[int(np.argmax(row))] for row in given]
        table = {"id": names, "model": [model] * len(given), "label": ["a"] * len(given), "prediction": chosen,
                 "group": groups or names, "values": given, "loss": [0.0] * len(given), "slices": [[]] * len(given)}  # fmt: skip
        tables.append(pa.table(table).take(pa.array(range(len(given)) if order is None else order)))
    facts = {"classes": list(classes), "metrics": {name: {} for name in models}}
    return {"evaluation": Evaluation(facts=facts), "rows": Table.of(Prediction, *tables)}


@pytest.fixture
def compare():
    return lambda **config: Compare(**{"model": "net", "baselines": ("linear",), "resamples": 1000, **config})


def noisy(share, n=400, seed=0):
    return answers(np.random.default_rng(seed).random(n) < share)


MAIN = ("accuracy", "macro_f1", "log_loss")


def verdicts(comparisons, model="net"):
    return {one["metric"]: one["verdict"] for one in comparisons if one["model"] == model and one["metric"] in MAIN}


def test_models_that_answer_alike_are_equivalent(compare):
    found = compare().run(**run_of({"net": noisy(0.8), "linear": noisy(0.8)})).facts["comparisons"]
    assert verdicts(found) == dict.fromkeys(("accuracy", "macro_f1", "log_loss"), "equivalent")
    assert {(one["delta"], one["low"], one["high"]) for one in found} == {(0.0, 0.0, 0.0)}


def test_a_clearly_better_model_is_better_also_where_lower_is_better(compare):
    found = compare().run(**run_of({"net": noisy(0.9), "linear": noisy(0.6, seed=1)})).facts["comparisons"]
    assert verdicts(found) == dict.fromkeys(("accuracy", "macro_f1", "log_loss"), "better")
    loss = next(one for one in found if one["metric"] == "log_loss")
    assert loss["delta"] == pytest.approx(loss["value"] - loss["other"])
    assert loss["low"] < loss["delta"] < loss["high"] < 0


def test_a_clearly_worse_model_is_worse(compare):
    found = compare().run(**run_of({"net": noisy(0.6, seed=1), "linear": noisy(0.9)})).facts["comparisons"]
    assert set(verdicts(found).values()) == {"worse"}


def test_models_that_too_few_rows_tell_apart_are_undecided(compare):
    one, two = [True] * 40, [True] * 40
    one[:4], two[4:9] = [False] * 4, [False] * 5
    found = compare().run(**run_of({"net": answers(one), "linear": answers(two)})).facts["comparisons"]
    assert set(verdicts(found).values()) == {"undecided"}


def test_every_model_is_compared_with_every_baseline_and_no_pair_twice(compare):
    models = {name: noisy(0.8, n=50) for name in ("net", "linear", "majority")}
    found = compare(baselines=("linear", "majority")).run(**run_of(models)).facts["comparisons"]
    assert [(one["model"], one["against"]) for one in found if one["metric"] == "accuracy"] == [
        ("net", "linear"), ("net", "majority"), ("linear", "majority"),
    ]  # fmt: skip
    assert {one["n"] for one in found} == {50}


@pytest.mark.parametrize(("config", "name"), [({"baselines": ("liner",)}, "liner"), ({"model": "nte"}, "nte")])
def test_a_model_that_was_not_evaluated_is_a_stage_error_with_the_nearest_name(compare, config, name):
    run = run_of({"net": noisy(0.8), "linear": noisy(0.8)})
    with pytest.raises(StageError, match=rf"model '{name}' was not evaluated; did you mean '(linear|net)'\?"):
        compare(**config).run(**run)


def test_a_run_is_compared_by_its_model_and_metric(compare):
    before = run_of({"net": noisy(0.6, seed=1), "linear": noisy(0.8)})
    after = run_of({"net": noisy(0.9), "linear": noisy(0.8)})
    for metric in ("accuracy", "log_loss", "macro_f1"):
        assert compare(metric=metric).diff(before, after)[0] == "better"
        assert compare(metric=metric).diff(after, before)[0] == "worse"
        assert compare(metric=metric).diff(before, before)[0] == "equivalent"
        assert compare(metric=metric, model="linear").diff(before, after)[0] == "equivalent"


def test_the_headline_follows_the_metric_where_metrics_disagree(compare):
    right = [i % 4 != 0 for i in range(2000)]  # of 400 that agree, one in a hundred could yet be decided otherwise
    before, after = run_of({"net": answers(right, sure=0.6)}), run_of({"net": answers(right, sure=0.74)})
    assert compare(metric="accuracy").diff(before, after)[0] == "equivalent"
    assert compare(metric="log_loss").diff(before, after)[0] == "better"


def test_rows_are_paired_by_id_in_whatever_order_the_other_run_has_them(compare):
    before, given = run_of({"net": noisy(0.7, seed=1)}), {"net": noisy(0.75, seed=2)}
    order = np.random.default_rng(3).permutation(400)
    assert compare().diff(before, run_of(given, order=order)) == compare().diff(before, run_of(given))


def test_pairing_makes_a_small_difference_on_the_same_rows_seen(compare):
    old = np.random.default_rng(0).random(2000) < 0.5
    new = old.copy()
    new[np.flatnonzero(~old)[:60]] = True
    verdict, found, *_ = compare().diff(run_of({"net": answers(old)}), run_of({"net": answers(new)}))
    assert verdict == "better"
    assert found[0]["delta"] == pytest.approx(60 / 2000)
    assert found[0]["high"] - found[0]["low"] < 0.02  # unpaired it would be 0.06


def test_rows_of_a_group_are_resampled_together_so_that_few_groups_decide_less(compare):
    right, groups = [True] * 200 + [False] * 200, [f"file {i // 100}" for i in range(400)]
    models = {"net": answers(right), "linear": answers([not one for one in right[:300]] + [True] * 100)}
    apart = compare().run(**run_of(models)).facts["comparisons"][0]
    together = compare().run(**run_of(models, groups=groups)).facts["comparisons"][0]
    assert together["delta"] == apart["delta"]
    assert together["high"] - together["low"] > 4 * (apart["high"] - apart["low"])


def test_rows_that_one_run_lacks_or_labels_otherwise_are_left_out_and_counted(compare):
    ids = [f"r{i:05}" for i in range(100)]
    before = run_of({"net": noisy(0.8, n=100)}, ids)
    later = run_of({"net": noisy(0.8, n=100)}, [*ids[:90], *(f"new{i}" for i in range(10))])
    table = later["rows"].read()
    later["rows"] = Table.of(Prediction, table.set_column(2, "label", [["b"] * 5 + ["a"] * 95]))
    verdict, found, *_ = compare().diff(before, later)
    assert {(one["n"], one["left_out"]) for one in found} == {(85, 30)}
    assert verdict == "equivalent"


@pytest.mark.parametrize(("common", "verdict"), [(29, None), (30, "equivalent"), (0, None)])
def test_fewer_than_30_common_rows_give_no_verdict(compare, common, verdict):
    ids = [f"r{i:05}" for i in range(50)]
    other = [*ids[:common], *(f"new{i}" for i in range(50 - common))]
    given = {"net": noisy(0.8, n=50)}
    found = compare().diff(run_of(given, ids), run_of(given, other))[:2]
    assert found[0] == verdict
    assert bool(found[1]) == (verdict is not None)


def test_a_model_that_only_one_run_has_is_not_compared(compare):
    before, after = run_of({"old": noisy(0.8)}), run_of({"net": noisy(0.8)})
    assert compare().diff(before, after)[:2] == (None, [])


def test_runs_with_other_classes_are_compared_over_all_of_them(compare):
    before = run_of({"net": noisy(0.8)}, classes=("a", "b"))
    after = run_of({"net": [[0.0, second, first] for first, second in noisy(0.8)]}, classes=("A", "b", "a"))
    verdict, found, *_ = compare().diff(before, after)
    assert verdict == "equivalent"
    assert found[2]["delta"] == pytest.approx(0)
