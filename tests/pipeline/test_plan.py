from collections.abc import Mapping

import pytest

import pipeline as framework
from pipeline import Pipeline, Report, Selection, Stage, Step, UsageError, plan


class Number(Stage):
    value: int = 1
    stray: int = 0

    def run(self) -> Report:
        return Report(facts={"n": self.value})


class Parity(Stage):
    def run(self, report: Report) -> Report:
        return Report(facts={"n": report.facts["n"] % 2})


class Add(Stage):
    more: int = 0

    def run(self, left: Report, right: Report) -> Report:
        return Report(facts={"n": left.facts["n"] + right.facts["n"] + self.more})


def chain(**number) -> Pipeline:
    """number -> parity, and number + parity -> sum; other stands alone."""
    return Pipeline(
        "p",
        Step("number", Number(**number)),
        Step("parity", Parity(), {"report": "number"}),
        Step("sum", Add(), {"left": "parity", "right": "parity"}),
        Step("other", Number(value=9)),
    )


def actions(built, store, **selection) -> dict[str, str]:
    return {step.name: step.action for step in plan(built, store, Selection(**selection)).steps}


def test_a_plan_of_a_new_store_runs_everything_and_creates_nothing(store, why):
    assert why(chain(), store) == {
        "number": "never run",
        "parity": "waits for number",
        "sum": "waits for parity",
        "other": "never run",
    }
    assert not store.root.exists()


def test_planning_changes_no_file_of_the_store(store, tmp_path):
    chain().run(store.root)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    plan(chain(value=2), store)
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


def test_after_a_run_everything_is_reused_with_its_outputs(store):
    record = chain().run(store.root)
    planned = plan(chain(), store)
    assert planned.stale == ()
    assert {step.name: step.outputs for step in planned.steps} == {step.name: step.outputs for step in record.steps}
    assert {step.why for step in planned.steps} == {"nothing changed"}


def test_a_change_says_what_changed_and_what_waits_for_it(store, why):
    chain().run(store.root)
    assert why(chain(value=2), store) == {
        "number": "config: value 1 -> 2",
        "parity": "waits for number",
        "sum": "waits for parity",
    }


def test_a_changed_wire_is_told(store, why):
    chain().run(store.root)
    rewired = Pipeline(
        "p",
        *(step for step in chain().steps.values() if step.name != "sum"),
        Step("sum", Add(), {"left": "parity", "right": "other"}),
    )
    assert why(rewired, store) == {"sum": "input right: other.report is new, parity.report is gone"}


def test_a_changed_input_is_told_where_it_is_known(store, why):
    chain().run(store.root)
    chain(value=2).run(store.root, only="number")
    assert why(chain(value=2), store) == {"parity": "input report: number.report changed", "sum": "waits for parity"}


def test_work_of_an_earlier_run_is_reused_when_a_change_is_taken_back(store):
    chain(value=1).run(store.root)
    chain(value=2).run(store.root)
    assert plan(chain(value=1), store).stale == ()


def test_what_is_below_an_output_that_stayed_the_same_is_reused(store):
    chain(value=1).run(store.root)
    record = chain(value=3).run(store.root)  # as odd as 1
    assert {step.name: step.status for step in record.steps} == {
        "number": "ran", "parity": "ran", "sum": "reused", "other": "reused",
    }  # fmt: skip
    again = chain(value=1, stray=1).run(store.root)
    assert [step.status for step in again.steps] == ["ran", "reused", "reused", "reused"]


def test_only_one_step_is_selected_by_only(store):
    assert actions(chain(), store, only="number") == {"number": "run", "parity": "skip", "sum": "skip", "other": "skip"}
    steps = plan(chain(), store, Selection(only="number")).steps
    assert steps[1].why == "not selected (waits for number)"


def test_start_selects_what_is_below_and_end_what_is_above(store):
    built = chain()
    assert Selection(start="parity").steps(built) == ("parity", "sum")
    assert Selection(end="parity").steps(built) == ("number", "parity")
    assert Selection(start="parity", end="parity").steps(built) == ("parity",)
    assert Selection().steps(built) == tuple(built.steps)


