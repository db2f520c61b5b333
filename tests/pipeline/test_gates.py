"""Gates: wired with the pipeline, judged on whole runs, recorded; what is not met becomes no champion by itself."""

import pytest

from pipeline import Evaluation, Gate, GateOutcome, Model, Pipeline, Selection, Stage, StageError, Step, WiringError
from pipeline.compare import Compared, Judging
from pipeline.errors import suggest
from pipeline.record import load_run
from pipeline.runner import run


class Measure(Stage):
    value: float = 0.5
    noise: int = 0

    def run(self) -> Evaluation:
        metrics = {"net": {"accuracy": {"value": self.value, "low": self.value - 0.1, "high": self.value + 0.1}}}
        return Evaluation(facts={"metrics": metrics, "noise": self.noise})


class Broken(Stage):
    def run(self) -> Model:
        raise RuntimeError("broken")


class Judge(Stage):
    """Judges by values less 0.1; says nothing of recall, cannot judge f1, and finds no precision."""

    model: str = "net"
    metric: str = "accuracy"

    def run(self, evaluation: Evaluation) -> Model:
        return Model(facts={"n": 1})

    def diff(self, before, after):
        return Compared("undecided", [], {})

    def gate_problems(self, gates):
        known = ("accuracy", "recall", "f1", "precision")
        return [f"gate {str(g)!r}: no metric {g.metric!r}; {suggest(g.metric, known)}" for g in gates if g.metric not in known]

    def judge(self, gates, before, after):
        new = after["evaluation"].facts["metrics"]["net"]["accuracy"]
        found = []
        for gate in gates:
            if gate.metric == "f1":
                raise StageError("f1 of one class")
            if gate.metric == "precision":
                after["evaluation"].facts["metrics"]["net"]["precision"]
            if gate.metric != "accuracy":
                continue
            bounds = [(new["low"], gate.floor)]
            if before is not None:
                bounds.append(
                    (new["value"] - before["evaluation"].facts["metrics"]["net"]["accuracy"]["value"] - 0.1, gate.margin)
                )
            for bound, required in bounds:
                if required is not None:
                    status = "passed" if bound >= required else "failed"
                    said = {"gate": str(gate), "metric": gate.metric, "model": "net", "n": 100, "required": required}
                    found.append(GateOutcome(**said, bound=bound, status=status))
        return found


def scored(value: float = 0.5, noise: int = 0, gates: tuple[Gate, ...] = ()) -> Pipeline:
    measured = Step("scores", Measure(value=value, noise=noise))
    return Pipeline("p", measured, Step("judge", Judge(), {"evaluation": "scores"}), gates=gates)


FLOOR = Gate("accuracy", floor=0.4)
MARGIN = Gate("accuracy", margin=-0.15)


def test_a_stage_that_judges_is_known_by_its_methods():
    assert isinstance(Judge(), Judging)
    assert not isinstance(Measure(), Judging)


def test_gates_without_a_stage_that_judges_are_no_pipeline():
    with pytest.raises(WiringError, match=r"gate 'accuracy: floor 0.4': no stage of this pipeline compares runs; add a step"):
        Pipeline("p", Step("scores", Measure()), gates=(FLOOR,))


def test_what_the_stage_says_of_gates_is_said_with_the_other_mistakes():
    with pytest.raises(WiringError) as error:
        Pipeline("P", *scored().steps.values(), gates=(Gate("acuracy", floor=1), FLOOR, FLOOR))
    assert [line for line in error.value.problems if "gate" in line] == [
        "gate 'accuracy: floor 0.4' is declared twice",
        "gate 'acuracy: floor 1': no metric 'acuracy'; did you mean 'accuracy'?",
    ]
    assert len(error.value.problems) == 3


def test_settings_keep_the_gates():
    assert scored(gates=(FLOOR,)).set(["scores.value=0.7"]).gates == (FLOOR,)


def test_the_first_run_that_meets_its_gates_becomes_champion_and_margins_are_not_asked(store):
    record = run(scored(0.6, gates=(FLOOR, MARGIN)), store)
    assert [(one.gate, one.status, one.required) for one in record.gates] == [("accuracy: floor 0.4", "passed", 0.4)]
    assert (record.asked, record.exit_code, record.headline) == ((FLOOR, MARGIN), 0, ("net", "accuracy"))
    assert store.ref("p", "champion") == record.run_id
    assert load_run(store, record.run_id) == record


def test_the_first_run_that_does_not_meet_them_is_done_and_becomes_no_champion(store):
    record = run(scored(0.45, gates=(FLOOR,)), store)
    assert (record.status, record.exit_code, store.ref("p", "champion")) == ("done", 4, None)
    assert [(one.bound, one.status) for one in record.unmet] == [(pytest.approx(0.35), "failed")]
    again = run(scored(0.45, gates=(FLOOR,)), store)
    assert (again.status, again.run_id, again.exit_code) == ("up-to-date", record.run_id, 4)
    assert store.ref("p", "champion") is None
    better = run(scored(0.6, gates=(FLOOR,)), store)
    assert store.ref("p", "champion") == better.run_id


