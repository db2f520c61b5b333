"""What the diff says of two real runs: comparable or not and why, row by row, seeds apart from rows, each with its sign."""

import json

import numpy as np
import pytest
from scipy import stats

from pipeline import UsageError
from stages import Baseline, Majority
from stages.compare.runs import compare_runs

from .known import WORDS, compare, evaluated, linear, run_of, says, split

N = 400
TRUTH = ["ab"[i % 2] for i in range(N)]
BASE = [i % 5 != 0 for i in range(N)]  # 80% right


@pytest.fixture(scope="module")
def before():
    return run_of(BASE)


def model_of(before, after, **config):
    return compare(**config).diff(before, after).facts["models"]["net"]


def test_rows_are_told_by_what_became_of_them_with_their_ids(before):
    right = list(BASE)
    right[0], right[1], right[2] = True, False, False
    found = model_of(before, run_of(right))["outcomes"]
    assert found == {
        "both_wrong": 79, "broken": 2, "fixed": 1, "both_right": 318, "fixed_rows": ["r00000"],
        "broken_rows": ["r00001", "r00002"], "churn": 3 / N,
    }  # fmt: skip


def test_churn_at_equal_accuracy_is_told(before):
    right = [i % 5 != 1 for i in range(N)]
    compared = compare().diff(before, run_of(right))
    found = compared.facts["models"]["net"]
    assert (found["metrics"]["accuracy"]["delta"], found["outcomes"]["churn"]) == (0.0, 160 / N)
    states = compared.rows["state"].value_counts().to_pylist()
    assert {one["values"]: one["counts"] for one in states} == {"both_right": 240, "fixed": 80, "broken": 80}


def test_the_direction_of_a_loss_is_told_and_its_delta_is_after_less_before(before):
    less = run_of([True] * N)
    good, bad = (model_of(*pair, metric="log_loss")["metrics"]["log_loss"] for pair in ((before, less), (less, before)))
    assert (good["verdict"], bad["verdict"], good["higher"]) == ("better", "worse", False)
    assert good["delta"] == good["after"] - good["before"] < good["high"] < 0
    assert bad["delta"] == -good["delta"] > bad["low"] > 0
    accuracy = model_of(before, less)["metrics"]["accuracy"]
    assert (accuracy["verdict"], accuracy["delta"]) == ("better", pytest.approx(0.2))


def test_accuracy_is_tested_exactly_and_all_metrics_are_corrected_together(before):
    right = list(BASE)
    right[0:60:5], right[1:4] = [True] * 12, [False] * 3
    found = model_of(before, run_of(right))["metrics"]
    accuracy = found["accuracy"]
    assert (accuracy["test"], accuracy["n"]) == ("exact McNemar", N)
    assert accuracy["p"] == pytest.approx(stats.binomtest(3, 15).pvalue)
    ps = sorted(one["p"] for one in found.values())
    assert max(one["p_holm"] for one in found.values()) >= ps[0] * len(ps) >= min(one["p_holm"] for one in found.values())
    assert all(one["p_holm"] >= one["p"] for one in found.values())


def test_few_resamples_are_enough_to_call_a_large_difference_better(before):
    found = model_of(before, run_of([True] * N), resamples=100)["metrics"]
    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(found, "better")


@pytest.mark.parametrize(("metric", "reason"), [("auroc", "an area is not measured on a part of the rows"), ("accuracy", "")])
def test_any_metric_may_be_the_headline_and_what_slices_cannot_say_they_do_not_say(metric, reason):
    kind = ["x"] * 200 + ["y"] * 190 + ["z"] * 10
    before, after = run_of(BASE, kind=kind), run_of([True] * N, kind=kind)
    compared = compare(metric=metric).diff(before, after)
    assert compared.verdict == "better"
    slices = {one["name"]: one for one in compared.facts["models"]["net"]["slices"]}
    assert slices["kind=z"]["reason"] == "10 rows, fewer than 30"
    assert {slices[f"kind={name}"]["reason"] for name in "xy"} == {reason}
    assert {slices[f"kind={name}"]["status"] for name in "xy"} == {"not evaluated" if reason else "ok"}
    assert list(slices)[-1] == "kind=z" or reason
    json.dumps(compared.facts, allow_nan=False)


