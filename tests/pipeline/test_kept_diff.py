import pytest

from pipeline import Evaluation, Model, Pipeline, Stage, Step
from pipeline.compare import Compared, compared
from pipeline.record import load_run
from pipeline.store.collect import collect

asked: list[tuple[float, float]] = []


class Scores(Stage):
    value: float = 0.5

    def run(self) -> Evaluation:
        return Evaluation(facts={"value": self.value})


class Counted(Stage):
    """Counts how often it is asked."""

    margin: float = 0.1
    strange: bool = False

    def run(self, evaluation: Evaluation) -> Model:
        return Model(facts={"n": 1})

    def diff(self, before, after):
        old, new = (side["evaluation"].facts["value"] for side in (before, after))
        asked.append((old, new))
        facts = {"models": {"net": {"delta": new - old}, "a": {"delta": float("nan") if self.strange else 0.0}}}
        return Compared("better", [{"model": "net", "delta": new - old}], facts, rows="rows")


@pytest.fixture(autouse=True)
def _forget():
    asked.clear()


def scores(value: float = 0.5, **config) -> Pipeline:
    return Pipeline("p", Step("scores", Scores(value=value)), Step("compare", Counted(**config), {"evaluation": "scores"}))


def told(pipeline: Pipeline, store, *, rows: bool = False) -> Compared:
    before, after = (load_run(store, name) for name in store.run_ids()[-2:])
    found, reason = compared(pipeline, store, before.steps, after.steps, ("one", "other"), rows=rows)
    assert reason == ""
    return found


def two(store) -> Pipeline:
    scores().run(store.root)
    scores(0.75).run(store.root)
    assert asked == [(0.5, 0.75)]
    return scores(0.75)


def test_what_was_said_when_a_run_ended_is_not_asked_again(store):
    found = told(two(store), store)
    assert asked == [(0.5, 0.75)]
    assert (found.verdict, found.details, found.rows) == ("better", [{"model": "net", "delta": 0.25}], None)
    assert list(found.facts["models"]) == ["net", "a"]  # in the order of the stage, not of their names


def test_rows_are_asked_for_anew(store):
    assert told(two(store), store, rows=True).rows == "rows"
    assert len(asked) == 2


def test_another_config_is_asked_anew_and_kept_beside(store):
    two(store)
    for _ in range(2):
        told(scores(0.75, margin=0.2), store)
    assert len(asked) == 2


def test_runs_the_other_way_round_are_another_question(store):
    pipeline = two(store)
    before, after = (load_run(store, name) for name in store.run_ids())
    found, _ = compared(pipeline, store, after.steps, before.steps, ("one", "other"), rows=False)
    assert found.details == [{"model": "net", "delta": -0.25}]


def test_what_is_no_json_is_told_and_not_kept(store):
    scores().run(store.root)
    assert scores(0.75, strange=True).run(store.root).diff.verdict == "better"
    told(scores(0.75, strange=True), store)
    assert len(asked) == 2


def test_it_stays_as_long_as_what_the_later_run_made(store):
    pipeline = two(store)
    collect(store, keep=2)
    told(pipeline, store)
    assert len(asked) == 1
