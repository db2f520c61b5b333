"""What a failing check blocks, and what is kept and said of it."""

from typing import Annotated, ClassVar

import pyarrow as pa
import pytest
from pydantic import Field

from pipeline import BlockedError, Model, Pipeline, Receipt, Stage, Step, Table, plan
from pipeline.execute import execute
from pipeline.key import check_parts, key
from pipeline.publish import load
from pipeline.receipts import Asked, find_receipt
from pipeline.stage import Port
from schemas import Between, Record, Suite, Unique


class Row(Record):
    n: Annotated[int, Field(ge=0)]
    name: str


class Rows(Stage):
    """`names` with ever higher numbers, from `start`."""

    names: tuple[str, ...]
    start: int = 0

    def run(self) -> Table[Row]:
        count = range(self.start, self.start + len(self.names))
        return Table.of(Row, pa.table({"n": pa.array(count, pa.int64()), "name": list(self.names)}))


class Fit(Stage):
    keeps_rows: ClassVar[bool] = False

    def run(self, rows: Table[Row]) -> Model:
        return Model(facts={"rows": rows.read().num_rows})


FEW = Suite(name="few", expectations=(Between(column="n", max_value=2), Unique(column="name")))


def rows(*names: str, checks=(FEW,), start: int = 0) -> Pipeline:
    return Pipeline(
        "p",
        Step("rows", Rows(names=names, start=start), checks=checks),
        Step("fit", Fit(), {"rows": "rows"}),
        Step("apart", Rows(names=("a",))),
    )


BAD = rows("a", *("x" * 500 for _ in range(7)), "b")


def test_a_failing_check_blocks_its_step_and_skips_what_is_below(store):
    record = BAD.run(store.root)
    assert record.status == "blocked"
    assert {step.name: step.status for step in record.steps} == {"rows": "blocked", "fit": "skipped", "apart": "ran"}
    assert record.step("fit").why == "needs rows, which is blocked"


def test_what_was_blocked_is_kept_to_be_looked_at(store):
    outcome = BAD.run(store.root).step("rows")
    assert load(store, outcome.outputs["rows"], Port("rows", Table, Row)).read().num_rows == 9


def test_the_findings_name_rule_column_counts_and_at_most_five_bounded_examples(store):
    outcome = BAD.run(store.root).step("rows")
    contract, few = outcome.receipts
    assert (contract.check, contract.passed) == ("contract", True)
    assert (few.check, few.passed, few.artifact) == ("few", False, outcome.outputs["rows"])
    above_two, unique = few.failures
    assert (above_two.column, above_two.evaluated, above_two.failed) == ("n", 9, 6)
    assert above_two.rule == "every value is at most 2"
    assert above_two.examples == ("3", "4", "5", "6", "7")
    assert (unique.column, unique.failed, len(unique.examples)) == ("name", 7, 1)
    assert max(map(len, unique.examples)) <= 80


def test_a_blocked_step_is_blocked_again_without_being_made_again(store, why):
    first = BAD.run(store.root)
    assert why(BAD, store) == {"rows": "check few: it failed", "fit": "waits for rows"}
    second = BAD.run(store.root)
    assert second.step("rows").status == "blocked"
    assert second.step("rows").outputs == first.step("rows").outputs
    assert second.status == "blocked"


def test_better_rows_or_a_milder_check_let_the_run_go_on(store):
    BAD.run(store.root)
    assert rows("a", "b").run(store.root).status == "done"
    milder = rows(*BAD.steps["rows"].stage.names, checks=())
    assert milder.run(store.root).step("rows").status == "reused"


def test_a_warning_is_told_and_blocks_nothing(store):
    warns = Suite(name="few", expectations=(Between(column="n", max_value=0, severity="warn"),))
    record = rows("a", "b", checks=(warns,)).run(store.root)
    assert record.status == "done"
    (finding,) = record.step("rows").receipts[1].findings
    assert not finding.passed


def test_a_new_check_on_fresh_rows_is_a_reason_to_look_again(store, why):
    rows("a", "b", checks=()).run(store.root)
    assert why(rows("a", "b"), store)["rows"] == "check few: no receipt yet"
    record = rows("a", "b").run(store.root)
    assert [step.status for step in record.steps] == ["reused"] * 3


def test_a_table_whose_rows_were_all_quarantined_is_blocked(store):
    record = rows("a", "b", checks=(), start=-9).run(store.root)
    outcome = record.step("rows")
    assert (outcome.status, outcome.rows_out, outcome.rows_quarantined) == ("blocked", 0, 2)
    assert any("number of rows" in finding.rule and not finding.passed for finding in outcome.receipts[0].findings)
    assert outcome.quarantine
    assert record.step("fit").status == "skipped"


def refused(store, built: Pipeline, digest: str) -> str:
    with pytest.raises(BlockedError) as caught:
        execute(built, store, "fit", {"rows": {"rows": digest}})
    assert caught.value.exit_code == 3
    return str(caught.value)


def asked_of(digest: str) -> Asked:
    return Asked(FEW, Port("rows", Table, Row), digest, digest, None, "")


def test_training_refuses_rows_without_a_receipt(store):
    digest = rows("a", "b", checks=()).run(store.root).step("rows").outputs["rows"]
    message = refused(store, rows("a", "b"), digest)
    assert message == (
        f"step 'fit' refuses rows.rows ({digest[:12]}): check 'few' has no receipt, expected a passing one; "
        f"run with --to rows to see why"
    )


def test_training_refuses_rows_with_a_failing_receipt(store):
    digest = BAD.run(store.root).step("rows").outputs["rows"]
    assert "check 'few' has a failing receipt" in refused(store, BAD, digest)


def test_training_refuses_a_receipt_that_was_made_on_other_rows(store):
    good, other = rows("a", "b"), rows("c", "d", checks=())
    passing = good.run(store.root).step("rows").receipts[1]
    digest = other.run(store.root).step("rows").outputs["rows"]
    document = {"of": digest, "passed": True, "receipt": passing.model_dump(mode="json")}
    store.record_action(key(check_parts(FEW, digest)), document)
    assert isinstance(find_receipt(store, asked_of(digest)), Receipt)
    assert "check 'few' has no receipt" in refused(store, rows("c", "d"), digest)


def test_a_damaged_receipt_is_no_receipt_and_the_next_run_judges_again(store):
    built = rows("a", "b")
    outcome = built.run(store.root).step("rows")
    receipt = store.root / "actions" / f"{key(check_parts(FEW, outcome.outputs['rows']))}.json"
    receipt.chmod(0o644)
    receipt.write_text(receipt.read_text().replace('"passed":true', '"passed": true '))
    fresh = type(store)(store.root)
    assert find_receipt(fresh, asked_of(outcome.outputs["rows"])) is None
    assert built.run(store.root, force=True).status == "done"
    assert plan(built, fresh).stale == ()
