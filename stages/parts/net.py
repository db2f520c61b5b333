"""Nets: one branch a column, Embed -> Encode -> Attend, merged, then Predict. Shapes are checked where a net is declared.

From the command line a part is set by its name, `--set net.model.encode=Gru`, or with fields,
`--set 'net.model.encode={"Gru": {"hidden": 64}}'`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from pipeline.errors import bounded

from .attend import Attend, Max
from .base import AXES, COLUMNS, Input, Part
from .embed import Embed, Learned
from .encode import Encode, Lstm
from .merge import Concat, Merge
from .predict import Perceptron, Predict

if TYPE_CHECKING:
    from torch import nn


class Branch(Part):
    """One column to one vector."""

    embed: SerializeAsAny[Embed] = Learned()
    encode: SerializeAsAny[Encode] = Lstm()
    attend: SerializeAsAny[Attend] = Max()

    def width_out(self) -> int:
        """The width of the vector. Raises ValueError, with the shapes up to where they do not fit."""
        width = self.embed.width_out()
        trail = f"{AXES[self.embed.takes]} -> {_name(self.embed)} [rows, length, {width}]"
        for part, axes in ((self.encode, "[rows, length, {}]"), (self.attend, "[rows, {}]")):
            try:
                width = part.width_out(width)
            except ValueError as error:
                raise ValueError(f"{trail} -> {_name(part)}: {error}") from None
            trail += f" -> {_name(part)} {axes.format(width)}"
        return width

    def build(self, given: Input) -> nn.Module:
        """A module from a batch of the column to [rows, width]."""
        from ..nets.net import BranchNet

        width = self.embed.width_out()
        encode = self.encode.build(width)
        return BranchNet(self.embed.takes, self.embed.build(given), encode, self.attend.build(self.encode.width_out(width)))


class Net(Part):
    """Branches, merged, to scores.

    initialise: how weight matrices begin, with zero biases; "default" leaves that to each part.  An embedding that starts from
    files (one with a `begin` of its own) is left as it is.
    """

    abstract = True

    predict: SerializeAsAny[Predict] = Perceptron()
    initialise: Literal[
        "default", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal", "normal", "zeros"
    ] = "default"

    def columns(self) -> dict[str, Branch]:
        """The branch of each column that it reads."""
        raise TypeError(f"net {type(self).__name__} must define columns(self)")

    def merged(self) -> Merge:
        """How the branches come together."""
        return Concat()

    @model_validator(mode="after")
    def _fits(self) -> Net:
        """Walk through the widths, so that a wrong combination fails where it is declared."""
        self.widths()
        return self

    def widths(self) -> tuple[list[int], int]:
        """The width of each branch, and of all merged. Raises ValueError naming the branch and its shapes."""
        found = []
        for column, branch in self.columns().items():
            try:
                found.append(branch.width_out())
            except ValueError as error:
                raise ValueError(f"{column} {error}") from None
        shapes = ", ".join(f"{column} [rows, {width}]" for column, width in zip(self.columns(), found, strict=True))
        try:
            return found, self.merged().width_out(found)
        except ValueError as error:
            raise ValueError(f"{shapes} -> {_name(self.merged())}: {error}") from None

    def reads(self) -> dict[str, str]:
        """Column -> the type that it must have in the table of features."""
        return {column: COLUMNS[branch.embed.takes] for column, branch in self.columns().items()}

    def build(self, inputs: Mapping[str, Input], outputs: int) -> nn.Module:
        """A module from {column: batch} to scores [rows, outputs]."""
        from ..nets.initialise import initialise
        from ..nets.net import Net as Module

        widths, width = self.widths()
        columns = self.columns()
        branches = {column: branch.build(inputs[column]) for column, branch in columns.items()}
        net = Module(branches, self.merged().build(widths), self.predict.build(width, outputs))
        if self.initialise != "default":
            begun = [
                branches[name].get_submodule("embed")
                for name, one in columns.items()
                if type(one.embed).begin is not Embed.begin
            ]
            initialise(net, self.initialise, leave=begun)
        return net

    def begun(self) -> tuple[str, ...]:
        """Where the weights are that start from files, as their names begin."""
        branches = self.columns().items()
        return tuple(f"branches.of_{name}.embed." for name, one in branches if type(one.embed).begin is not Embed.begin)

    def begin(self, net: Any, inputs: Mapping[str, Input]) -> None:
        """Fill the weights of a built net from the files that its embeddings start from, once, before training."""
        for (column, branch), module in zip(self.columns().items(), net.branches.values(), strict=True):
            branch.embed.begin(module.embed, inputs[column])


class TextNet(Net):
    """One column of tokens: embed -> encode -> attend -> predict."""

    column: str = "tokens"
    embed: SerializeAsAny[Embed] = Learned()
    encode: SerializeAsAny[Encode] = Lstm()
    attend: SerializeAsAny[Attend] = Max()

    def columns(self) -> dict[str, Branch]:
        """The one."""
        return {self.column: Branch(embed=self.embed, encode=self.encode, attend=self.attend)}


class MixedNet(Net):
    """Several columns, each through a branch of its own, merged in the order of their names."""

    branches: Mapping[str, Branch] = Field(min_length=1)
    merge: SerializeAsAny[Merge] = Concat()

    @field_validator("branches")
    @classmethod
    def _are_columns(cls, branches: Mapping[str, Branch]) -> Mapping[str, Branch]:
        for name in branches:
            if not name.isidentifier():
                raise ValueError(f"branch {bounded(name)!r} can be no column's, expected letters, digits and _ alone")
        return branches

    def columns(self) -> dict[str, Branch]:
        """In the order of their names: one that JSON keeps, in a key and in a stored model."""
        return dict(sorted(self.branches.items()))

    def merged(self) -> Merge:
        """As told."""
        return self.merge


def _name(part: Any) -> str:
    return type(part).__name__
