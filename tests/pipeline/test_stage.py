from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

import pytest
from pydantic import Field, ValidationError

from pipeline import Evaluation, Model, Stage, Table, UsageError, Vocabulary, record_of
from pipeline.stage import Port, ports
from schemas import Record

R = TypeVar("R", bound=Record)


class Row(Record):
    text: str


class Long(Row):
    length: int


class Features(NamedTuple):
    rows: Table[Long]
    vocabulary: Vocabulary


class Measure(Stage):
    least: int = Field(default=3, ge=1)

    def map(self, rows: Table[Row]) -> Table[Long]: ...


class Vectorize(Stage):
    def run(self, rows: Table[Row]) -> Features: ...


class Judge(Stage):
    def run(self, models: Mapping[str, Model], rows: Table[Row], earlier: Evaluation | None = None) -> Evaluation: ...


class Copy(Stage, Generic[R]):
    def map(self, rows: Table[Row]) -> Table[R]: ...


class Idle(Stage):
    pass


class Torn(Stage):
    def run(self, rows: Table[Row]) -> Table[Row]: ...

    def map(self, rows: Table[Row]) -> Table[Row]: ...


class Unannotated(Stage):
    def run(self, rows) -> Model: ...


class Plain(Stage):
    def run(self, rows: list[str]) -> Model: ...


class Unresolved(Stage):
    def run(self, rows: "Table[Nowhere]") -> Model: ...  # noqa: F821  # what the test is about


class Silent(Stage):
    def run(self, rows: Table[Row]): ...


class WideMap(Stage):
    def map(self, rows: Table[Row], model: Model) -> Table[Row]: ...


class MapsToModel(Stage):
    def map(self, rows: Table[Row]) -> Model: ...


def test_ports_are_the_signature_and_an_only_output_is_called_after_its_class():
    found = ports(Measure())
    assert found.inputs == {"rows": Port("rows", Table, Row)}
    assert found.outputs == {"rows": Port("rows", Table, Long)}
    assert found.mapped


def test_a_named_tuple_gives_an_output_a_field():
    found = ports(Vectorize())
    assert found.outputs == {"rows": Port("rows", Table, Long), "vocabulary": Port("vocabulary", Vocabulary)}
    assert not found.mapped


def test_a_mapping_reads_several_steps_and_a_default_of_none_needs_no_wire():
    inputs = ports(Judge()).inputs
    assert inputs["models"] == Port("models", Model, many=True)
    assert inputs["earlier"] == Port("earlier", Evaluation, required=False)


def test_a_port_says_its_type_as_it_is_written():
    found = ports(Judge())
    assert [str(port) for port in found.inputs.values()] == ["Mapping[str, Model]", "Table[Row]", "Evaluation"]


def test_the_record_in_the_brackets_is_that_of_the_port():
    stage = Copy[Long]()
    assert ports(stage).outputs["rows"].record is Long
    assert record_of(stage) is Long
    assert ports(Copy[Row]()).outputs["rows"].record is Row


class Mine(Copy[Long]):
    """A subclass of a stage with its Record."""

    more: int = 1


def test_a_subclass_of_a_stage_with_its_record_has_that_record():
    assert ports(Mine()).outputs["rows"].record is Long
    assert record_of(Mine()) is Long


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Idle(), "stage Idle must define either run or map; it defines neither"),
        (Torn(), "stage Torn must define either run or map; it defines run and map"),
        (Unannotated(), "stage Unannotated: parameter 'rows' of run has no annotation"),
        (Plain(), r"stage Plain: port 'rows' is annotated list\[str\]; expected Table\[Record\] or an Artifact"),
        (Unresolved(), "stage Unresolved: the annotations of run do not resolve: name 'Nowhere' is not defined"),
        (Silent(), "stage Silent: port 'return' is annotated None; expected Table"),
        (WideMap(), "stage WideMap: map reads one Table or one Outside and returns one Table; define run for anything else"),
        (MapsToModel(), "stage MapsToModel: map reads one Table or one Outside and returns one Table"),
        (Copy(), r"stage Copy needs its Record in brackets: Copy\[YourRecord\]\(...\)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Stage) else "",
)
def test_a_stage_with_wrong_ports_says_what_it_should_declare(stage, message):
    with pytest.raises(UsageError, match=message):
        ports(stage)


def test_a_stage_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Measure().least = 4


def test_a_stage_refuses_fields_that_it_does_not_have():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Measure(most=3)


def test_equal_config_makes_equal_stages():
    assert Measure(least=4) == Measure(least=4) != Measure()
