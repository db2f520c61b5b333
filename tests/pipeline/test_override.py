"""A check that a person lets pass: once, on record, with a reason."""

import pytest

from pipeline import BlockedError, Limit, Pipeline, Selection, Step, UsageError, plan
from pipeline.execute import execute
from pipeline.runner import run

from .test_limit import Count, Same

FEW = Limit(count=1)


def built(limit: Limit = FEW) -> Pipeline:
    return Pipeline("p", Step("count", Count(), checks=(limit,)), Step("same", Same(), {"rows": "count"}))


def passing(why: str = "agreed") -> Selection:
    return Selection(overrides={"count.limit": why})


def test_what_is_let_pass_runs_to_the_end_and_the_record_says_so(store):
    record = run(built(), store, selection=passing("agreed with N. N."))
    assert record.status == "done"
    assert record.overrides == {"count.limit": "agreed with N. N."}
    assert not record.step("count").receipts[-1].passed
    assert store.run(record.run_id)["steps"][0]["overridden"] == {"count.limit": "agreed with N. N."}


def test_the_next_run_without_it_is_blocked_again(store):
    run(built(), store, selection=passing())
    assert plan(built(), store).stale == ("count", "same")
    record = run(built(), store)
    assert (record.status, record.step("same").status, record.overrides) == ("blocked", "skipped", {})


def test_a_run_with_nothing_stale_is_recorded_again_with_what_was_let_pass(store):
    run(built(), store, selection=passing("first"))
    record = run(built(), store, selection=passing("second"))
    assert ([step.status for step in record.steps], record.overrides) == (["reused", "reused"], {"count.limit": "second"})


def test_an_override_of_a_check_that_passes_leaves_no_trace(store):
    record = run(built(Limit(count=50)), store, selection=passing())
    assert (record.status, record.overrides) == ("done", {})
    assert store.ref("p", "champion") == record.run_id


def test_a_run_with_an_override_becomes_no_champion_by_itself(store):
    run(built(), store, selection=passing())
    assert store.ref("p", "champion") is None


def test_a_step_refuses_what_was_let_pass_in_another_run(store):
    above = {"count": run(built(), store, selection=passing()).step("count").made}
    with pytest.raises(BlockedError, match="check 'limit' has a failing receipt"):
        execute(built(), store, "same", above)
    assert execute(built(), store, "same", above, overrides={"count.limit": "agreed"}).status == "reused"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"count.limits": "agreed"}, "--override 'count.limits': no such check; did you mean 'count.limit'?"),
        ({"count.limit": "  "}, "--override count.limit: expected a reason"),
    ],
)
def test_an_unknown_check_or_no_reason_is_refused_before_anything_runs(store, overrides, message):
    with pytest.raises(UsageError, match=message):
        run(built(), store, selection=Selection(overrides=overrides))
    assert not store.run_ids()
