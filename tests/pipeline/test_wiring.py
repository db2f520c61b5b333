from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Model, Pipeline, Stage, Step, Table, UsageError, Vocabulary, WiringError
from pipeline.check import Complete
from pipeline.wiring import Wire
from schemas import Record


class Raw(Record):
    text: str
    label: str | None


class Clean(Record):
    text: str
    label: str


class Long(Clean):
    length: int


class Odd(Clean):
    text: int


class Halves(NamedTuple):
    left: Table[Clean]
    right: Table[Clean]
    vocabulary: Vocabulary


class Read(Stage):
    def run(self) -> Table[Raw]: ...


class ReadClean(Stage):
    def run(self) -> Table[Clean]: ...


class ReadOdd(Stage):
    def run(self) -> Table[Odd]: ...


class Tidy(Stage):
    by: str = "label"

    def columns_read(self) -> Mapping[str, Sequence[str]]:
        return {"rows": (self.by,)}

    def run(self, rows: Table[Raw]) -> Table[Clean]: ...


class Measure(Stage):
    def run(self, rows: Table[Clean]) -> Table[Long]: ...


class NeedsLong(Stage):
    def run(self, rows: Table[Long]) -> Model: ...


class Halve(Stage):
    def run(self, rows: Table[Clean]) -> Halves: ...


class Fit(Stage):
    def run(self, rows: Table[Clean], vocabulary: Vocabulary | None = None) -> Model: ...


class Compare(Stage):
    def run(self, models: Mapping[str, Model]) -> Model: ...


def mistakes(*steps: Step) -> tuple[str, ...]:
    with pytest.raises(WiringError) as caught:
        Pipeline("p", *steps)
    assert caught.value.exit_code == 2
    return caught.value.problems


RAW, CLEAN = Step("raw", Read()), Step("clean", Tidy(), {"rows": "raw"})


def test_steps_that_fit_are_wired_to_the_output_that_fits():
    built = Pipeline("p", RAW, CLEAN, Step("halves", Halve(), {"rows": "clean"}), Step("fit", Fit(), {"rows": "halves.left"}))
    assert built.wires["clean"] == {"rows": (Wire("raw", "rows"),)}
    assert built.wires["fit"] == {"rows": (Wire("halves", "left"),)}
    assert built.upstream("fit") == ("halves",)


def test_a_record_with_more_columns_feeds_one_with_fewer_and_a_whole_column_feeds_a_nullable_one():
    Pipeline("p", Step("clean", ReadClean()), Step("long", Measure(), {"rows": "clean"}), Step("fit", Fit(), {"rows": "long"}))
    Pipeline("p", Step("clean", ReadClean()), Step("tidy", Tidy(), {"rows": "clean"}))


def test_a_mapping_port_takes_several_steps_and_names_them():
    fits = (Step("one", Fit(), {"rows": "clean"}), Step("two", Fit(), {"rows": "clean"}))
    built = Pipeline("p", RAW, CLEAN, *fits, Step("best", Compare(), {"models": ("one", "two")}))
    assert built.wires["best"]["models"] == (Wire("one", "model"), Wire("two", "model"))


def test_an_unknown_step_gets_the_nearest_name():
    (problem,) = mistakes(RAW, CLEAN, Step("fit", Fit(), {"rows": "claen"}))
    assert problem == "step 'fit', port 'rows': reads unknown step 'claen'; did you mean 'clean'?"


def test_an_unknown_port_gets_the_nearest_name():
    problems = mistakes(RAW, Step("clean", Tidy(), {"rosw": "raw"}))
    assert problems[0] == "step 'clean', port 'rosw': no such port; did you mean 'rows'?"


def test_a_port_that_nothing_feeds_is_named_with_its_type():
    (problem,) = mistakes(RAW, Step("clean", Tidy()))
    assert problem == "step 'clean', port 'rows': nothing feeds it, expected Table[Raw]; add reads={'rows': ...}"


def test_an_artifact_of_another_class_is_shown_beside_the_wanted_one():
    (problem,) = mistakes(RAW, CLEAN, Step("fit", Fit(), {"rows": "clean"}), Step("again", Fit(), {"rows": "fit"}))
    assert problem == "step 'again', port 'rows': found Model from 'fit', expected Table[Clean]"


def test_a_step_reads_only_steps_above_it():
    (problem,) = mistakes(Step("clean", Tidy(), {"rows": "raw"}), RAW)
    assert problem == "step 'clean', port 'rows': reads step 'raw', which is not above it; move it up"
    (itself,) = mistakes(Step("long", Measure(), {"rows": "long"}))
    assert "reads step 'long', which is not above it" in itself


def test_a_name_is_declared_once():
    assert "step 'raw' is declared twice" in mistakes(RAW, RAW)


@pytest.mark.parametrize("name", ["Raw", "1st", "a-b", "", "../x", "a" * 65])
def test_a_name_is_lower_case_letters_digits_and_underscores(name):
    with pytest.raises(WiringError, match="must be lower-case letters"):
        Pipeline("p", Step(name, Read()))
    with pytest.raises(WiringError, match="must be lower-case letters"):
        Pipeline(name, Step("raw", Read()))


def test_a_pipeline_has_steps():
    assert mistakes() == ("it has no steps",)


def test_several_outputs_that_fit_are_offered_by_name():
    halves = Step("halves", Halve(), {"rows": "clean"})
    (problem,) = mistakes(RAW, CLEAN, halves, Step("fit", Fit(), {"rows": "halves"}))
    assert problem.endswith("step 'halves' writes several that fit; say 'halves.left' or 'halves.right'")


