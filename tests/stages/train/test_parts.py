"""The parts of a net as configs: found by name, checked when written."""

import pytest
from pydantic import ValidationError

from stages import Attend, Attention, Bag, Cnn, Encode, Gru, Lstm, Max, Mean, TextNet


class Widened(Cnn):
    """A part of one's own that builds on a shipped one."""


class Silent(Encode):
    """A part that forgot its build."""


class Mute(Attend):
    """Likewise."""


@pytest.mark.parametrize("value", ["Gru", {"Gru": {}}, Gru(), {"Gru": {"hidden": 128}}])
def test_a_part_is_set_by_its_name_with_or_without_fields(value):
    assert TextNet(encode=value).encode == Gru()


@pytest.mark.parametrize(("slot", "kinds"), [("encode", (Bag, Cnn, Gru, Lstm, Widened)), ("attend", (Max, Mean, Attention))])
def test_every_part_of_a_slot_is_known_by_name(slot, kinds):
    for kind in kinds:
        assert type(getattr(TextNet.model_validate({slot: kind.__name__}), slot)) is kind


def test_fields_by_name_reach_the_part():
    assert TextNet(encode={"Cnn": {"windows": [1, 2], "channels": 3}}).encode == Cnn(windows=(1, 2), channels=3)


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
        ({"embed": {"dropout": 1}}, "dropout"),
        ({"encoder": "Gru"}, "encoder"),
    ],
)
def test_a_wrong_part_is_refused_with_what_was_wrong(parts, message):
    with pytest.raises(ValidationError, match=message):
        TextNet.model_validate(parts)


def test_the_fields_of_a_part_are_in_the_config_that_is_stored_and_keyed():
    shown = TextNet(encode=Gru(hidden=3), attend=Attention()).model_dump(mode="json")
    assert shown["encode"] == {"hidden": 3, "bidirectional": True}


@pytest.mark.parametrize("part", [Silent(), Mute()])
def test_a_part_that_does_not_build_is_told_what_to_define(part):
    with pytest.raises(TypeError, match=rf"part {type(part).__name__} must define build\(self, width\)"):
        part.build(3)
