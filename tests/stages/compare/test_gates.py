"""Gates, judged by the real stages: on bounds and never on points, on slices, in the direction of better."""

import pytest

from pipeline import Gate

from .known import WORDS, compare, evaluated, linear, run_of, says

N = 400
BASE = [i % 5 != 0 for i in range(N)]  # 80% right


def but(right, *, fixed=0, broken=0):
    """The same answers, but for the first wrong ones that are put right and the last right ones that are broken."""
    right = list(right)
    for row in [i for i, one in enumerate(right) if not one][:fixed]:
        right[row] = True
    for row in [i for i, one in enumerate(BASE) if one][len(right) - sum(not one for one in BASE) - broken :]:
        right[row] = False
    return right


@pytest.fixture(scope="module")
def champion():
    return run_of(BASE)


def judged(gate, before, after, **config):
    return compare(**config).judge((gate,), before, after)


def only(*given, **config):
    (found,) = judged(*given, **config)
    return found


def differs(before, after, metric="accuracy"):
    return compare().diff(before, after).facts["models"]["net"]["metrics"][metric]


def test_a_margin_looks_at_the_bound_and_not_at_the_point(champion):
    after = run_of(but(BASE, fixed=20, broken=21))
    told = differs(champion, after)
    assert told["delta"] == pytest.approx(-1 / N)  # well within half a point
    found = only(Gate("accuracy", margin=-0.005), champion, after)
    assert (found.status, found.passed, found.n, found.required, found.slice) == ("failed", False, N, -0.005, "")
    assert found.bound == told["low"] < -0.005 < told["delta"]
    wide = only(Gate("accuracy", margin=-0.05), champion, after)
    assert (wide.status, wide.bound) == ("passed", told["low"])
    assert only(Gate("accuracy", margin=told["low"]), champion, after).passed  # to reach it is enough


def test_a_gain_in_the_point_alone_does_not_reach_a_margin_above_zero(champion):
    after = run_of(but(BASE, fixed=6, broken=4))
    assert differs(champion, after)["delta"] > 0.004
    assert only(Gate("accuracy", margin=0.004), champion, after).status == "failed"
    clearly = run_of(but(BASE, fixed=40))
    assert only(Gate("accuracy", margin=0.004), champion, clearly).status == "passed"


def test_the_same_answers_are_within_any_margin_that_is_not_above_zero(champion):
    for margin, status in ((0.0, "passed"), (-0.005, "passed"), (0.001, "failed")):
        found = only(Gate("accuracy", margin=margin), champion, champion)
        assert (found.status, found.bound) == (status, 0.0)


def test_few_rows_that_two_models_answer_alike_do_not_show_that_none_is_worse():
    """Of 30 rows none is broken: by the rule of three one in ten may be, and a bootstrap that draws them again cannot see it."""
    right = [True] * 30
    less_sure = [f"{WORDS['ab'[i % 2]]} " * 2 + WORDS["ba"[i % 2]] for i in range(30)]
    before, after = run_of(right), evaluated(less_sure)
    assert differs(before, after)["delta"] == 0
    assert -0.2 < differs(before, after)["low"] < -0.05
    assert only(Gate("accuracy", margin=-0.005), before, after).status == "failed"


def test_the_outcome_says_the_rule_and_the_bound_that_decided(champion):
    found = only(Gate("accuracy", margin=-0.005), champion, run_of(but(BASE, fixed=20, broken=21)))
    document = found.model_dump(mode="json")
    bound = document["bound"]
    assert -0.05 < bound < -0.02
    assert document == {
        "gate": "accuracy: margin -0.005", "metric": "accuracy", "model": "net", "slice": "", "n": N, "bound": bound,
        "required": -0.005, "direction": "at least", "status": "failed", "reason": "",
    }  # fmt: skip
    assert str(found) == (
        f"gate 'accuracy: margin -0.005' of net failed: bound {bound:.4g}, required at least -0.005, 400 rows"
    )


def kinds(*sizes, of=N):
    """A column of slices: so many rows of each name, in turn of the alphabet, and x for all others."""
    names = [name for name, size in zip("abcdefg", sizes, strict=False) for _ in range(size)]
    return [*names, *["x"] * (of - len(names))]


