"""Checks that remember: what earlier runs made at the same place is part of the receipt, and cheap to look up."""

import time
from typing import ClassVar

import pytest

from pipeline import Check, Evaluation, Finding, Pipeline, Stage, Step
from pipeline.memory import Place, earlier, keep, look_back_again
from pipeline.publish import save
from pipeline.sharing.needs import Needs, needs
from pipeline.store.collect import collect
from pipeline.store.local import LocalStore
from pipeline.store.verify import verify

PLACE = Place("tests", "report", "evaluation", "data.rows")


class Measures(Stage):
    """An evaluation of some rows, which are named."""

    rows: str = "r1"
    change: int = 0

    def run(self) -> Evaluation:
        return Evaluation(facts={"data": {"rows": self.rows}, "change": self.change})


class Fresh(Check):
    """These rows were measured at most once before."""

    remembers: ClassVar[str] = "data.rows"
    name: str = "fresh"
    on: str = "evaluation"

    def judge(self, artifact, earlier=()):
        same = [rows for rows in earlier if rows == artifact.facts["data"]["rows"]]
        yield Finding(
            rule="fresh", evaluated=1, failed=int(len(same) > 1), passed=len(same) < 2, note=f"{len(earlier)}, {len(same)}"
        )


class Both(Fresh):
    """It compares too."""

    compares: ClassVar[bool] = True
    name: str = "both"

    def judge(self, artifact, before=None, earlier=()):
        yield Finding(
            rule="both", evaluated=1, failed=0, passed=True, note=f"{before and before.facts['change']}, {len(earlier)}"
        )


def measured(change, rows="r1", check=None):
    return Pipeline("tests", Step("report", Measures(rows=rows, change=change), checks=(check or Fresh(),)))


def told(record):
    return next(finding.note for receipt in record.steps[0].receipts for finding in receipt.findings if finding.note)


def test_a_check_is_given_what_earlier_runs_made_each_different_artifact_once(tmp_path):
    store = LocalStore(tmp_path / "s")
    assert told(measured(1).run(store=store.root)) == "0, 0"
    assert told(measured(2).run(store=store.root)) == "1, 1"
    assert told(measured(3, rows="r2").run(store=store.root)) == "2, 0"
    blocked = measured(4).run(store=store.root)
    assert (told(blocked), blocked.status) == ("3, 2", "blocked")


def test_what_has_been_judged_is_not_judged_again_until_there_is_something_new_to_remember(tmp_path):
    store = LocalStore(tmp_path / "s")
    measured(1).run(store=store.root)
    assert measured(1).run(store=store.root).status == "up-to-date"
    measured(2).run(store=store.root)
    assert measured(2).run(store=store.root).status == "up-to-date"  # its own run is no earlier one
    assert told(measured(1).run(store=store.root)) == "1, 1"
    assert measured(1).run(store=store.root).status == "up-to-date"


def test_a_check_may_compare_and_remember(tmp_path):
    store = LocalStore(tmp_path / "s")
    measured(1, check=Both()).run(store=store.root)
    assert told(measured(2, check=Both()).run(store=store.root)) == "1, 1"


def test_another_pipeline_is_another_memory_and_a_check_that_forgets_has_the_key_it_had(tmp_path):
    store = LocalStore(tmp_path / "s")
    measured(1).run(store=store.root)
    other = Pipeline("other", Step("report", Measures(change=2), checks=(Fresh(),)))
    assert told(other.run(store=store.root)) == "0, 0"


@pytest.fixture
def thousands(tmp_path):
    """3,000 runs, each with an evaluation of its own."""
    store = LocalStore(tmp_path / "s")
    digests = [save(store, Evaluation(facts={"data": {"rows": f"r{i % 7}"}, "i": i})) for i in range(40)]
    for i in range(3000):
        step = {"name": "report", "outputs": {"evaluation": digests[i % 40]}, "key": "", "filler": "x" * 20_000}
        path = store.root / "runs" / f"2026{i:06}.json"
        if i < 40:
            store.save_run(f"2026{i:06}", {"run_id": f"2026{i:06}", "pipeline": "tests", "steps": [step]})
        else:  # written without waiting for the disk
            from pipeline.store.sealed import seal

            path.write_bytes(seal(f"runs/2026{i:06}", {"run_id": f"2026{i:06}", "pipeline": "tests", "steps": [step]}))
    return store


def test_with_thousands_of_runs_only_the_newest_are_read_again(thousands):
    look_back_again()
    slow = time.perf_counter()
    first = earlier(thousands, PLACE, "none")
    slow = time.perf_counter() - slow
    assert (len(first), first[:3]) == (40, ("r0", "r1", "r2"))
    assert earlier(thousands, PLACE, "none") == first
    keep(thousands, PLACE)
    look_back_again()
    quick = time.perf_counter()
    assert earlier(thousands, PLACE, "none") == first
    quick = time.perf_counter() - quick
    assert quick < max(0.1, slow / 3)
    document = next(d for k in thousands.action_keys() if (d := thousands.action(k)) and "remembered" in d)
    assert needs("actions", document) == Needs()


def test_what_is_remembered_outlives_what_it_is_of_and_a_fact_that_is_gone_is_none(tmp_path):
    store = LocalStore(tmp_path / "s")
    measured(1).run(store=store.root)
    (digest,) = measured(1).run(store=store.root).steps[0].outputs.values()
    (store.object_file(digest)).unlink()
    look_back_again()
    assert earlier(store, PLACE, "") == (None,)
    assert earlier(store, PLACE._replace(path="data.rows.deeper"), "") == (None,)


def test_the_upkeep_of_a_store_takes_memories_for_what_they_are(tmp_path):
    store = LocalStore(tmp_path / "s")
    for change in range(17):
        measured(change % 2, rows=f"r{change}").run(store=store.root)
    assert any("remembered" in (store.action(key) or {}) for key in store.action_keys())
    assert not verify(store).damaged
    collect(store)
    assert not verify(store).missing