def test_force_reruns_the_selected_fresh_steps_alone(store):
    chain().run(store.root)
    assert set(actions(chain(), store, force=True).values()) == {"run"}
    forced = plan(chain(), store, Selection(start="sum", force=True))
    assert [(step.name, step.why) for step in forced.steps if step.action == "run"] == [("sum", "forced")]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"only": "nubmer"}, "pipeline 'p' has no step 'nubmer'; did you mean 'number'?"),
        ({"start": "nubmer"}, "no step 'nubmer'"),
        ({"end": "nubmer"}, "no step 'nubmer'"),
        ({"only": "number", "end": "sum"}, "--only excludes --from and --to"),
        ({"start": "sum", "end": "number"}, "no step lies between --from sum and --to number"),
        (
            {"only": "parity"},
            r"step 'parity' reads 'number', which is stale and not selected \(never run\); run with --to number",
        ),
        ({"start": "sum"}, "step 'sum' reads 'parity', which is stale and not selected"),
    ],
)
def test_a_selection_that_cannot_be_is_a_usage_error(store, selection, message):
    with pytest.raises(UsageError, match=message):
        plan(chain(), store, Selection(**selection))


def test_a_selected_step_may_read_a_fresh_unselected_one(store):
    chain().run(store.root)
    changed = chain().set(["sum.more=1"])
    assert actions(changed, store, only="sum") == {"number": "reuse", "parity": "reuse", "sum": "run", "other": "reuse"}


def test_a_missing_output_is_a_reason_to_run(store, why):
    record = chain().run(store.root)
    digest = record.step("number").outputs["report"]
    store._object(digest).unlink()
    assert why(chain(), store)["number"] == "output missing"


def test_the_document_of_a_plan_has_name_action_and_why_of_each_step(store):
    assert plan(chain(), store, Selection(only="number")).document() == {
        "pipeline": "p",
        "steps": [
            {"name": "number", "action": "run", "why": "never run"},
            {"name": "parity", "action": "skip", "why": "not selected (waits for number)"},
            {"name": "sum", "action": "skip", "why": "not selected (waits for parity)"},
            {"name": "other", "action": "skip", "why": "not selected (never run)"},
        ],
    }


def test_an_edit_of_a_helper_in_another_module_is_told_by_its_name(store, project, why):
    project.write("mypkg/x.py", "def helper(value):\n    return value + 1\n\n\ndef other():\n    return 1")
    project.write(
        "mypkg/flow.py",
        """
        from pipeline import Pipeline, Report, Stage, Step
        from .x import helper
        class Number(Stage):
            def run(self) -> Report:
                return Report(facts={"n": helper(1)})
        p = Pipeline("p", Step("number", Number()))
        """,
    )
    target = "mypkg.flow:p"
    project.load(target).run(store.root)
    project.edit("mypkg/x.py", "return 1", "return 2")
    project.edit("mypkg/x.py", "def helper(value):", 'def helper(value):  # one more\n    """The next."""')
    assert why(project.load(target), store) == {}
    project.edit("mypkg/x.py", "value + 1", "value + 2")
    assert why(project.load(target), store) == {"number": "code: mypkg/x.py: helper()"}
    changed = project.load(target).run(store.root)
    assert framework.publish.manifest(store, changed.step("number").outputs["report"])["facts"] == {"n": 3}


def test_code_that_is_edited_while_a_run_goes_on_is_not_taken_for_what_ran(store, project, why):
    project.write("mypkg/x.py", "def helper():\n    return 1\n")
    project.write(
        "mypkg/flow.py",
        """
        from pathlib import Path
        from pipeline import Pipeline, Report, Stage, Step
        from .x import helper
        class Edits(Stage):
            def run(self) -> Report:
                path = Path(__file__).with_name("x.py")
                path.write_text(path.read_text().replace("return 1", "return 2"))
                return Report(facts={"n": 0})
        class Number(Stage):
            def run(self, report: Report) -> Report:
                return Report(facts={"n": helper()})
        p = Pipeline("p", Step("edits", Edits()), Step("number", Number(), {"report": "edits"}))
        """,
    )
    record = project.load("mypkg.flow:p").run(store.root)
    assert framework.publish.manifest(store, record.step("number").outputs["report"])["facts"] == {"n": 1}
    assert why(project.load("mypkg.flow:p"), store) == {"number": "code: mypkg/x.py: helper()"}


def test_the_order_of_what_feeds_a_port_is_part_of_the_key(store, why):
    def read_in(*order: str) -> Pipeline:
        return Pipeline("p", Step("a", Number()), Step("b", Number(value=2)), Step("names", Names(), {"reports": order}))

    read_in("a", "b").run(store.root)
    assert why(read_in("b", "a"), store) == {"names": "order: reports absent -> ['b.report', 'a.report']"}


class Names(Stage):
    def run(self, reports: Mapping[str, Report]) -> Report:
        return Report(facts={"names": list(reports)})
