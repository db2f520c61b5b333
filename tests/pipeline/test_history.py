"""The index of runs: what it says is what the records say, whatever was lost or altered."""

import errno
import os

import pytest

from pipeline.history import Line, history, line_of, summary
from pipeline.runner import run
from pipeline.store import durable
from pipeline.store.verify import verify

from .test_gates import FLOOR, scored


@pytest.fixture
def filled(store):
    run(scored(0.6, gates=(FLOOR,)), store)
    run(scored(0.45, gates=(FLOOR,)), store, settings=("scores.value=0.45",))
    return store


def lines(store) -> list[Line]:
    return [line_of(store.document("runs", run_id)) for run_id in store.run_ids()]


def index(store):
    return store.root / "index" / "runs"


def test_a_line_tells_a_run_in_short(filled):
    first, second = history(filled)
    assert (first.against, first.verdict, first.passed, first.unmet) == (None, None, 1, [])
    assert (second.against, second.verdict, second.passed) == (first.run_id, "undecided", 0)
    assert second.unmet == ["accuracy: floor 0.4"]
    assert second.settings == ["scores.value=0.45"]
    assert second.changed == "scores: value 0.6 -> 0.45"
    assert second.headline == ["net", "accuracy"]
    assert second.metric("net", "accuracy") == (0.45, 0.35, 0.55)
    assert (second.metric("net", "recall"), second.metric("ne", "accuracy")) == (None, None)
    assert second.measured() == [("net", "accuracy")]


def test_it_is_read_from_the_index_and_says_what_the_records_say(filled, monkeypatch):
    assert history(filled) == lines(filled)
    monkeypatch.setattr(filled, "document", None)  # no record is opened
    assert len(history(filled)) == 2
    assert history(filled, "q") == []
    assert verify(filled).foreign == []


def test_what_is_new_is_added_and_what_is_gone_is_passed_over(filled):
    history(filled)
    run(scored(0.7), filled)
    assert [line.metric("net", "accuracy")[0] for line in history(filled)] == [0.6, 0.45, 0.7]
    (filled.root / "runs" / f"{filled.run_ids()[1]}.json").unlink()
    assert [line.metric("net", "accuracy")[0] for line in history(filled)] == [0.6, 0.7]
    assert index(filled).read_bytes().count(b"\n") == 2


@pytest.mark.parametrize(
    "damage", ["gone", "empty", "cut", "a byte", "another's line", "another format", "no text", "a link", "a folder"]
)
def test_an_index_that_was_damaged_is_not_believed_and_made_again(filled, tmp_path, damage):
    wanted = history(filled)
    data = index(filled).read_bytes()
    first, one, _ = data.split(b"\n")
    index(filled).unlink()
    (tmp_path / "elsewhere").write_bytes(data.replace(b"0.45", b"0.99"))
    match damage:
        case "a link":
            index(filled).symlink_to(tmp_path / "elsewhere")
        case "a folder":
            index(filled).mkdir()
        case "gone":
            pass
        case _:
            texts = {
                "empty": b"",
                "cut": data[:-40],
                "a byte": data.replace(b"0.45,", b"0.95,"),
                "another's line": b"\n".join([first, one, one.replace(wanted[0].run_id.encode(), wanted[1].run_id.encode())]),
                "another format": data.replace(b"index/2", b"index/1"),
                "no text": os.urandom(500),
            }
            index(filled).write_bytes(texts[damage])
    assert history(filled) == wanted
    if damage != "a folder":
        assert index(filled).read_bytes() == data


def test_a_record_that_was_written_anew_or_altered_is_read_again(filled):
    history(filled)
    path = filled.root / "runs" / f"{filled.run_ids()[1]}.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"0.45", b"0.95"))
    assert [line.run_id for line in history(filled)] == filled.run_ids()
    assert len(filled.run_ids()) == 1
    assert (filled.root / "aside" / path.name).exists()


def test_a_store_that_cannot_be_written_is_listed_too(filled, monkeypatch):
    def refuse(operation, path, target):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(durable, "watch", refuse)
    assert len(history(filled)) == 2
    assert not index(filled).exists()


def test_an_empty_store_stays_empty(store):
    assert history(store) == []
    assert not store.root.exists()


def test_names_with_quotes_and_numbers_that_are_none_do_no_harm(filled):
    record = filled.run(filled.run_ids()[0])
    odd = '"],["net","accuracy",[9,9,9]]'
    three = {"value": 0.5, "low": 0.4, "high": 0.6}
    record["metrics"] = {
        odd: {odd: three},
        "net": {"accuracy": {**three, "value": 0.123456789}, "mcc": {**three, "value": None}},
    }
    line = line_of(record)
    assert line.metric("net", "accuracy") == (0.123457, 0.4, 0.6)
    assert line.metric(odd, odd) == (0.5, 0.4, 0.6)
    assert line.metric("net", "mcc") is None
    assert line.measured() == [(odd, odd), ("net", "accuracy")]


def test_what_follows_from_another_step_s_change_is_left_out():
    changed = {
        "net": "config: rate 1 -> 2; input rows: split.rows changed",
        "report": "input models: net.model changed",
        "old": "step is gone",
    }
    assert summary(changed) == "net: rate 1 -> 2; old: step is gone"
    assert summary({"report": "input rows: 1 of 3 fragments new"}) == "report: input rows: 1 of 3 fragments new"
    assert summary({}) == ""


CODE = "; ".join(f"code: stages/train/file{i}.py: Feed._gather{i}()" for i in range(12))


def test_what_changed_is_told_in_the_order_of_the_pipeline_the_first_of_each_step(filled):
    record = filled.run(filled.run_ids()[1])
    steps = [record["steps"][0] | {"name": name} for name in ("raw", "net", "compare")]
    changed = {
        "compare": "config: class a:Compare -> b:Compare; config: metrics absent -> []",
        "net": CODE,
        "raw": "config: n 1 -> 2",
    }
    line = line_of(record | {"steps": steps, "changed": changed})
    assert (
        line.changed == "raw: n 1 -> 2; net: code Feed._gather0() and 11 more; compare: class a:Compare -> b:Compare and 1 more"
    )


def test_of_many_steps_the_last_are_counted_and_none_is_cut_through():
    told = summary({f"step{i:02}": f"config: {'x' * 30} 1 -> 2" for i in range(20)})
    assert told == "; ".join(f"step{i:02}: {'x' * 30} 1 -> 2" for i in range(3)) + "; and 17 more steps"
    assert len(summary({"a" * 300: "config: " + "b" * 300, "c" * 300: CODE})) <= 200
    assert summary({"a" * 300: "config: " + "b" * 300, "c" * 300: CODE}).endswith("; and 1 more step")


def test_a_record_that_does_not_say_what_changed_says_how_it_was_set(filled):
    record = {name: value for name, value in filled.run(filled.run_ids()[1]).items() if name != "changed"}
    assert (line_of(record).changed, line_of(record).told) == ("", "set scores.value=0.45")
    assert line_of(record | {"settings": []}).told == ""