def test_all_slices_are_asked_and_one_that_is_too_small_does_not_pass(champion):
    column = kinds(200, 10)
    before, after = run_of(BASE, kind=column), run_of(but(BASE, fixed=40), kind=column)
    found = {one.slice: one for one in judged(Gate("accuracy", margin=-0.1, slices="all"), before, after)}
    assert list(found) == ["", "kind=a", "kind=b", "kind=x"]
    assert {name: one.status for name, one in found.items()} == {
        "": "passed", "kind=a": "passed", "kind=b": "not evaluated", "kind=x": "passed",
    }  # fmt: skip
    small = found["kind=b"]
    assert (small.passed, small.bound, small.n, small.reason) == (False, None, 10, "10 rows, fewer than 30")
    assert {name: one.n for name, one in found.items()} == {"": N, "kind=a": 200, "kind=b": 10, "kind=x": 190}
    enough = judged(Gate("accuracy", margin=-0.5, slices="all", min_rows=10), before, after)
    assert [one.status for one in enough] == ["passed"] * 4


def test_a_slice_that_broke_fails_where_the_whole_passes(champion):
    column = kinds(60)
    broken = but(BASE, fixed=40)
    broken[:60] = [i % 3 == 0 for i in range(60)]
    before, after = run_of(BASE, kind=column), run_of(broken, kind=column)
    found = judged(Gate("accuracy", margin=-0.1, slices=("kind=a",)), before, after)
    assert [(one.slice, one.status) for one in found] == [("", "passed"), ("kind=a", "failed")]
    (told,) = [one for one in compare().diff(before, after).facts["models"]["net"]["slices"] if one["name"] == "kind=a"]
    assert found[1].bound == told["low"] < -0.1


@pytest.mark.parametrize(("bound", "rows"), [("margin", "row that both runs have"), ("floor", "row")])
def test_a_slice_that_no_row_is_in_is_not_evaluated_and_does_not_pass(bound, rows):
    gate = Gate("accuracy", slices=("kind=owl",), **{bound: -0.9})
    run = run_of(BASE, kind=kinds(200))
    found = judged(gate, run, run)
    assert [(one.slice, one.status, one.n) for one in found] == [("", "passed", N), ("kind=owl", "not evaluated", 0)]
    assert found[1].reason == f"no {rows} is in kind=owl"
    assert not found[1].passed


def test_a_slice_that_the_champion_had_and_this_run_has_no_row_of_is_not_evaluated():
    before, after = run_of(BASE, kind=kinds(100, 100)), run_of(BASE, kind=kinds(100))
    found = {one.slice: one for one in judged(Gate("accuracy", margin=-0.2, slices="all"), before, after)}
    assert (found["kind=b"].status, found["kind=b"].reason) == ("not evaluated", "no row that both runs have is in kind=b")
    assert found["kind=a"].passed


def test_a_slice_whose_rows_are_all_of_one_group_says_nothing_of_other_groups():
    """All draws of it are the same rows, so that its interval would be one point."""
    column = {"kind": kinds(60), "group": ["g", *["g"] * 59, *(f"g{i // 2}" for i in range(60, N))]}
    before, after = run_of(BASE, **column), run_of(but(BASE, fixed=12), **column)
    found = judged(Gate("accuracy", margin=-0.9, floor=0.1, slices=("kind=a",)), before, after)
    assert [(one.slice, one.status) for one in found] == [("", "passed"), ("kind=a", "not evaluated")] * 2
    (told,) = [one for one in compare().diff(before, after).facts["models"]["net"]["slices"] if one["name"] == "kind=a"]
    assert (told["status"], told["verdict"], told["reason"]) == ("not evaluated", None, "too few groups of rows")


def test_a_slice_of_rows_that_the_champion_did_not_have_is_not_evaluated():
    ids = [*(f"new{i}" for i in range(100)), *(f"r{i:05}" for i in range(100, N))]
    before, after = run_of(BASE, kind=kinds(0)), run_of(BASE, ids=ids, kind=kinds(100))
    found = {one.slice: one for one in judged(Gate("accuracy", margin=-0.2, slices="all"), before, after)}
    assert {name: one.status for name, one in found.items()} == {"": "passed", "kind=a": "not evaluated", "kind=x": "passed"}