def test_slices_are_sorted_by_what_they_may_have_lost():
    kind = ["x"] * 200 + ["y"] * 200
    right = list(BASE)
    right[200:260] = [False] * 60
    found = model_of(run_of(BASE, kind=kind), run_of(right, kind=kind))["slices"]
    assert [(one["name"], one["verdict"]) for one in found] == [("kind=y", "worse"), ("kind=x", "equivalent")]
    assert (found[0]["delta"], found[0]["n"]) == (pytest.approx(-48 / 200), 200)


def suspects_of(run):
    return run["evaluation"].facts["suspects"]["ids"]


@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_the_verdict_without_the_suspected_labels(before, metric):
    after = run_of([i % 7 != 0 for i in range(N)])
    doubted = set(suspects_of(before)) | set(suspects_of(after))
    assert 0 < len(doubted) < N
    found = model_of(before, after, metric=metric)["without_suspects"]
    assert (found["metric"], found["n"]) == (metric, N - len(doubted))
    if metric == "auroc":
        assert (found["status"], found["verdict"], found["delta"]) == ("not evaluated", None, None)
        assert found["reason"] == "an area is not measured on a part of the rows"
    else:
        kept = [i for i in range(N) if f"r{i:05}" not in doubted]
        wrong = np.mean([i % 7 != 0 for i in kept]) - np.mean([i % 5 != 0 for i in kept])
        assert found["delta"] == pytest.approx(wrong)


# Several seeds: models that differ in the word that they read for one class or another.
def seeded(*rights):
    """A run of as many models as there are lists; `net` is all of them. Each reads words of its own, so that each is right elsewhere."""
    texts = [
        " ".join(f"{word}{seed}" for seed, word in enumerate(row))
        for row in zip(*(says(r, TRUTH) for r in rights), strict=True)
    ]
    models = {f"net_{seed}": _reads(seed) for seed in range(len(rights))}
    return evaluated(texts, TRUTH, models=models, config={"seeds": {"net": tuple(models)}, "resamples": 1000})


def _reads(seed):
    """A model that knows the words of its seed alone."""
    if seed not in _KNOWN:
        from stages import TfidfLogistic

        texts, labels = [f"{WORDS[name]}{seed}" for name in "ab"] * 40, list("ab") * 40
        _KNOWN[seed] = Baseline(model=TfidfLogistic()).run(split(texts, labels, "train"))
    return _KNOWN[seed]


_KNOWN: dict = {}
EARLY = ([i % 10 < 7 for i in range(N)], [i % 10 < 8 for i in range(N)])  # 0.70 and 0.80
LATE = ([i % 20 < 17 for i in range(N)], [i % 20 < 19 for i in range(N)])  # 0.85 and 0.95


@pytest.fixture(scope="module")
def of_seeds():
    return seeded(*EARLY), seeded(*LATE)


