"""The next useful command: whole, so that it can be pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from flows.arguments import parse
from flows.hints import next_command
from pipeline import LocalStore
from pipeline.record import Difference, Outcome, RunRecord

ENCODE = 'net.model.encode={"Gru": {"hidden": 64}}'


def record(status: str, verdict: str | None = None, **given) -> RunRecord:
    steps = [Outcome(name="raw", status="ran", why=""), Outcome(name="net", status=status, why="")]
    diff = Difference(against="run-1", verdict=verdict)
    return RunRecord(run_id="run-2", pipeline="animals", status="done", started="", seconds=1, steps=steps, diff=diff, **given)


@pytest.fixture
def elsewhere(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "my store")
    store.set_ref("animals", "champion", "run-1")
    return store


@pytest.mark.parametrize(
    ("status", "verdict", "expected"),
    [
        ("blocked", None, ["show", "run-2", "net"]),
        ("failed", None, ["run", "zoo.flow:animals", "--set", ENCODE]),
        ("skipped", None, ["run", "zoo.flow:animals", "--set", ENCODE]),
        ("ran", "better", ["accept", "run-2"]),
        ("ran", "worse", ["diff", "run-1", "run-2"]),
    ],
)
def test_it_names_the_store_and_what_was_set(elsewhere, status, verdict, expected):
    told = next_command(record(status, verdict, settings=(ENCODE,), origin="zoo.flow:animals"), elsewhere)
    program, *words = shlex.split(told.partition("    (")[0])
    assert (program, words) == ("brickwise", [*expected, "--store", str(elsewhere.root)])
    assert parse(words)["store"] == elsewhere.root


def test_the_champion_is_to_be_changed_from_where_it_stands(elsewhere):
    elsewhere.set_ref("animals", "champion", "run-2")
    told = next_command(record("ran", settings=("net.epochs=3",)), elsewhere)
    assert told.startswith("brickwise run animals --set net.epochs=3 --set step.field=value --store ")


@pytest.mark.parametrize(("variable", "root"), [(None, ".brickwise"), ("kept", "kept")])
def test_a_store_that_is_taken_without_being_named_is_not_named(monkeypatch, variable, root):
    monkeypatch.delenv("BRICKWISE_STORE", raising=False)
    if variable:
        monkeypatch.setenv("BRICKWISE_STORE", variable)
    assert next_command(record("blocked"), LocalStore(root)) == "brickwise show run-2 net"