def test_an_unknown_output_gets_the_nearest_name():
    halves = Step("halves", Halve(), {"rows": "clean"})
    (problem,) = mistakes(RAW, CLEAN, halves, Step("fit", Fit(), {"rows": "halves.lift"}))
    assert problem.endswith("step 'halves' writes no 'lift'; did you mean 'left'?")


def test_one_step_feeds_a_port_that_is_no_mapping():
    (problem,) = mistakes(RAW, CLEAN, Step("fit", Fit(), {"rows": ("raw", "clean")}))
    assert problem == "step 'fit', port 'rows': found 2 steps, expected one for Table[Clean]"
    (nothing,) = mistakes(RAW, CLEAN, Step("best", Compare(), {"models": ()}))
    assert nothing == "step 'best', port 'models': found 0 steps, expected one for Mapping[str, Model]"


def test_records_that_do_not_fit_are_shown_as_a_diff():
    (missing,) = mistakes(Step("clean", ReadClean()), Step("fit", NeedsLong(), {"rows": "clean"}))
    assert missing.splitlines() == [
        "step 'fit', port 'rows': found Table[Clean] from 'clean', expected Table[Long]:",
        "      - length: int64    missing; known: label, text",
    ]
    (mistyped,) = mistakes(Step("odd", ReadOdd()), Step("fit", Fit(), {"rows": "odd"}))
    assert mistyped.splitlines()[1:] == ["      ~ text: string    found int64"]


def test_a_nullable_column_does_not_feed_one_without_nulls():
    (problem,) = mistakes(RAW, Step("fit", Fit(), {"rows": "raw"}))
    assert problem.splitlines()[1:] == ["      ~ label: string    found string | null"]


def test_a_column_that_the_config_names_must_be_written():
    (problem,) = mistakes(RAW, Step("clean", Tidy(by="lable"), {"rows": "raw"}))
    assert problem == (
        "step 'clean', port 'rows': the config names column 'lable', which 'raw' does not write; did you mean 'label'?"
    )


def test_a_check_looks_at_an_output_that_is_there():
    (problem,) = mistakes(Step("raw", Read(), checks=(Complete(on="row"),)))
    assert problem == "step 'raw': check 'complete' is on port 'row', which Read does not write; did you mean 'rows'?"


def test_all_mistakes_are_reported_at_once():
    problems = mistakes(
        RAW,
        RAW,
        Step("clean", Tidy(by="lable"), {"rows": "raw", "rosw": "raw"}),
        Step("fit", Fit(), {"rows": "claen", "vocabulary": "raw"}),
        Step("idle", Stage()),
        Step("after", Measure(), {"rows": "idle"}),
        Step("best", Compare()),
    )
    assert len(problems) == 8
    with pytest.raises(UsageError, match="pipeline 'p' has 1 mistake:\n  - step 'clean', port 'rows'"):
        Pipeline("p", RAW, Step("clean", Tidy()))


@given(st.data())
def test_every_chain_in_order_is_wired_and_any_other_order_is_refused(data):
    size = data.draw(st.integers(2, 6))
    steps = [Step("s0", ReadClean()), *(Step(f"s{i}", Measure(), {"rows": f"s{i - 1}"}) for i in range(1, size))]
    order = data.draw(st.permutations(range(size)))
    shuffled = [steps[i] for i in order]
    if order == list(range(size)):
        assert Pipeline("p", *shuffled).upstream(f"s{size - 1}") == (f"s{size - 2}",)
    else:
        broken = sum(order.index(i) < order.index(i - 1) for i in range(1, size))
        assert len(mistakes(*shuffled)) == broken


class Typed(Stage):
    kinds: Mapping[str, str | None] = {}

    def columns_read(self) -> Mapping[str, Mapping[str, str | None]]:
        return {"rows": self.kinds}

    def run(self, rows: Table[Clean]) -> Model: ...


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({"length": "int64", "label": None}, ""),
        ({"length": "double or int64", "label": "string"}, ""),
        ({"length": "double or int", "label": "decimal or str"}, ""),
        ({"length": "double or decimal"}, "reads column 'length' as double or decimal, which 'measure' writes as int64"),
        ({"label": "strings"}, "reads column 'label' as strings, which 'measure' writes as string"),
        ({"lenght": "int64"}, "names column 'lenght', which 'measure' does not write; did you mean 'length'?"),
    ],
)
def test_a_column_that_the_config_names_has_one_of_the_types_that_it_says(kinds, said):
    steps = (
        Step("make", ReadClean()),
        Step("measure", Measure(), reads={"rows": "make"}),
        Step("typed", Typed(kinds=kinds), reads={"rows": "measure"}),
    )
    if not said:
        Pipeline("p", *steps)
        return
    with pytest.raises(WiringError) as caught:
        Pipeline("p", *steps)
    assert f"step 'typed', port 'rows': the config {said}" in str(caught.value)


class Twin(Stage):
    def run(self) -> Halves: ...


class Needs(Stage):
    together = ("rows", "vocabulary")

    def run(self, rows: Table[Clean], vocabulary: Vocabulary) -> Model: ...


def test_ports_that_belong_together_are_fed_by_one_step():
    twins = [Step("one", Twin()), Step("two", Twin())]
    Pipeline("p", *twins, Step("fit", Needs(), {"rows": "one.left", "vocabulary": "one"}))
    with pytest.raises(
        WiringError, match="step 'fit': ports rows, vocabulary belong together, and one, two feed them; read one"
    ):
        Pipeline("p", *twins, Step("fit", Needs(), {"rows": "one.left", "vocabulary": "two"}))
