"""The parts of a net as frozen configs; `build` imports torch and returns the module with the width it gives.

A part of your own is one class: a subclass of Encode or Attend with its fields and `build`.  From the command line a part
is set by its name, `--set net.model.encode=Gru`, or with fields, `--set 'net.model.encode={"Gru": {"hidden": 64}}'`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, SerializeAsAny, ValidatorFunctionWrapHandler, model_validator

from pipeline.errors import suggest
from pipeline.frozen import Frozen

if TYPE_CHECKING:
    from torch import nn


class Part(Frozen):
    """One slot's config."""

    reaches: ClassVar[tuple[Any, ...]] = ()  # its subclasses are looked up by name to read a config: the one in use counts

    @model_validator(mode="wrap")
    @classmethod
    def _by_name(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        """Take the name of a subclass, or {name: fields}, for the slot of a base class."""
        if isinstance(value, str):
            value = {value: {}}
        if isinstance(value, Mapping) and len(value) == 1 and not set(value) & set(cls.model_fields):
            ((name, fields),) = value.items()
            known = {kind.__name__: kind for kind in _kinds(cls)}
            if name not in known:
                raise ValueError(f"{cls.__name__} has no part {name!r}; {suggest(str(name), known)}")
            return known[name](**fields) if known[name] is not cls else read(fields)
        return read(value)


def _kinds(part: type[Part]) -> Iterator[type[Part]]:
    for kind in part.__subclasses__():
        yield from _kinds(kind)
    yield part


class Embed(Part):
    """A learned vector for each token. [rows, length] -> [rows, length, width]"""

    width: int = Field(default=128, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)

    def build(self, vocabulary: int) -> tuple[nn.Module, int]:
        """The module, and its width."""
        from .nets import Embedding

        return Embedding(vocabulary, self.width, self.dropout), self.width


class Encode(Part):
    """Each token in the light of the others. [rows, length, width] -> [rows, length, another width]"""

    def build(self, width: int) -> tuple[nn.Module, int]:
        """The module for inputs of a width, and the width of its outputs."""
        raise TypeError(f"part {type(self).__name__} must define build(self, width)")


class Bag(Encode):
    """No context: the tokens as they are."""

    def build(self, width: int) -> tuple[nn.Module, int]:
        """Nothing to learn."""
        from .nets import Unchanged

        return Unchanged(), width


class Cnn(Encode):
    """Convolutions of several widths side by side (Kim 2014)."""

    windows: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(3, 4, 5), min_length=1)
    channels: int = Field(default=64, ge=1)

    def build(self, width: int) -> tuple[nn.Module, int]:
        """Its width is channels x the number of windows."""
        from .nets import Convolutions

        return Convolutions(width, self.windows, self.channels), self.channels * len(self.windows)


class Gru(Encode):
    """A gated recurrent unit, in both directions unless told otherwise (Cho et al. 2014)."""

    hidden: int = Field(default=128, ge=1)
    bidirectional: bool = True

    def build(self, width: int) -> tuple[nn.Module, int]:
        """Its width is hidden, twice when bidirectional."""
        from .nets import Recurrent

        return Recurrent("GRU", width, self.hidden, self.bidirectional), self.hidden * (1 + self.bidirectional)


class Lstm(Encode):
    """A long short-term memory, in both directions unless told otherwise (Hochreiter and Schmidhuber 1997)."""

    hidden: int = Field(default=128, ge=1)
    bidirectional: bool = True

    def build(self, width: int) -> tuple[nn.Module, int]:
        """Its width is hidden, twice when bidirectional."""
        from .nets import Recurrent

        return Recurrent("LSTM", width, self.hidden, self.bidirectional), self.hidden * (1 + self.bidirectional)


class Attend(Part):
    """All tokens of a row as one vector. [rows, length, width] -> [rows, width]"""

    def build(self, width: int) -> nn.Module:
        """The module for inputs of a width; the outputs have the same."""
        raise TypeError(f"part {type(self).__name__} must define build(self, width)")


class Max(Attend):
    """The greatest value of each channel."""

    def build(self, width: int) -> nn.Module:
        """Nothing to learn."""
        from .nets import MaxPool

        return MaxPool()


class Mean(Attend):
    """The mean of each channel."""

    def build(self, width: int) -> nn.Module:
        """Nothing to learn."""
        from .nets import MeanPool

        return MeanPool()


class Attention(Attend):
    """A mean weighted by a learned score of each token (Yang et al. 2016)."""

    def build(self, width: int) -> nn.Module:
        """One hidden layer as wide as the input."""
        from .nets import AttentionPool

        return AttentionPool(width)


class Perceptron(Part):
    """One vector to a score for each class, through at most one hidden layer. [rows, width] -> [rows, classes]"""

    hidden: int = Field(default=0, ge=0, description="0 for none")
    dropout: float = Field(default=0.5, ge=0, lt=1)

    def build(self, width: int, classes: int) -> nn.Module:
        """The scores are logits."""
        from .nets import perceptron

        return perceptron(width, self.hidden, classes, self.dropout)


class TextNet(Part):
    """Embed -> encode -> attend -> predict."""

    embed: Embed = Embed()
    encode: SerializeAsAny[Encode] = Lstm()
    attend: SerializeAsAny[Attend] = Max()
    predict: Perceptron = Perceptron()

    def build(self, vocabulary: int, classes: int) -> nn.Module:
        """A module from tokens [rows, length], 0 being the padding, to logits [rows, classes]."""
        from .nets import Net

        embed, width = self.embed.build(vocabulary)
        encode, width = self.encode.build(width)
        return Net(embed, encode, self.attend.build(width), self.predict.build(width, classes))
