import re
from pathlib import Path

import pytest

from pipeline import BlockedError, Evaluation, Model, Pipeline, Report, Stage, StageError, Step, UsageError, report
from pipeline.record import load_run
from pipeline.runner import run


class Fit(Stage):
    """Fails as long as the file `broken` is there; notes each attempt in `log`."""

    value: int = 1
    broken: str = ""
    log: str = ""

    def run(self) -> Model:
        report(1, 2, "half")
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{self.value}\n")
        if self.broken and Path(self.broken).exists():
            raise RuntimeError("still broken")
        return Model(facts={"n": self.value})


class Recovers(Fit):
    """Works at the third attempt."""

    def run(self) -> Model:
        with Path(self.log).open("a") as file:
            file.write("x")
        if len(Path(self.log).read_text()) < 3:
            raise RuntimeError("not yet")
        return Model(facts={"n": 1})


class Evaluate(Stage):
    scale: float = 1.0

    def run(self, model: Model) -> Evaluation:
        value = model.facts["n"] * self.scale
        return Evaluation(facts={"metrics": {"net": {"accuracy": {"value": value, "low": value, "high": value}}}})


class Describe(Stage):
    def run(self, evaluation: Evaluation) -> Report:
        return Report(facts={"lines": 1})


def net(**fit) -> Pipeline:
    return Pipeline(
        "nets",
        Step("net", Fit(**fit)),
        Step("apart", Fit(value=9)),
        Step("scores", Evaluate(), {"model": "net"}),
        Step("told", Describe(), {"evaluation": "scores"}),
    )


def statuses(record) -> dict[str, str]:
    return {step.name: step.status for step in record.steps}


def test_the_document_of_a_run_is_that_of_run_json(store):
    document = net().run(store.root).document()
    assert list(document) == ["run_id", "pipeline", "status", "steps", "metrics", "diff"]
    assert (document["pipeline"], document["status"]) == ("nets", "done")
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{6}-[0-9a-f]{4}", document["run_id"])
    fields = {"name", "status", "why", "seconds", "rows_in", "rows_out", "rows_quarantined", "outputs"}
    assert [set(step) for step in document["steps"]] == [fields] * 4
    first = document["steps"][0]
    assert (first["name"], first["status"], first["why"], first["rows_in"]) == ("net", "ran", "never run", None)
    assert re.fullmatch("[0-9a-f]{64}", first["outputs"]["model"])
    assert document["metrics"] == {"net": {"accuracy": {"value": 1.0, "low": 1.0, "high": 1.0}}}
    assert document["diff"] == {"against": None, "verdict": None}


def test_the_record_in_the_store_is_the_one_returned(store):
    record = run(net(), store, settings=("net.value=1",))
    assert load_run(store, record.run_id) == record
    assert record.settings == ("net.value=1",)
    assert set(record.environment) == {"python", "platform"}


def test_a_second_run_has_nothing_to_do_and_writes_no_record(store):
    first = net().run(store.root)
    files = {path: path.stat().st_mtime_ns for path in store.root.rglob("*") if path.is_file()}
    second = net().run(store.root)
    assert (second.status, second.run_id, second.metrics) == ("up-to-date", first.run_id, first.metrics)
    assert set(statuses(second).values()) == {"reused"}
    assert [step.outputs for step in second.steps] == [step.outputs for step in first.steps]
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*") if path.is_file()} == files


def test_a_second_run_starts_no_engine(store):
    net().run(store.root)

    def engine(*given):
        raise AssertionError("nothing was to do")

    assert run(net(), store, engine=engine).status == "up-to-date"


def test_up_to_date_is_said_of_the_run_with_these_outputs(store):
    first = net(value=1).run(store.root)
    second = net(value=2).run(store.root)
    assert net(value=1).run(store.root).run_id == first.run_id
    assert net(value=2).run(store.root).run_id == second.run_id


def test_what_is_up_to_date_is_compared_once_with_a_new_champion(store):
    first, second = net(value=1).run(store.root), net(value=2).run(store.root)
    store.set_ref("nets", "champion", second.run_id)
    again = net(value=1).run(store.root)
    assert (again.status, again.diff.against) == ("done", second.run_id)
    assert set(statuses(again).values()) == {"reused"}
    assert again.run_id not in (first.run_id, second.run_id)
    last = net(value=1).run(store.root)
    assert (last.status, last.run_id, last.diff.against) == ("up-to-date", again.run_id, second.run_id)


