"""The evaluation document and its export: what the run and the store know beside the facts; through the real command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.evaluation import evaluation_document
from flows.export import export_step
from pipeline import Evaluation, LocalStore, Model, Pipeline, Report, Stage, Step, Table, UsageError
from pipeline.check import Check, Finding
from pipeline.store.collect import collect
from schemas import Prediction, SplitText, Text

HOSTILE = ('<script>alert("x")</script>', "two\nlines", '"quoted"', "\u202eright to left", "שלום", "null\x00", "a|b")


class Rows(Stage):
    """Make rows."""

    def run(self) -> Table[Text]:
        return Table.of(Text, pa.table({"id": ["1", "2", "3"], "text": ["a b", "b c", "c d"], "label": list("xyx")}))


class Halve(Stage):
    """Split them."""

    share: float = 0.5

    def map(self, rows: Table[Text]) -> Table[SplitText]:
        table = rows.read()
        table = table.append_column("split", pa.array(["train", "test", "test"]))
        return Table.of(SplitText, table.append_column("group", table["id"]))


class Learn(Stage):
    """Learn nothing."""

    seed: int = 1

    def run(self, rows: Table[SplitText]) -> Model:
        return Model(facts={"family": "constant", "seed": self.seed}, files={"m.json": b"{}"})


class Made(NamedTuple):
    """Both."""

    evaluation: Evaluation
    rows: Table[Prediction]


class Judge(Stage):
    """Say what it is told to, in the shape that Evaluate gives."""

    keeps_rows: ClassVar[bool] = False
    accuracy: float = 0.5
    data: str = "rows-1"

    def run(self, rows: Table[SplitText], models: Mapping[str, Model]) -> Made:
        metrics = {name: {"accuracy": {"value": self.accuracy, "low": 0.1, "high": 0.9}} for name in models}
        facts = {
            "schema": "brickwise.evaluation/1",
            "models": list(models),
            "classes": list(HOSTILE),
            "metrics": metrics,
            "data": {"rows": self.data, "labels": dict.fromkeys(HOSTILE, 1), "overlap": {"ids": 0}},
            "model": {name: {"family": "constant", "parameters": 3} for name in models},
        }
        told = pa.table(
            {
                "id": ["2", "3"], "model": ["net", "net"], "label": [HOSTILE[0], HOSTILE[1]],
                "prediction": [HOSTILE[2], HOSTILE[3]], "group": ["2", "3"], "values": [[0.5], [0.5]],
            }
        )  # fmt: skip
        for name, values in {"loss": [0.5, 0.7], "slices": [["kind=a"], []]}.items():  # of newer evaluations
            told = told.append_column(name, pa.array(values)) if name in Prediction.columns() else told
        return Made(Evaluation(facts=facts), Table.of(Prediction, told))


NAN, INFINITE = float("nan"), float("inf")


class Undefined(Judge):
    """Say what a model says whose scores are no numbers. told: let them into the facts as they are."""

    told: bool = False

    def run(self, rows: Table[SplitText], models: Mapping[str, Model]) -> Made:
        made = super().run(rows, models)
        nothing = {"value": None, "low": None, "high": None, "status": "not evaluated", "reason": "scores are no numbers"}
        facts = dict(made.evaluation.facts) | {"metrics": {"net": {"log_loss": {"value": NAN} if self.told else nothing}}}
        table = made.rows.read()
        for name, values in {"values": [[NAN], [INFINITE]], "loss": [NAN, INFINITE]}.items():
            table = table.set_column(table.schema.get_field_index(name), name, pa.array(values))
        return Made(Evaluation(facts=facts), Table.of(Prediction, table))


class Time(Stage):
    """Time them."""

    def run(self, rows: Table[SplitText], models: Mapping[str, Model]) -> Report:
        speed = {
            "p50_ms": 1.5,
            "p95_ms": 2.0,
            "rows_per_second": 9.0,
            "load_seconds": 0.1,
            "calls": 20,
            "bytes": 2,
            "parameters": 1,
        }
        machine = {"processor": "abacus", "cores": 1, "system": "wood"}
        return Report(
            facts={"kind": "speed", "models": dict.fromkeys(models, speed), "machine": machine, "batch": 4, "threads": 1}
        )


class Old(Stage):
    """Say what evaluations said before they had a schema."""

    def run(self, rows: Table[SplitText], models: Mapping[str, Model]) -> Evaluation:
        return Evaluation(
            facts={"models": list(models), "metrics": {"net": {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}}}
        )


class Picky(Check):
    """One rule that warns, one that holds."""

    name: str = "picky"

    def judge(self, artifact):
        yield Finding(rule="is nice", evaluated=3, failed=1, passed=False, severity="warn", examples=("<b>",))
        yield Finding(rule="is there", evaluated=3, failed=0, passed=True)


def built(**config) -> Pipeline:
    return Pipeline(
        "zoo",
        Step("raw", Rows()),
        Step("halve", Halve(), reads={"rows": "raw"}, checks=(Picky(),)),
        Step("net", Learn(seed=config.pop("seed", 1)), reads={"rows": "halve"}),
        Step("report", config.pop("judge", Judge)(**config), reads={"rows": "halve", "models": ("net",)}),
        Step("speed", Time(), reads={"rows": "halve", "models": ("net",)}),
    )


def test_the_document_says_what_only_the_run_knows(store):
    record = built().run(str(store.root))
    assert record.status == "done", [step.error for step in record.steps]
    found = evaluation_document(store, record, "report")
    identity = found["identity"]
    outputs = {step.name: step.outputs for step in record.steps}
    assert (identity["run_id"], identity["pipeline"], identity["started"]) == (record.run_id, "zoo", record.started)
    assert identity["data"] == outputs["halve"]["rows"]
    assert identity["models"] == {"net": outputs["net"]["model"]}
    assert identity["evaluation"] == outputs["report"]["evaluation"]
    assert {"python", "platform", "processor", "cores", "system"} <= identity["hardware"].keys()
    assert list(identity["seconds"]) == ["raw", "halve", "net", "report"]  # what it hangs on: not speed
    assert found["data"]["split"] == {
        "step": "halve",
        "config": {"class": found["data"]["split"]["config"]["class"], "share": 0.5},
    }
    told = {(one["step"], one["check"]): one["outcome"] for one in found["data"]["receipts"]}
    assert told[("halve", "picky")] == "warned"
    assert told[("raw", "contract")] == "passed"
    assert found["model"]["net"]["family"] == "constant"
    assert found["model"]["net"]["training_seconds"] == record.step("net").seconds
    assert found["model"]["net"]["latency"]["p50_ms"] == 1.5
    assert (found["data"]["overlap"], found["data"]["times_used"]) == ({"ids": 0}, 1)


def test_a_change_above_changes_its_digest_and_only_that(store):
    first = evaluation_document(store, built().run(str(store.root)), "report")["identity"]
    record = built(seed=2).run(str(store.root))
    second = evaluation_document(store, record, "report")["identity"]
    assert first["config"] != second["config"]
    assert [first[name] == second[name] for name in ("code", "lock", "data")] == [True, True, True]
    assert second["made_in"] == {"raw": first["run_id"], "halve": first["run_id"]}
    assert second["seconds"]["halve"] == first["seconds"]["halve"]  # as long as it took where it ran


def test_looks_at_the_same_test_rows_are_counted_over_runs(store):
    for config in ({}, {"accuracy": 0.6}, {"accuracy": 0.7}, {"data": "others"}):
        record = built(**config).run(str(store.root))
        assert record.status == "done"
    assert evaluation_document(store, record, "report")["data"]["times_used"] == 1
    assert evaluation_document(store, built().run(str(store.root)), "report")["data"]["times_used"] == 3


def exported(store: LocalStore, record, folder, **options) -> None:
    export_step(store, record, "report", folder, **{"onnx": False, "tensorboard": False, "as_json": False} | options)


def test_an_evaluation_leaves_as_two_files_and_comes_back(store, tmp_path, capsys):
    record = built().run(str(store.root))
    exported(store, record, tmp_path / "out")
    document = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert document == evaluation_document(store, record, "report")
    assert document["classes"] == list(HOSTILE)
    rows = pq.read_table(tmp_path / "out/predictions.parquet")
    assert rows["label"].to_pylist() == [HOSTILE[0], HOSTILE[1]]
    assert Evaluation.load(tmp_path / "out").facts == document
    exported(store, record, tmp_path / "out", as_json=True)  # twice is once
    said = capsys.readouterr().out
    assert '"evaluation.json"' in said
    for option in ("onnx", "tensorboard"):
        with pytest.raises(UsageError, match=f"made an evaluation, and --{option} is for models"):
            exported(store, record, tmp_path / "no", **{option: True})
    assert not (tmp_path / "no").exists()


def test_scores_that_are_no_numbers_never_make_invalid_json(store, tmp_path):
    record = built(judge=Undefined).run(str(store.root))
    exported(store, record, tmp_path / "out")

    def refuse(word: str):
        raise AssertionError(f"{word} is no JSON")

    document = json.loads((tmp_path / "out/evaluation.json").read_text(), parse_constant=refuse)
    assert document["metrics"]["net"]["log_loss"]["status"] == "not evaluated"
    rows = pq.read_table(tmp_path / "out/predictions.parquet")
    assert [str(one) for one in rows["loss"].to_pylist()] == ["nan", "inf"]  # which Parquet can say
    failed = built(judge=Undefined, told=True).run(str(store.root))
    assert failed.status == "failed"
    assert "expected finite numbers" in failed.step("report").error
    with pytest.raises(UsageError, match=r"step 'report' of run .* made no"):
        exported(store, failed, tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_what_was_collected_is_a_clear_message(store, tmp_path):
    old = built().run(str(store.root))
    for seed in (2, 3):
        new = built(seed=seed, accuracy=0.5 + seed / 10).run(str(store.root))
    store.set_ref("zoo", "champion", new.run_id)
    collect(store, keep=1)
    with pytest.raises(
        UsageError, match=r"what report of run .* made was collected by gc, or lost; brickwise run zoo makes it again"
    ):
        exported(store, old, tmp_path / "old")
    with pytest.raises(UsageError, match="made no evaluation; those that did: report"):
        evaluation_document(store, new, "net")
    with pytest.raises(UsageError, match="did you mean 'report'"):
        evaluation_document(store, new, "reports")
    assert not (tmp_path / "old").exists()


def test_an_evaluation_of_an_older_schema_has_no_count_of_looks(store):
    steps = [*built().steps.values()][:3]
    record = Pipeline("old", *steps, Step("report", Old(), reads={"rows": "halve", "models": ("net",)})).run(str(store.root))
    found = evaluation_document(store, record, "report")
    assert (found["data"]["times_used"], found["model"]["net"]["latency"]) == (None, None)
    assert found["data"]["split"]["step"] == "halve"