def test_an_evaluation_tells_what_the_seed_does_from_what_the_rows_do(of_seeds):
    found = of_seeds[0]["evaluation"].facts["seeds"]["net"]
    assert found["models"] == ["net_0", "net_1"]
    accuracy = found["metrics"]["accuracy"]
    assert accuracy["value"] == pytest.approx(0.75)
    assert accuracy["seed_sd"] == pytest.approx(0.1 / np.sqrt(2))  # of 0.70 and 0.80, by hand
    by_row = np.mean(EARLY, axis=0)  # the mean over seeds of each row: 0, 0.5 and 1
    sampling = float(by_row.std() / np.sqrt(N))
    assert accuracy["sampling_sd"] == pytest.approx(sampling, rel=0.1)  # the bootstrap's own is off by 2% or so
    own = accuracy["seed_sd"] ** 2 / 2
    variance = accuracy["sampling_sd"] ** 2 + own
    half = stats.t.ppf(0.975, (variance / own) ** 2) * np.sqrt(variance)  # Satterthwaite's degrees, one of two seeds
    assert (accuracy["low"], accuracy["high"]) == pytest.approx((0.75 - half, 0.75 + half))
    alone = of_seeds[0]["evaluation"].facts["metrics"]["net_1"]["accuracy"]
    assert accuracy["high"] - accuracy["low"] > 5 * (alone["high"] - alone["low"])  # two seeds say little of others


def test_the_diff_tells_seed_variance_apart_from_sampling_variance(of_seeds):
    compared = compare(model="net").diff(*of_seeds)
    found = compared.facts["models"]["net"]
    told = found["seeds"]
    assert (told["metric"], told["k"]) == ("accuracy", 2)
    assert told["seed_sd_before"] == pytest.approx(0.1 / np.sqrt(2))
    assert told["seed_sd_after"] == pytest.approx(0.1 / np.sqrt(2))
    for side, rights in (("before", EARLY), ("after", LATE)):
        assert told[f"sampling_sd_{side}"] == pytest.approx(np.mean(rights, axis=0).std() / np.sqrt(N), rel=0.1)
    accuracy = found["metrics"]["accuracy"]
    assert (accuracy["before"], accuracy["after"], accuracy["delta"]) == pytest.approx((0.75, 0.90, 0.15))
    assert accuracy["high"] - accuracy["low"] > 4 * 1.96 * (0.1 / np.sqrt(2)) / np.sqrt(
        2
    )  # wider than rows alone would make it
    assert compared.verdict == "undecided"  # rows alone would say better: 15 points on 400 rows
    assert found["metrics"].keys() == compared.facts["models"]["net_0"]["metrics"].keys()
    one = compared.facts["models"]["net_0"]
    assert (one["metrics"]["accuracy"]["verdict"], one["seeds"]) == ("better", None)


def test_seeds_that_agree_leave_the_variance_of_the_rows_alone():
    same = seeded(EARLY[1], EARLY[1])
    better = seeded(LATE[1], LATE[1])
    found = model_of(same, better)
    assert (found["seeds"]["seed_sd_before"], found["seeds"]["seed_sd_after"]) == (0.0, 0.0)
    difference = np.array(LATE[1], float) - np.array(EARLY[1], float)
    half = 1.96 * difference.std() / np.sqrt(N)
    accuracy = found["metrics"]["accuracy"]
    assert (accuracy["low"], accuracy["high"]) == pytest.approx((0.15 - half, 0.15 + half), abs=0.006)
    assert accuracy["verdict"] == "better"


# Runs that cannot be compared, or only in part: each says why.
def reasons(before, after):
    found = compare().diff(before, after).facts["comparable"]
    return found["status"], found["reasons"]


def test_the_same_rows_and_classes_are_comparable(before):
    assert reasons(before, before) == ("yes", [])


def test_other_rows_are_not_comparable_and_the_reason_says_so(before):
    other = run_of(BASE, ids=[f"new{i}" for i in range(N)])
    assert reasons(before, other) == ("no", ["fewer than 30 test rows are in both runs"])
    found = compare().diff(before, other)
    assert (found.verdict, found.details, found.facts["models"], found.rows) == (None, [], {}, None)


def test_rows_of_one_run_alone_and_rows_with_another_label_are_counted(before):
    ids = [*(f"new{i}" for i in range(10)), *(f"r{i:05}" for i in range(10, N))]
    turned = ["ab"[label == "a"] if i >= N - 5 else label for i, label in enumerate(TRUTH)]
    after = evaluated(says(BASE, TRUTH), turned, ids)
    told = "30 test rows are in one run only, or have another label in the other, and are left out"
    assert reasons(before, after) == ("partly", [told])
    assert model_of(before, after)["n"] == N - 15