def test_a_column_that_this_run_does_not_cut_by_is_not_asked_of_it():
    before, after = run_of(BASE, kind=kinds(100), size=kinds(50)), run_of(BASE, kind=kinds(100))
    assert [one.slice for one in judged(Gate("accuracy", margin=-0.2, slices="all"), before, after)] == ["", "kind=a", "kind=x"]


def test_slices_by_length_whose_bounds_moved_are_those_of_this_run():
    texts = says(BASE, ["ab"[i % 2] for i in range(N)])
    length = {"config": {"slices": ("length",)}}
    before = evaluated(texts, **length)
    after = evaluated([f"{text}{' more' * (i % 7)}" for i, text in enumerate(texts)], **length)
    found = judged(Gate("accuracy", margin=-0.9, slices="all"), before, after)
    assert len(found) > 2
    assert {one.status for one in found} == {"passed"}


@pytest.mark.parametrize("gate", [Gate("accuracy", margin=-0.9, slices="all"), Gate("accuracy", floor=0.0, slices="all")])
def test_all_slices_of_an_evaluation_that_has_none_do_not_pass(champion, gate):
    found = judged(gate, champion, champion)
    assert [(one.slice, one.status) for one in found] == [("", "passed"), ("all slices", "not evaluated")]
    assert found[1].reason == "the evaluation of net has no slices; name columns in Evaluate(slices=...)"


def test_without_a_champion_floors_are_asked_and_margins_are_not(champion):
    accuracy = champion["evaluation"].facts["metrics"]["net"]["accuracy"]
    assert accuracy["low"] < 0.78 < accuracy["value"]
    found = judged(Gate("accuracy", floor=0.78, margin=0.9), None, champion)
    assert [(one.status, one.bound, one.required) for one in found] == [("failed", accuracy["low"], 0.78)]
    assert only(Gate("accuracy", floor=0.7), None, champion).status == "passed"
    both = judged(Gate("accuracy", floor=0.7, margin=-0.01), champion, champion)
    assert [(one.required, one.status) for one in both] == [(0.7, "passed"), (-0.01, "passed")]


def test_a_floor_holds_on_slices_too():
    right = [i % 3 > 0 for i in range(100)] + [i % 20 > 0 for i in range(300)]
    run = run_of(right, kind=kinds(100))
    found = {one.slice: one for one in judged(Gate("accuracy", floor=0.8, slices="all"), None, run)}
    assert {name: one.status for name, one in found.items()} == {"": "passed", "kind=a": "failed", "kind=x": "passed"}
    (told,) = [one for one in run["evaluation"].facts["details"]["net"]["slices"] if one["name"] == "kind=a"]
    assert (found["kind=a"].bound, found["kind=a"].n) == (told["metrics"]["accuracy"]["low"], 100)


def test_of_a_loss_the_floor_is_a_ceiling_on_the_upper_end(champion):
    loss = champion["evaluation"].facts["metrics"]["net"]["log_loss"]
    between = (loss["value"] + loss["high"]) / 2
    high = only(Gate("log_loss", floor=between), None, champion)  # the point is below it, the bound is not
    assert (high.status, high.bound, high.asked) == ("failed", loss["high"], f"at most {between:g}")
    assert only(Gate("log_loss", floor=loss["high"] * 1.1), None, champion).status == "passed"
    exactly = only(Gate("log_loss", floor=loss["high"]), None, champion)
    assert (exactly.status, exactly.asked) == ("passed", f"at most {loss['high']:g}")


def test_of_a_loss_a_margin_is_of_the_gain_so_that_less_passes(champion):
    less, more = run_of(but(BASE, fixed=40)), run_of(but(BASE, broken=40))
    gate = Gate("log_loss", margin=-0.02)
    good, bad = only(gate, champion, less), only(gate, champion, more)
    assert (good.status, bad.status) == ("passed", "failed")
    assert good.bound == -differs(champion, less, "log_loss")["high"] > 0
    assert bad.bound == -differs(champion, more, "log_loss")["high"] < -0.02


@pytest.fixture(scope="module")
def one_class():
    return run_of([i % 10 > 0 for i in range(100)], truth=["a"] * 100)


