from pathlib import Path
from typing import Annotated, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from pipeline import LocalStore, Model, Pipeline, Report, Stage, StageError, Step, Table, sift
from pipeline.execute import execute
from pipeline.key import step_parts
from pipeline.make import make
from pipeline.making import Making
from pipeline.plan import inputs_of
from pipeline.publish import load, manifest
from pipeline.quarantine import Quarantined
from pipeline.stage import Port
from schemas import Record


class Loose(Record):
    n: int | None


class Row(Record):
    n: Annotated[int, Field(ge=0)]


class Numbers(Stage):
    """Fragments as given; writes a line to `log` each time it runs."""

    fragments: tuple[tuple[int | None, ...], ...]
    log: str = ""

    def run(self) -> Table[Loose]:
        note(self.log)
        return Table.of(Loose, *(pa.table({"n": pa.array(values, pa.int64())}) for values in self.fragments))


class Small(Stage):
    """Turns away what is too large; its Record turns away null and what is below zero."""

    most: int = 100

    def map(self, rows: Table[Loose]) -> Table[Row]:
        kept, away = sift(rows.read(), [("is too large", "n", pc.fill_null(pc.greater(rows.read()["n"], self.most), False))])
        return Table.of(Row, kept, turned_away=away)


class Loses(Stage):
    def run(self, rows: Table[Row]) -> Table[Row]:
        return Table.of(Row, rows.read().slice(1))


class Summarises(Loses):
    keeps_rows: ClassVar[bool] = False


class Fails(Stage):
    def run(self, rows: Table[Row]) -> Model:
        raise KeyError("n" * 3)


class Gives(Stage):
    """An output that cannot be stored."""

    what: str

    def run(self, rows: Table[Row]) -> Table[Row]:
        return {"nothing": None, "other columns": Table.of(Row, pa.table({"m": [1]}))}[self.what]


class NotANumber(Stage):
    def run(self) -> Report:
        return Report(facts={"loss": float("nan")})


class MapsToNothing(Stage):
    def map(self, rows: Table[Row]) -> Table[Row]:
        return None  # type: ignore[return-value]


def note(log: str) -> None:
    if log:
        with Path(log).open("a") as file:
            file.write("ran\n")


def numbers(*fragments: tuple[int | None, ...], log: str = "", **small) -> Pipeline:
    return Pipeline("p", Step("raw", Numbers(fragments=fragments, log=log)), Step("rows", Small(**small), {"rows": "raw"}))


def above(built: Pipeline, store: LocalStore, last: str) -> dict[str, dict[str, str]]:
    done: dict[str, dict[str, str]] = {}
    for name in built.steps:
        if name == last:
            break
        done[name] = execute(built, store, name, done).outputs
    return done


def read(store: LocalStore, digest: str, record=Row) -> list[dict]:
    return load(store, digest, Port("rows", Table, record)).read().to_pylist()


def test_a_step_is_made_once_and_then_reused(store, tmp_path):
    built = numbers((1, 2), log=str(tmp_path / "log"))
    first, second = (execute(built, store, "raw", {}) for _ in range(2))
    assert (first.status, second.status) == ("ran", "reused")
    assert first.outputs == second.outputs
    assert execute(built, store, "raw", {}, forced=True).status == "ran"
    assert (tmp_path / "log").read_text() == "ran\n" * 2


def test_a_map_sees_one_fragment_at_a_time_and_keeps_their_order(store):
    built = numbers((3, 1), (2,), (5, 4))
    outcome = execute(built, store, "rows", above(built, store, "rows"))
    files = manifest(store, outcome.outputs["rows"])["files"]
    assert [file["rows"] for file in files] == [2, 1, 2]
    assert [row["n"] for row in read(store, outcome.outputs["rows"])] == [3, 1, 2, 5, 4]