def test_the_first_whole_run_becomes_champion_and_stays_it(store, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()
    net(broken=str(broken)).run(store.root)
    net().run(store.root, only="apart")
    assert store.ref("nets", "champion") is None
    first = net().run(store.root)
    assert store.ref("nets", "champion") == first.run_id
    later = net(value=2).run(store.root)
    assert store.ref("nets", "champion") == first.run_id
    assert (first.diff.against, later.diff.against) == (None, first.run_id)


def test_the_first_whole_run_becomes_champion_also_when_it_was_killed_before_it_said_so(store):
    first = net().run(store.root)
    (store.root / "refs" / "nets" / "champion").unlink()
    again = net().run(store.root)
    assert (again.status, again.run_id, store.ref("nets", "champion")) == ("up-to-date", first.run_id, first.run_id)


def test_a_stage_that_raises_fails_and_what_does_not_need_it_finishes(store, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()
    record = net(broken=str(broken)).run(store.root)
    assert record.status == "failed"
    assert statuses(record) == {"net": "failed", "apart": "ran", "scores": "skipped", "told": "skipped"}
    assert record.step("net").error == "step 'net' failed: RuntimeError: still broken"
    assert record.step("scores").why == "needs net, which failed"
    assert record.step("told").why == "needs net, which failed"
    assert record.step("net").why == "never run"
    assert load_run(store, record.run_id).status == "failed"


def test_the_next_run_goes_on_where_a_failed_one_stopped(store, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()
    net(broken=str(broken)).run(store.root)
    broken.unlink()
    record = net(broken=str(broken)).run(store.root)
    assert record.status == "done"
    assert statuses(record) == {"net": "ran", "apart": "reused", "scores": "ran", "told": "ran"}


def test_a_step_is_tried_again_as_often_as_it_asks(store, tmp_path):
    log = tmp_path / "log"
    built = Pipeline("p", Step("net", Recovers(log=str(log)), retries=1))
    assert built.run(store.root).status == "failed"
    assert log.read_text() == "xx"
    assert built.run(store.root).status == "done"
    log.unlink()
    patient = Pipeline("p", Step("net", Recovers(value=2, log=str(log)), retries=5))
    assert patient.run(store.root).status == "done"
    assert log.read_text() == "xxx"


def test_force_makes_again_and_names_the_reason(store, tmp_path):
    log = tmp_path / "log"
    net(log=str(log)).run(store.root)
    record = net(log=str(log)).run(store.root, force=True, only="net")
    assert log.read_text() == "1\n1\n"
    assert (record.step("net").status, record.step("net").why) == ("ran", "forced")
    assert statuses(record) == {"net": "ran", "apart": "reused", "scores": "skipped", "told": "skipped"}


def test_unselected_steps_are_skipped_and_the_run_is_done(store):
    record = net().run(store.root, end="scores")
    assert statuses(record) == {"net": "ran", "apart": "skipped", "scores": "ran", "told": "skipped"}
    assert record.status == "done"


def test_steps_are_announced_as_they_are_done_and_progress_is_heard(store):
    announced, heard = [], []
    run(net(), store, announce=announced.append, listener=lambda *said: heard.append(said))
    names = [outcome.name for outcome in announced]
    assert sorted(names) == ["apart", "net", "scores", "told"]
    assert names.index("net") < names.index("scores") < names.index("told")
    assert sorted(heard) == [("apart", 1, 2, "half"), ("net", 1, 2, "half")]


@pytest.mark.parametrize(
    ("error", "status", "whole"),
    [(StageError("torn"), "failed", "failed"), (BlockedError("no receipt"), "blocked", "blocked")],
)
def test_a_failure_and_a_refusal_are_in_the_record(store, error, status, whole):
    def engine(pipeline, planned, work, run_id):
        from pipeline.engine import local_engine

        def torn(name, above):
            if name == "net":
                raise error
            return work(name, above)

        return local_engine(pipeline, planned, torn, run_id)

    record = run(net(), store, engine=engine)
    assert (record.status, statuses(record)["net"], statuses(record)["apart"]) == (whole, status, "ran")


def test_a_usage_error_is_raised_and_leaves_no_record(store):
    with pytest.raises(UsageError, match="no step 'nett'; did you mean 'net'"):
        net().run(store.root, only="nett")
    assert not store.root.exists()