def test_a_metric_that_is_not_defined_passes_neither_a_floor_nor_a_margin(one_class):
    floor, margin = judged(Gate("auroc", floor=0.0, margin=-1.0), one_class, one_class)
    assert (floor.status, floor.bound, floor.reason) == ("not evaluated", None, "the rows are all of one class")
    assert (margin.status, margin.bound, margin.reason) == ("not evaluated", None, "not defined on these rows")
    assert (
        str(floor)
        == "gate 'auroc: margin -1, floor 0' of net not evaluated: required 0, 100 rows; the rows are all of one class"
    )


def test_an_area_is_not_measured_by_slice_and_says_so():
    run = run_of(BASE, kind=kinds(200))
    found = judged(Gate("auroc", floor=0.1, margin=-0.9, slices=("kind=a",)), run, run)
    assert [(one.slice, one.status) for one in found] == [("", "passed"), ("kind=a", "not evaluated")] * 2
    assert {one.reason for one in found if one.slice} == {"not measured by slice"}


def test_a_metric_that_the_target_has_not_is_not_evaluated_and_those_near_it_are_named(champion):
    for found in judged(Gate("rmse", floor=1.0, margin=-1.0), champion, champion):
        assert found.status == "not evaluated"
        assert found.reason.startswith("no metric 'rmse' here; known: accuracy, auroc, ")


def test_a_model_that_was_not_evaluated_is_named(champion):
    floor, margin = judged(Gate("accuracy", floor=0.1, margin=-1, model="nett"), champion, champion)
    assert (floor.model, floor.reason) == ("nett", "model 'nett' was not evaluated; did you mean 'net'?")
    assert margin.reason == "model 'nett' is not in both runs; did you mean 'net'?"


def test_a_gate_names_the_model_that_it_is_of(champion):
    two = run_of(BASE, models={"net": linear(), "other": linear("abc")})
    found = only(Gate("accuracy", floor=0.1, model="other"), None, two)
    assert (found.model, found.passed, found.gate) == ("other", True, "accuracy of other: floor 0.1")


def test_runs_with_too_few_rows_in_common_meet_no_margin(champion):
    other = run_of(BASE, ids=[*(f"r{i:05}" for i in range(29)), *(f"new{i}" for i in range(N - 29))])
    found = only(Gate("accuracy", margin=-1.0), champion, other)
    assert (found.status, found.reason) == ("not evaluated", "too few test rows are in both runs")


def test_a_metric_that_the_champion_defines_otherwise_meets_no_margin(champion):
    facts = champion["evaluation"].facts
    older = type(champion["evaluation"])(facts={**facts, "definitions": {**facts["definitions"], "macro_f1": "0: another"}})
    found = only(Gate("macro_f1", margin=-1.0), champion | {"evaluation": older}, champion)
    assert (found.status, found.reason) == (
        "not evaluated", "metric 'macro_f1' is not in both runs, or is defined otherwise in one of them",
    )  # fmt: skip
    assert only(Gate("accuracy", margin=-1.0), champion | {"evaluation": older}, champion).passed


def test_seeds_are_judged_together_by_the_name_that_they_have_together():
    models = {"net_1": linear(), "net_2": linear("abc")}
    run = run_of(BASE, models=models, config={"seeds": {"net": tuple(models)}}, kind=kinds(200))
    floor, margin = judged(Gate("accuracy", floor=0.5, margin=-0.5), run, run)
    whole = run["evaluation"].facts["seeds"]["net"]["metrics"]["accuracy"]
    assert (floor.status, floor.bound, margin.status) == ("passed", whole["low"], "passed")
    floors = judged(Gate("accuracy", floor=0.5, slices="all"), None, run)
    assert [(one.slice, one.status) for one in floors] == [("", "passed"), ("all slices", "not evaluated")]
    assert floors[1].reason == "slices are measured model by model, and net is several; gate one of net_1, net_2"


def test_a_gate_that_no_run_could_pass_is_refused_when_the_pipeline_is_built():
    assert compare().gate_problems([Gate("auroc", margin=-0.01, slices="all"), Gate("auroc", floor=0.5)]) == [
        "gate on 'auroc': it is not measured by slice, so that no run would pass; leave slices='all' out"
    ]