def test_a_model_of_one_run_alone_is_named(before):
    after = run_of(BASE, models={"net": linear(), "new": linear()})
    assert reasons(before, after) == ("partly", ["model 'new' is in the later run only"])
    assert reasons(after, before) == ("partly", ["model 'new' is in the earlier run only"])
    only = run_of(BASE, models={"other": linear()})
    assert reasons(before, only) == (
        "no", ["no model is in both runs", "model 'net' is in the earlier run only", "model 'other' is in the later run only"],
    )  # fmt: skip


def test_other_classes_are_counted_and_the_rows_compared_all_the_same(before):
    after = run_of(BASE, models={"net": linear("abc")})
    status, (reason,) = reasons(before, after)
    assert (status, reason) == ("partly", "1 classes are known to one run only; they count as never said by the other")
    found = model_of(before, after)
    assert (found["metrics"]["accuracy"]["delta"], found["n"]) == (0.0, N)
    backwards = model_of(after, before)
    assert backwards["metrics"]["log_loss"]["delta"] == pytest.approx(-found["metrics"]["log_loss"]["delta"])


def test_label_sets_with_nothing_in_common_leave_no_row(before):
    truth = [{"a": "owl", "b": "eel"}[label] for label in TRUTH]
    model = Baseline(model=Majority()).run(split(["x"] * 40, ["owl", "eel"] * 20, "train"))
    after = evaluated(["x"] * N, truth, models={"net": model})
    status, told = reasons(before, after)
    assert (status, told) == (
        "no", ["fewer than 30 test rows are in both runs", "4 classes are known to one run only; they count as never said by the other"],
    )  # fmt: skip


def test_a_metric_that_is_defined_otherwise_is_left_out_and_named(before):
    facts = before["evaluation"].facts
    older = type(before["evaluation"])(facts={**facts, "definitions": {**facts["definitions"], "macro_f1": "0: another"}})
    was = before | {"evaluation": older}
    assert reasons(was, before) == ("partly", ["metric 'macro_f1' is defined otherwise in the two runs, and is left out"])
    found = model_of(was, before)["metrics"]
    assert "macro_f1" not in found
    assert found["accuracy"]["verdict"] == "equivalent"


def test_a_metric_that_is_not_defined_on_the_common_rows_is_not_evaluated():
    run = run_of([i % 10 > 0 for i in range(100)], truth=["a"] * 100)
    found = model_of(run, run)["metrics"]
    for name in ("auroc", "average_precision", "mcc"):
        assert (found[name]["status"], found[name]["reason"]) == ("not evaluated", "not defined on these rows")
        assert (found[name]["verdict"], found[name]["delta"], found[name]["p_holm"]) == (None, None, None)
    assert found["accuracy"]["verdict"] == "equivalent"


def test_two_targets_have_nothing_in_common(before):
    facts = {**before["evaluation"].facts, "target": {"kind": "number", "column": "price"}}
    other = before | {"evaluation": type(before["evaluation"])(facts=facts)}
    with pytest.raises(
        UsageError, match="the earlier run says one_of of column 'label', the later one number of column 'price'"
    ):
        compare_runs(compare(), before, other)


def test_the_smallest_effect_of_runs_that_hardly_differ_is_what_the_exact_test_could_show():
    """Of 200 rows 2 differ: six must be fixed and none broken for p to be 0.03, and that in 80% of cases."""
    right = [i % 5 != 0 for i in range(200)]
    other = [not one if i in (0, 1) else one for i, one in enumerate(right)]
    smallest = compare().diff(run_of(right), run_of(other)).facts["models"]["net"]["metrics"]["accuracy"]["smallest_effect"]
    assert stats.binom.sf(5, 200, smallest) > 0.8
