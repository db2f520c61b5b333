"""Accept: a person makes a run the champion, on record, and says why where a gate is not met."""

import json
import re

import pytest

from pipeline import GateError, LocalStore, Selection, UsageError
from pipeline.accept import accept, acceptances
from pipeline.record import RunRecord
from pipeline.runner import run
from pipeline.sharing.pull import pull
from pipeline.sharing.push import push
from pipeline.store import durable
from pipeline.store.collect import collect
from pipeline.store.verify import verify

from .test_gates import FLOOR, scored


@pytest.fixture
def pair(store: LocalStore) -> tuple[RunRecord, RunRecord]:
    """A champion, and a later run that does not meet its gate."""
    return run(scored(0.6, gates=(FLOOR,)), store), run(scored(0.45, gates=(FLOOR,)), store)


def test_each_acceptance_is_recorded_with_the_champion_before(store, pair):
    first, second = pair
    accept(store, first)
    accept(store, second, " the new vendor, agreed with A. B. ")
    accept(store, first)
    assert store.ref("p", "champion") == first.run_id
    found = acceptances(LocalStore(store.root))
    assert [one.previous for one in found[first.run_id]] == [first.run_id, second.run_id]
    (one,) = found[second.run_id]
    assert (one.pipeline, one.why, one.previous, one.unmet) == (
        "p", "the new vendor, agreed with A. B.", first.run_id, second.unmet
    )  # fmt: skip
    assert one.when.startswith("20")
    assert acceptances(store, [second.run_id]) == {second.run_id: [one]}


def test_a_run_that_does_not_meet_its_gates_needs_a_reason(store, pair):
    said = re.escape("gate 'accuracy: floor 0.4' of net failed: bound 0.35, required at least 0.4, 100 rows")
    for why in ("", "  \n"):
        with pytest.raises(GateError, match=said) as error:
            accept(store, pair[1], why)
    assert error.value.exit_code == 4
    assert f'brickwise accept {pair[1].run_id} --why "..."' in str(error.value)
    assert store.ref("p", "champion") == pair[0].run_id
    assert store.accept_ids() == []


def test_what_is_no_whole_run_is_refused_also_with_a_reason(store, pair):
    part = run(scored(0.9), store, selection=Selection(only="scores"))
    with pytest.raises(UsageError, match="did not finish judge; only a whole run can be the champion"):
        accept(store, part, "why not")
    store.object_file(pair[1].step("scores").outputs["evaluation"]).unlink()
    with pytest.raises(UsageError, match=r"made was collected by gc, or lost; .* makes it again; accept the new run"):
        accept(store, pair[1], "why not")
    with pytest.raises(UsageError, match="--why has 2,001 characters"):
        accept(store, pair[0], "x" * 2001)
    assert (store.accept_ids(), store.ref("p", "champion")) == ([], pair[0].run_id)


def test_no_champion_is_without_its_record_when_the_power_goes(store, pair, monkeypatch):
    def stop(operation, path, target):
        if operation == "rename" and target.name == "champion":
            raise KeyboardInterrupt

    monkeypatch.setattr(durable, "watch", stop)
    with pytest.raises(KeyboardInterrupt):
        accept(store, pair[1], "agreed")
    assert (store.ref("p", "champion"), list(acceptances(store))) == (pair[0].run_id, [pair[1].run_id])
    monkeypatch.setattr(durable, "watch", None)
    accept(store, pair[1], "agreed again")
    assert [one.why for one in acceptances(store)[pair[1].run_id]] == ["agreed", "agreed again"]


def test_acceptances_are_verified_kept_by_gc_and_never_believed_when_they_were_altered(store, pair):
    accept(store, pair[1], "agreed")
    accept(store, pair[0])
    collect(store, keep=1)
    assert len(acceptances(store)) == 2
    found = verify(store)
    assert (found.accepts, found.clean, found.foreign) == (2, True, [])
    path = store.root / "accepts" / f"{store.accept_ids()[0]}.json"
    document = json.loads(path.read_text()) | {"why": "all is well"}
    path.chmod(0o644)
    path.write_text(json.dumps(document))
    assert list(acceptances(store)) == [pair[0].run_id]
    assert (store.root / "aside" / path.name).exists()


def test_acceptances_are_pushed_and_pulled_with_their_runs(store, pair, remote, tmp_path):
    accept(store, pair[1], "agreed")
    assert push(store, remote.url).document()["copied"]["accepts"] == 1
    assert push(store, remote.url).document()["copied"]["accepts"] == 0
    other = LocalStore(tmp_path / "other")
    assert pull(other, remote.url).document()["copied"] | {"bytes": 0, "objects": 0, "actions": 0} == {
        "objects": 0, "bytes": 0, "actions": 0, "runs": 2, "accepts": 1, "champions": 1
    }  # fmt: skip
    assert acceptances(other) == acceptances(store)
    assert other.ref("p", "champion") == pair[1].run_id
    assert pull(other, remote.url).document()["there"]["accepts"] == 1


def test_an_acceptance_that_was_altered_at_the_remote_is_not_pulled(store, pair, remote, tmp_path):
    accept(store, pair[0])
    push(store, remote.url)
    path = f"accepts/{store.accept_ids()[0]}.json"
    remote.write(path, remote.read(path).replace(b'"why":""', b'"why":"x"'))
    other = LocalStore(tmp_path / "other")
    assert pull(other, remote.url).document()["damaged"] == [{"path": path, "why": "damaged"}]
    assert (other.accept_ids(), len(other.run_ids())) == ([], 2)
