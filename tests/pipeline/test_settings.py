from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SerializeAsAny

from pipeline import Model, Pipeline, Report, Stage, Step, UsageError, WiringError
from pipeline.key import key, step_parts
from pipeline.settings import classes, config
from stages import Branch, Gru, Lstm, TextNet, Words
from stages.features import Feature
from stages.parts.base import Part


class Fit(Stage):
    """Has a field of every kind."""

    size: int = Field(default=3, ge=1, le=100)
    rate: float = 0.5
    kind: Literal["small", "large"] = "small"
    title: str = ""
    windows: tuple[int, ...] = (1, 2)
    weights: dict[str, float] = {}
    net: SerializeAsAny[Part] = TextNet()
    text: TextNet = TextNet()
    features: Mapping[str, SerializeAsAny[Feature]] = {"tokens": Words(), "title": Words(column="title")}
    branches: tuple[Branch, ...] = (Branch(), Branch(encode=Gru()))

    def run(self) -> Model: ...


PIPELINE = Pipeline("p", Step("fit", Fit()), Step("other", Fit()))


def fit(*settings: str) -> Fit:
    return PIPELINE.set(settings).steps["fit"].stage  # type: ignore[return-value]


def test_a_setting_changes_one_field_of_one_step_in_a_new_pipeline():
    changed = PIPELINE.set(["fit.size=7"])
    assert changed.steps["fit"].stage == Fit(size=7)
    assert changed.steps["other"].stage == PIPELINE.steps["fit"].stage == Fit()


def test_values_are_json_or_else_text():
    assert fit("fit.windows=[3, 4]").windows == (3, 4)
    assert fit('fit.weights={"a": 0.25}').weights == {"a": 0.25}
    assert fit("fit.title=two words = one title").title == "two words = one title"
    assert (fit("fit.title=123").title, fit("fit.title=true").title, fit("fit.title=null").title) == ("123", "true", "null")
    assert fit("fit.kind=large", "fit.rate=1e-3") == Fit(kind="large", rate=1e-3)


def test_the_last_of_two_settings_holds():
    assert fit("fit.size=7", "fit.size=8").size == 8


def test_an_inner_field_is_set_by_its_path():
    changed = fit("fit.text.embed.width=64")
    assert changed.text.embed.width == 64
    assert changed.text.embed.dropout == TextNet().embed.dropout


def test_a_part_is_set_by_name_or_by_name_with_fields_and_then_by_field():
    assert fit("fit.text.encode=Gru").text.encode == Gru()
    assert fit('fit.text.encode={"Gru": {"hidden": 64}}').text.encode == Gru(hidden=64)
    assert fit("fit.text.encode=Lstm", "fit.text.encode.hidden=32").text.encode == Lstm(hidden=32)


def test_a_path_goes_into_a_mapping_by_key_and_into_a_tuple_by_position():
    changed = fit("fit.features.tokens.size=500", "fit.branches.1.encode.hidden=32", "fit.windows.0=9", "fit.weights.a=0.5")
    assert changed.features == {"tokens": Words(size=500), "title": Words(column="title")}
    assert list(changed.features) == ["tokens", "title"]
    assert changed.branches == (Branch(), Branch(encode=Gru(hidden=32)))
    assert (changed.windows, changed.weights) == ((9, 2), {"a": 0.5})
    assert fit("fit.features.tokens=Words", 'fit.features.body={"Words": {"size": 9}}').features["body"] == Words(size=9)
    assert fit("fit.features.tokens.size=500").branches == Fit().branches


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fit", "--set 'fit' does not read step.field=value"),
        ("fit=3", "--set 'fit=3' does not read step.field=value"),
        ("fit.size", "--set 'fit.size' does not read step.field=value"),
        ("fti.size=3", "pipeline 'p' has no step 'fti'; did you mean 'fit'?"),
        ("fit.sise=3", "--set fit: Fit has no field 'sise'; did you mean 'size'?"),
        ("fit.size=0", "--set fit.size: found 0, expected: Input should be greater than or equal to 1"),
        ("fit.size=many", "--set fit.size: found many, expected: Input should be a valid integer"),
        ("fit.kind=huge", "--set fit.kind: found huge, expected: Input should be 'small' or 'large'"),
        ("fit.windows=[1, true, 0.5]", "--set fit.windows.2: found 0.5, expected: Input should be a valid integer"),
        ("fit.size.inner=3", "--set fit.size: it has no inner fields; set it whole, as JSON"),
        ("fit.text.embed.widht=3", "--set fit.text.embed: Learned has no field 'widht'; did you mean 'width'?"),
        ("fit.text.embed.width=0", "--set fit.text.embed.width: found 0, expected: Input should be greater than or equal to 1"),
        ("fit.text.encode=Grv", "Encode has no part 'Grv'; did you mean 'Gru'?"),
        ("fit.features.toknes.size=3", "--set fit.features: it has no key 'toknes'; did you mean 'tokens'?"),
        ("fit.features.tokens.sise=3", "--set fit.features.tokens: Words has no field 'sise'; did you mean 'size'?"),
        (
            "fit.features.tokens.size=2",
            "--set fit.features.tokens.size: found 2, expected: Input should be greater than or equal",
        ),
        ("fit.features.tokens.size.x=2", "--set fit.features.tokens.size: it has no inner fields; set it whole, as JSON"),
        ("fit.features.tokens=Wrods", "Feature has no part 'Wrods'; did you mean 'Words'?"),
        ("fit.branches.2.encode=Gru", "--set fit.branches: it has no position '2'; known: 0, 1"),
        ("fit.windows.-9=3", "--set fit.windows: it has no position '-9'; known: 0, 1"),
        ("fit.windows.0=x", "--set fit.windows.0: found x, expected: Input should be a valid integer"),
        ("fit.rate=NaN", "--set fit.rate: found nan, expected: Input should be a finite number"),
        ("fit.rate=1e999", "--set fit.rate: found inf, expected: Input should be a finite number"),
        ("fit.text.embed.dropout=NaN", "--set fit.text.embed.dropout: found nan, expected: Input should be a finite number"),
    ],
)
def test_a_mistake_names_the_thing_the_value_and_what_was_expected(setting, message):
    with pytest.raises(UsageError) as caught:
        PIPELINE.set([setting])
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_quoted_value_is_bounded():
    with pytest.raises(UsageError) as caught:
        fit(f"fit.size={'x' * 10_000}")
    assert len(str(caught.value)) < 300


