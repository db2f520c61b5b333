from typing import NamedTuple

import pytest

from pipeline import Evaluation, Model, Pipeline, Stage, Step, UsageError
from pipeline.compare import Compared, Comparing, changes
from pipeline.record import load_run
from pipeline.runner import run


class Evaluated(NamedTuple):
    evaluation: Evaluation
    model: Model


class Evaluate(Stage):
    value: float = 0.5
    noise: int = 0

    def run(self) -> Evaluated:
        metrics = {"net": {"accuracy": {"value": self.value, "low": self.value, "high": self.value}}}
        return Evaluated(Evaluation(facts={"metrics": metrics}), Model(facts={"n": self.noise}))


class Bare(Stage):
    def run(self) -> Evaluation:
        return Evaluation(facts={"note": "no metrics", "n": 1})


class Compare(Stage):
    """Compares values; an earlier one below zero cannot be compared."""

    def run(self, evaluation: Evaluation) -> Model:
        return Model(facts={"n": 1})

    def diff(self, before, after):
        old, new = (side["evaluation"].facts["metrics"]["net"]["accuracy"]["value"] for side in (before, after))
        if old < 0:
            raise UsageError("an accuracy below zero")
        delta = new - old
        verdict = "undecided" if delta == 0 else "better" if delta > 0 else "worse"
        return Compared(verdict, [{"model": "net", "delta": delta}], {})


def scores(value: float = 0.5, noise: int = 0, **more: Stage) -> Pipeline:
    compare = Step("compare", Compare(), {"evaluation": "scores"})
    extra = (Step(name, stage) for name, stage in more.items())
    return Pipeline("p", Step("scores", Evaluate(value=value, noise=noise)), compare, *extra)


def test_a_stage_that_can_compare_runs_is_known_by_its_method():
    assert isinstance(Compare(), Comparing)
    assert not isinstance(Evaluate(), Comparing)


@pytest.mark.parametrize(("value", "verdict"), [(0.75, "better"), (0.25, "worse")])
def test_a_run_is_compared_with_the_champion_by_the_pipeline_s_own_stage(store, value, verdict):
    champion = scores().run(store.root)
    diff = scores(value).run(store.root).diff
    assert (diff.against, diff.verdict) == (champion.run_id, verdict)
    assert diff.details == ({"model": "net", "delta": value - 0.5},)


def test_a_run_with_other_outputs_may_be_undecided(store):
    scores().run(store.root)
    assert scores(noise=1).run(store.root).diff.verdict == "undecided"


def test_the_same_outputs_are_equivalent(store):
    champion = scores().run(store.root)
    diff = scores().run(store.root, force=True).diff
    assert (diff.against, diff.verdict, diff.note) == (champion.run_id, "equivalent", "the same outputs, to the byte")


def test_what_cannot_be_compared_says_why_and_gives_no_verdict(store):
    scores(-1).run(store.root)
    diff = scores().run(store.root).diff
    assert (diff.verdict, diff.note) == (None, "not comparable: an accuracy below zero")


def test_a_pipeline_without_a_comparing_stage_gives_no_verdict(store):
    for value in (0.5, 0.6):
        record = Pipeline("p", Step("scores", Evaluate(value=value))).run(store.root)
    assert (record.diff.verdict, record.diff.note) == (None, "no stage of this pipeline compares runs")


@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_a_champion_whose_record_is_lost_costs_the_comparison_and_not_the_run(store, damage):
    champion = scores().run(store.root)
    path = store.root / "runs" / f"{champion.run_id}.json"
    path.unlink()
    if damage == "torn":
        path.write_text("{")
    record = scores(0.75).run(store.root)
    assert record.status == "done"
    assert record.diff.verdict is None
    assert record.diff.note.startswith("not comparable: ")
    assert load_run(store, record.run_id) == record


def test_an_unfinished_run_is_not_compared(store):
    champion = scores().run(store.root)
    diff = scores(0.75).run(store.root, only="scores").diff
    assert (diff.against, diff.verdict) == (champion.run_id, None)


def test_an_evaluation_without_metrics_gives_none(store):
    record = run(scores(bare=Bare()), store)
    assert set(record.metrics) == {"net"}


def test_changes_between_two_runs_name_what_changed_in_each_step(store):
    before = scores(old=Bare()).run(store.root)
    after = scores(0.75, new=Bare()).run(store.root)
    assert changes(store, before, after) == {
        "scores": "config: value 0.5 -> 0.75",
        "compare": "input evaluation: scores.evaluation changed",
        "new": "finished in one of the runs only",
        "old": "step is gone",
    }
    assert changes(store, before, before) == {}
