"""Gates on the command line: exit 4, the bound that decided, and what `accept --why` lets pass."""

import json
from pathlib import Path

import pytest

from flows.gates import gates_table
from flows.show import console
from pipeline import GateOutcome

GATED = '''
"""A pipeline with a gate, judged by a stage of its own."""
from pipeline import Evaluation, Gate, GateOutcome, Model, Pipeline, Stage, Step
from pipeline.compare import Compared


class Measure(Stage):
    value: float = 0.6

    def run(self) -> Evaluation:
        three = {"value": self.value, "low": self.value - 0.1, "high": self.value + 0.1}
        return Evaluation(facts={"metrics": {"net": {"accuracy": three}}})


class Judge(Stage):
    model: str = "net"
    metric: str = "accuracy"

    def run(self, evaluation: Evaluation) -> Model:
        return Model(facts={"n": 1})

    def diff(self, before, after):
        return Compared("undecided", [], {})

    def gate_problems(self, gates):
        return [f"gate {str(gate)!r}: no such metric" for gate in gates if gate.metric != "accuracy"]

    def judge(self, gates, before, after):
        low = after["evaluation"].facts["metrics"]["net"]["accuracy"]["low"]
        return [
            GateOutcome(
                gate=str(gate), metric="accuracy", model="net", n=100, bound=low, required=gate.floor,
                status="passed" if low >= gate.floor else "failed",
            )
            for gate in gates
        ]


gated = Pipeline(
    "gated",
    Step("scores", Measure()),
    Step("judge", Judge(), reads={"evaluation": "scores"}),
    gates=(Gate("accuracy", floor=0.4),),
)
'''
FAILED = "gate 'accuracy: floor 0.4' of net failed: bound 0.35, required at least 0.4, 100 rows"


@pytest.fixture
def gated(project):
    project.write("zoo/gated.py", GATED)
    return project


def test_a_gate_that_is_not_met_exits_4_until_somebody_says_why(gated):
    low = ("run", "zoo.gated:gated", "--set", "scores.value=0.45")
    first = gated.brickwise(*low, "--json")
    assert first.returncode == 4
    document = json.loads(first.stdout)
    assert (document["status"], list(document)) == ("done", ["run_id", "pipeline", "status", "steps", "metrics", "diff"])
    assert FAILED in first.stderr
    again = gated.brickwise(*low)
    assert (again.returncode, FAILED in again.stdout, "up to date" in again.stdout) == (4, True, True)

    good = gated.brickwise("run", "zoo.gated:gated")
    assert good.returncode == 0, good.stderr
    assert "at least 0.4" in good.stdout
    assert "the champion" in good.stdout

    run_id = document["run_id"]
    refused = gated.brickwise("accept", run_id)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert FAILED in refused.stderr
    accepted = gated.brickwise("accept", run_id, "--why", "the vendor's new form", "--json")
    assert accepted.returncode == 0, accepted.stderr
    told = json.loads(accepted.stdout)
    assert (told["run_id"], told["why"], len(told["unmet"])) == (run_id, "the vendor's new form", 1)
    assert told["previous"] != run_id

    line = "although 1 gate was not met: the vendor's new form"
    assert line in gated.brickwise("show", run_id).stdout
    assert json.loads(gated.brickwise("show", run_id, "--json").stdout)["accepted"] == [told]
    assert line in gated.brickwise("diff", told["previous"], run_id).stdout
    assert "accepted: the vendor's new form" in gated.brickwise("runs").stdout
    assert "the vendor's new form" in gated.brickwise("log").stdout
    assert gated.brickwise(*low).returncode == 0  # it is the champion now, by a person's word
    assert gated.brickwise("log", "--plot", "x.svg").returncode == 0
    assert Path(gated.folder / "x.svg").read_text().startswith("<svg")
    assert gated.brickwise("log", "--plot", "x.pdf").returncode == 2


def test_a_gate_on_what_is_not_measured_is_no_pipeline(gated):
    gated.edit("zoo/gated.py", 'Gate("accuracy"', 'Gate("acuracy"')
    refused = gated.brickwise("run", "zoo.gated:gated")
    assert refused.returncode == 2
    assert "gate 'acuracy: floor 0.4': no such metric" in refused.stderr


def outcome(status: str, bound: float | None = 0.5, **more) -> GateOutcome:
    said = {"gate": "f1: floor 0.4", "metric": "f1", "model": "net", "n": 50, "required": 0.4, "bound": bound}
    return GateOutcome(**said | more, status=status)


def shown(*outcomes: GateOutcome) -> list[str]:
    screen = console()
    with screen.capture() as captured:
        screen.print(gates_table(outcomes))
    return [line.rstrip() for line in captured.get().splitlines() if line.strip()][2:]


def test_slices_that_passed_are_one_row_with_the_nearest_and_others_one_each():
    rows = shown(
        outcome("passed"),
        outcome("passed", slice="kind=a"),
        outcome("passed", 0.41, slice="kind=b"),
        outcome("failed", 0.3, slice="kind=[c]"),
        outcome("not evaluated", None, slice="kind=d", n=3, reason="3 rows, 30 needed"),
    )
    assert [" ".join(row.split()) for row in rows] == [
        "f1: floor 0.4 net all rows 50 0.5000 at least 0.4 passed",
        "f1: floor 0.4 net 2 slices, nearest: kind=b 50 0.4100 at least 0.4 passed",
        "f1: floor 0.4 net kind=[c] 50 0.3000 at least 0.4 failed",
        "f1: floor 0.4 net kind=d 3 none 0.4 not evaluated 3 rows, 30 needed",
    ]


def test_a_ceiling_is_told_from_a_floor():
    assert outcome("passed", 0.3).asked == "at most 0.4"
    assert outcome("failed", 0.5).asked == "at most 0.4"
    assert outcome("passed", 0.4, direction="at most").asked == "at most 0.4"  # exactly there, the numbers do not tell
    assert outcome("passed", 0.4, direction="at least").asked == "at least 0.4"
    assert outcome("not evaluated", None, direction="at most").asked == "at most 0.4"
    assert str(outcome("not evaluated", None, reason="none")) == (
        "gate 'f1: floor 0.4' of net not evaluated: required 0.4, 50 rows; none"
    )