@given(st.text())
def test_any_text_is_taken_or_refused_in_words(text):
    for field in ("size", "rate", "title", "windows", "weights", "text.encode"):
        try:
            changed = PIPELINE.set([f"fit.{field}={text}"])
        except UsageError:
            continue
        assert key(step_parts(changed, "fit", {}))


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 100_000, "-" * 5000])
def test_a_value_that_python_refuses_to_read_as_json_is_refused_in_words(text):
    with pytest.raises(UsageError, match=r"fit.size: found"):
        PIPELINE.set([f"fit.size={text}"])


def test_a_config_carries_the_class_of_every_model_in_it():
    document = config(Fit(net=Gru()))
    assert document["class"] == f"{__name__}:Fit"
    assert document["net"] == {
        "class": "stages.parts.encode:Gru",
        "hidden": 128,
        "bidirectional": True,
        "layers": 1,
        "dropout": 0.0,
    }
    assert config(Fit(net=Lstm())) != config(Fit(net=Gru()))


def test_the_classes_of_a_config_are_those_of_every_model_in_it():
    assert {Fit, TextNet, Gru, Lstm} <= set(classes(Fit(net=Gru())))
    assert list(classes({"a": [Gru], "b": 3})) == [Gru]


class Size(Enum):
    SMALL = 1


@dataclass(frozen=True)
class Cut:
    size: Size = Size.SMALL


def test_dataclasses_and_enums_in_a_config_bring_their_code_too():
    assert list(classes((Cut(),))) == [Cut, Size]


def test_a_class_is_called_after_where_it_is_written_whoever_filled_its_brackets_first(project):
    project.write("mypkg/flow.py", "from schemas import Text\nfrom stages import Clean\nstage = Clean[Text]()")
    project.write(
        "mypkg/own.py",
        "from schemas import Record\nfrom stages import Clean\nclass Own(Record):\n    text: str\nstage = Clean[Own]()",
    )
    assert config(project.load("mypkg.flow:stage"))["class"] == "stages.clean:Clean[schemas.text:Text]"
    assert config(project.load("mypkg.own:stage"))["class"] == "stages.clean:Clean[mypkg.own:Own]"


def test_a_set_is_written_in_one_order_and_a_mapping_with_its_own():
    words = frozenset({"a", "bb", "ccc", "dddd"})
    assert config(words) == ["a", "bb", "ccc", "dddd"]
    assert config({"x": 1, "y": 2}) == {"x": 1, "y": 2}
    assert config({"y": 2, "x": 1}) == {"y": 2, "x": 1, "(order)": ["y", "x"]}


def test_dataclasses_and_enums_are_written_with_their_class():
    @dataclass
    class One:
        n: int = 1

    class Colour(Enum):
        RED = 1

    assert config(One())["n"] == 1
    assert config(One())["class"].endswith("One")
    assert (config(Colour.RED)["name"], config(Colour.RED)["value"]) == ("RED", 1)


class Odd(Stage):
    value: Any = 1.0

    def run(self) -> Report: ...


@pytest.mark.parametrize("value", [print, object(), float("nan")])
def test_a_config_that_no_key_can_hold_is_a_wiring_mistake_that_names_the_field(value):
    with pytest.raises(WiringError, match=r"step 'odd': field 'value' of Odd is .*, which has no place in a key"):
        Pipeline("p", Step("odd", Odd.model_construct(value=value)))


class Told(Stage):
    size: int = 3
    aloud: bool = Field(default=True, exclude=True)

    def run(self) -> Model: ...


def test_a_field_that_changes_no_byte_is_no_part_of_a_config_and_can_be_set():
    assert config(Told(aloud=False)) == config(Told()) != config(Told(size=4))
    assert Pipeline("p", Step("told", Told())).set(["told.aloud=false"]).steps["told"].stage.aloud is False