def test_rows_turned_away_by_stage_and_by_record_are_kept_with_their_reasons(store):
    built = numbers((1, None, 7), (-5, 8, 2), most=6)
    outcome = execute(built, store, "rows", above(built, store, "rows"))
    assert (outcome.status, outcome.rows_in, outcome.rows_out, outcome.rows_quarantined) == ("ran", 6, 2, 4)
    named = ("rule", "column", "value", "row")
    assert [{name: row[name] for name in named} for row in read(store, outcome.quarantine, Quarantined)] == [
        {"rule": "is too large", "column": "n", "value": "7", "row": '{"n":7}'},
        {"rule": "is null", "column": "n", "value": "None", "row": '{"n":null}'},
        {"rule": "is too large", "column": "n", "value": "8", "row": '{"n":8}'},
        {"rule": "is not ge 0", "column": "n", "value": "-5", "row": '{"n":-5}'},
    ]


@settings(max_examples=25)
@given(st.lists(st.lists(st.none() | st.integers(-5, 15), min_size=1, max_size=5), min_size=1, max_size=4))
def test_rows_in_are_rows_out_and_rows_quarantined(tmp_path_factory, fragments):
    store = LocalStore(tmp_path_factory.mktemp("store"))
    values = [value for fragment in fragments for value in fragment]
    kept = [value for value in values if value is not None and 0 <= value <= 10]
    built = numbers(*map(tuple, fragments), most=10)
    raw = made(built, store, "raw", {})["outputs"]  # without the checks, which are another test's
    outcome = made(built, store, "rows", {"raw": raw})
    assert outcome["rows_in"] == len(values) == outcome["rows_out"] + outcome["rows_quarantined"]
    assert [row["n"] for row in read(store, outcome["outputs"]["rows"])] == kept
    away = read(store, outcome["quarantine"], Quarantined) if outcome["quarantine"] else []
    assert len(away) == outcome["rows_quarantined"] == len(values) - len(kept)


def made(built: Pipeline, store: LocalStore, name: str, above: dict[str, dict[str, str]]):
    return make(Making(built, store, name, above, step_parts(built, name, inputs_of(built, name, above))))


def run_last(store: LocalStore, stage: Stage):
    built = Pipeline("p", *numbers((1, 2)).steps.values(), Step("last", stage, {"rows": "rows"}))
    return execute(built, store, "last", above(built, store, "last"))


def test_a_stage_that_loses_rows_is_refused(store):
    with pytest.raises(
        StageError, match=r"step 'last': 2 rows in, yet 1 out and 0 quarantined.*turned_away.*keeps_rows = False"
    ):
        run_last(store, Loses())
    assert run_last(store, Summarises()).rows_out == 1


def test_a_stage_s_own_error_names_its_step_and_keeps_its_cause(store):
    with pytest.raises(StageError, match="step 'last' failed: KeyError: 'nnn'") as caught:
        run_last(store, Fails())
    assert isinstance(caught.value.__cause__, KeyError)


class Rambles(Stage):
    def run(self, rows: Table[Row]) -> Model:
        raise ValueError("boom " * 1000)


def test_what_a_stage_says_when_it_fails_is_bounded(store):
    with pytest.raises(StageError, match="step 'last' failed: ValueError: boom boom") as caught:
        run_last(store, Rambles())
    assert len(str(caught.value)) < 1100


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Gives(what="nothing"), r"step 'last': port 'rows': found NoneType, expected Table\[Row\]"),
        (Gives(what="other columns"), r"step 'last': rows of Row lack the columns \['n'\]; found \['m'\]"),
        (MapsToNothing(), r"step 'last': map gave NoneType, expected Table\[Row\]"),
    ],
)
def test_an_output_of_another_kind_is_shown_beside_the_wanted_one(store, stage, message):
    with pytest.raises(StageError, match=message):
        run_last(store, stage)


def test_facts_that_json_does_not_have_are_the_step_s_failure(store):
    with pytest.raises(StageError, match=r"step 'last': the facts of a Report are no JSON.*expected finite numbers"):
        execute(Pipeline("p", Step("last", NotANumber())), store, "last", {})


def test_progress_is_heard_under_the_step_s_name(store):
    heard = []
    built = numbers((1,), (2,))
    execute(built, store, "rows", above(built, store, "rows"), listener=lambda *said: heard.append(said))
    assert heard == [("rows", done, 2, "fragments") for done in (0, 1, 2)]
