"""The parts of a net as configs: found by name, checked when written."""

import pytest
from pydantic import ValidationError

from stages import (
    Attend,
    Attention,
    Bag,
    Branch,
    Cnn,
    Concat,
    Encode,
    Gate,
    Gru,
    Last,
    Learned,
    Lstm,
    LstmWritten,
    Max,
    Mean,
    Merge,
    MixedNet,
    Perceptron,
    Predict,
    ReadLstm,
    Sum,
    TextNet,
    Transformer,
)


class Widened(Cnn):
    """A part of one's own that builds on a shipped one."""


class Silent(Encode):
    """A part that forgot its build."""


class Mute(Attend):
    """Likewise."""


ENCODES = (Bag, Cnn, Gru, Lstm, LstmWritten, Transformer, Widened)
ATTENDS = (Max, Mean, Last, Attention, ReadLstm)


@pytest.mark.parametrize("value", ["Gru", {"Gru": {}}, Gru(), {"Gru": {"hidden": 128}}])
def test_a_part_is_set_by_its_name_with_or_without_fields(value):
    assert TextNet(encode=value).encode == Gru()


@pytest.mark.parametrize(("slot", "kinds"), [("encode", ENCODES), ("attend", ATTENDS), ("predict", (Perceptron,))])
def test_every_part_of_a_slot_is_known_by_name(slot, kinds):
    for kind in kinds:
        assert type(getattr(TextNet.model_validate({slot: kind.__name__}), slot)) is kind


@pytest.mark.parametrize("kind", [Concat, Sum, Gate])
def test_every_merge_is_known_by_name(kind):
    assert type(MixedNet.model_validate({"branches": {"tokens": {}}, "merge": kind.__name__}).merge) is kind


def test_fields_by_name_reach_the_part():
    assert TextNet(encode={"Cnn": {"windows": [1, 2], "channels": 3}}).encode == Cnn(windows=(1, 2), channels=3)
    assert TextNet(predict={"Perceptron": {"hidden": [4, 3]}}).predict == Perceptron(hidden=(4, 3))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"encode": "Grue"}, r"Encode has no part 'Grue'; did you mean 'Gru'\?"),
        ({"encode": "Max"}, "Encode has no part 'Max'"),
        ({"attend": "Bag"}, "Attend has no part 'Bag'"),
        ({"encode": {"Gru": {"hiden": 3}}}, "hiden"),
        ({"encode": {"Gru": {"hidden": 0}}}, "hidden"),
        ({"encode": {"Cnn": {"windows": []}}}, "windows"),
        ({"encode": {"Cnn": {"windows": [0]}}}, "windows"),
        ({"encode": {"Transformer": {"positions": "none"}}}, "'sinusoidal' or 'learned'"),
        ({"attend": {"Attention": {"heads": 0}}}, "heads"),
        ({"predict": {"Perceptron": {"activation": "swish"}}}, "'relu', 'gelu', 'tanh' or 'silu'"),
        ({"predict": {"Perceptron": {"hidden": [3, 0]}}}, "hidden"),
        ({"embed": {"dropout": 1}}, "dropout"),
        ({"initialise": "xavier"}, "'xavier_uniform'"),
        ({"encoder": "Gru"}, "encoder"),
    ],
)
def test_a_wrong_part_is_refused_with_what_was_wrong(parts, message):
    with pytest.raises(ValidationError, match=message):
        TextNet.model_validate(parts)


def test_the_fields_of_a_part_are_in_the_config_that_is_stored_and_keyed():
    shown = TextNet(encode=Gru(hidden=3), attend=Attention()).model_dump(mode="json")
    assert shown["encode"] == {"hidden": 3, "bidirectional": True, "layers": 1, "dropout": 0.0}
    assert shown["attend"] == {"heads": 1, "together": "concat"}


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        (Silent(), r"build\(self, width\)"),
        (Mute(), r"build\(self, width\)"),
        (Merge(), r"build\(self, widths\)"),
    ],
)
def test_a_part_that_does_not_build_is_told_what_to_define(part, missing):
    with pytest.raises(TypeError, match=rf"part {type(part).__name__} must define {missing}"):
        part.build(3)
    with pytest.raises(TypeError, match=r"part Predict must define build\(self, width, outputs\)"):
        Predict().build(3, 2)


def test_a_net_needs_a_branch_and_each_a_name_that_a_column_can_have():
    with pytest.raises(ValidationError, match="at least 1 item"):
        MixedNet(branches={})
    with pytest.raises(ValidationError, match=r"branch 'a\.b' can be no column's, expected letters, digits and _ alone"):
        MixedNet(branches={"a.b": Branch()})


def test_branches_come_in_the_order_of_their_names_whatever_the_order_that_they_were_declared_in():
    one, other = Branch(embed=Learned(width=3)), Branch(embed=Learned(width=4))
    assert list(MixedNet(branches={"b": one, "a": other}).columns().items()) == [("a", other), ("b", one)]


@pytest.mark.parametrize(
    ("slot", "base"), [("encode", "Encode"), ("encode", "Recurrent"), ("attend", "Attend"), ("predict", "Predict")]
)
def test_what_parts_have_in_common_is_no_part(slot, base):
    with pytest.raises(ValidationError, match=f"has no part '{base}'"):
        TextNet(**{slot: base})


def test_a_part_of_ones_own_does_not_take_the_place_of_a_shipped_one_of_its_name():
    shipped = Cnn
    own = type("Cnn", (Encode,), {"__module__": __name__, "__doc__": "One's own."})
    assert type(TextNet(encode="Cnn").encode) is shipped
    assert own is not shipped