def test_a_margin_is_asked_of_the_champion(store):
    champion = run(scored(0.6, gates=(MARGIN,)), store)
    assert champion.gates == ()
    fine, worse = (run(scored(value, gates=(MARGIN,)), store) for value in (0.59, 0.5))
    assert [(one.status, one.bound) for one in fine.gates] == [("passed", pytest.approx(-0.11))]
    assert [(one.status, one.bound) for one in worse.gates] == [("failed", pytest.approx(-0.2))]
    assert (fine.exit_code, worse.exit_code) == (0, 4)
    assert store.ref("p", "champion") == champion.run_id


def test_a_run_with_the_champion_s_outputs_is_judged_too(store):
    run(scored(0.6, gates=(MARGIN,)), store)
    again = run(scored(0.6, gates=(MARGIN,)), store, selection=Selection(force=True))
    assert (again.diff.verdict, again.gates[0].bound) == ("equivalent", pytest.approx(-0.1))


def test_other_gates_are_judged_on_what_is_there_and_recorded_anew(store):
    first = run(scored(0.45, gates=(FLOOR,)), store)
    low = Gate("accuracy", floor=0.3)
    second = run(scored(0.45, gates=(low,)), store)
    assert {step.status for step in second.steps} == {"reused"}
    assert (second.status, second.exit_code, second.asked) == ("done", 0, (low,))
    assert store.ref("p", "champion") == second.run_id != first.run_id
    assert run(scored(0.45, gates=(low,)), store).status == "up-to-date"
    third = run(scored(0.45), store)
    assert (third.status, third.asked, third.gates) == ("done", (), ())
    narrower = Gate("accuracy", floor=0.3, slices="all")  # the same words
    assert run(scored(0.45, gates=(narrower,)), store).status == "done"


def test_part_of_a_run_is_not_judged_nor_told_of_gates_that_another_run_did_not_meet(store):
    run(scored(0.45, gates=(FLOOR,)), store)
    for noise, status in ((1, "done"), (1, "up-to-date")):
        part = run(scored(0.45, noise, gates=(FLOOR,)), store, selection=Selection(only="scores"))
        assert (part.status, part.gates, part.asked, part.exit_code) == (status, (), (), 0)
    other = Pipeline("p", *scored(0.45).set(["judge.model=other"]).steps.values(), gates=(FLOOR,))
    part = run(other, store, selection=Selection(only="scores"))
    assert (part.status, part.gates, part.exit_code) == ("up-to-date", (), 0)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [("recall", "Judge says nothing of it"), ("f1", "f1 of one class"), ("precision", "what it reads has no 'precision'")],
)
def test_what_the_stage_does_not_judge_is_not_evaluated_and_does_not_pass(store, metric, reason):
    record = run(scored(0.6, gates=(Gate(metric, floor=0.1, margin=0.0),)), store)
    assert [(one.status, one.reason, one.model, one.required) for one in record.gates] == [
        ("not evaluated", reason, "net", 0.1)
    ]
    assert (record.status, record.exit_code, store.ref("p", "champion")) == ("done", 4, None)


@pytest.mark.parametrize("lost", ["record", "objects"])
def test_a_margin_against_a_champion_that_is_lost_is_not_evaluated_and_a_floor_is(store, lost):
    champion = run(scored(0.6), store)
    if lost == "record":
        (store.root / "runs" / f"{champion.run_id}.json").unlink()
    else:
        store.object_file(champion.step("scores").outputs["evaluation"]).unlink()
    record = run(scored(0.7, gates=(Gate("accuracy", floor=0.4, margin=-1),)), store)
    assert [(one.status, one.required) for one in record.gates] == [("not evaluated", -1.0), ("passed", 0.4)]
    assert record.gates[0].reason.startswith(f"the champion {champion.run_id} cannot be compared with: ")
    assert (record.status, record.exit_code) == ("done", 4)


def test_a_record_tells_what_changed_since_the_run_it_was_compared_with(store):
    run(scored(0.6), store)
    record = run(scored(0.7), store)
    assert record.changed == {
        "scores": "config: value 0.6 -> 0.7",
        "judge": "input evaluation: scores.evaluation changed",
    }
    assert load_run(store, record.run_id).changed == record.changed


def test_a_failed_run_is_not_judged(store):
    steps = scored().steps.values()
    record = run(Pipeline("p", *steps, Step("broken", Broken()), gates=(FLOOR,)), store)
    assert (record.status, record.gates, record.exit_code) == ("failed", (), 1)
