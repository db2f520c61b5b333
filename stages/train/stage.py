"""The training stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field, SerializeAsAny, model_validator

from pipeline import Model, Report, Stage, Table, Vocabulary
from pipeline.digest import Json
from schemas import Vectorized

from ..parts import Net, TextNet
from ..targets import OneOf, Target


class Trained(NamedTuple):
    """The model as it was after its best epoch, and all that was seen on the way."""

    model: Model
    log: Report


class Train(Stage):
    """Fit a net to the training rows, stopping by the validation rows.

    rows: n rows with their split; test rows are looked at for one thing alone, that none of them is among the training rows.
    vocabulary: the one that made their numbers.  Returns the model, and the log: findings, one row an epoch, one row a step.  On
    a CPU the same config and rows give the same bytes, also when the run was killed and went on; a GPU adds in an order of its
    own unless `deterministic`, and another processor rounds in its own way.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "tokenizers", "safetensors", "numpy", "pyarrow")
    together: ClassVar[tuple[str, ...]] = ("rows", "vocabulary")  # numbers mean something by their own vocabulary alone
    collective: ClassVar[bool] = True  # several processes of torchrun train one net

    model: SerializeAsAny[Net] = TextNet()
    target: SerializeAsAny[Target] = OneOf()

    epochs: int = Field(default=8, ge=1, description="at most")
    patience: int = Field(default=1, ge=1, description="epochs without a better validation metric before it stops")
    metric: Literal["auto", "loss", "accuracy", "macro_f1", "micro_f1", "rmse", "mae"] = Field(
        default="auto", description="what is better; auto is the first of the target's own"
    )

    batch: int = Field(default=64, ge=1, description="rows of a step at most")
    tokens: int = Field(default=0, ge=0, description="rows x the longest row of a step at most; 0 for no such bound")
    accumulate: int = Field(default=1, ge=1, description="batches whose gradients make one step")
    balance: Literal["none", "weights", "sampling"] = Field(default="none", description="what is done for rare classes")

    rate: float = Field(default=3e-3, gt=0, description="the highest learning rate, after warm-up")
    warmup: float = Field(default=0.1, ge=0, lt=1, description="share of all steps in which the rate rises")
    schedule: Literal["linear", "cosine", "constant"] = Field(
        default="linear", description="how the rate falls to zero after it"
    )
    decay: float = Field(default=0.01, ge=0, description="of weights, towards zero")
    clip: float = Field(default=1.0, gt=0, description="the greatest norm of a gradient")

    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(default="auto", description="auto is bf16 on CUDA, else fp32")
    compile: bool = Field(default=False, description="torch.compile: minutes at the start, less for each step")
    deterministic: bool = Field(default=False, description="refuse what does not give the same bits twice")
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda|cuda:[0-9]+|mps)$")
    threads: int = Field(default=1, ge=1, description="on the CPU; part of the key, since sums depend on how they are cut")
    seed: int = Field(default=7, ge=0, lt=2**63)

    checkpoint: int = Field(default=500, ge=1, exclude=True, description="steps between checkpoints; no part of the key")
    smaller: bool = Field(
        default=True, exclude=True, description="try a batch in halves where memory runs out; no part of the key"
    )
    strict: bool = Field(default=False, description="a finding before or during training fails it, not only its log")

    @model_validator(mode="after")
    def _metric_fits(self) -> Train:
        """The metric is one of the target's."""
        if self.metric not in ("auto", *self.target.metrics):
            kind = type(self.target).__name__
            raise ValueError(f"metric {self.metric!r} says nothing of {kind}, expected one of {', '.join(self.target.metrics)}")
        return self

    def columns_read(self) -> Mapping[str, Mapping[str, str]]:
        """The columns of the net, with their types, and the truth."""
        return {"rows": {**self.model.reads(), self.target.column: self.target.holds}}

    def outside(self) -> Mapping[str, Json]:
        """Files that weights start from."""
        return {name: state for branch in self.model.columns().values() for name, state in branch.embed.outside().items()}

    def run(self, rows: Table[Vectorized], vocabulary: Vocabulary) -> Trained:
        """Raises StageError for a target with nothing to tell apart, no validation row, a test row among the training rows, or
        a loss that is not finite.
        """
        from .fit import fit

        return fit(self, rows, vocabulary)
