"""The training stage."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pipeline import Model, Stage, Table, Vocabulary
from schemas import Tokens

from .parts import TextNet


class Train(Stage):
    """Fit a net to the training rows, stopping by the validation rows.

    rows: n rows with their split; test rows are not looked at.  vocabulary: the one that numbered their tokens.
    Returns the model, with the history of its epochs in its facts.  On a CPU the same config and rows give the same bytes; a
    GPU adds in an order of its own, and another processor rounds in its own way.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "tokenizers", "safetensors", "numpy", "pyarrow")

    model: TextNet = TextNet()
    epochs: int = Field(default=8, ge=1, description="at most")
    patience: int = Field(default=1, ge=1, description="epochs without a better validation accuracy before it stops")
    batch: int = Field(default=64, ge=1, description="rows")
    rate: float = Field(default=3e-3, gt=0, description="the highest learning rate, after warm-up")
    decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0, description="the greatest norm of a gradient")
    smoothing: float = Field(default=0.0, ge=0, lt=1, description="of the labels")
    class_weights: bool = False
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda|cuda:[0-9]+|mps)$")
    threads: int = Field(default=1, ge=1, description="on the CPU; part of the key, since sums depend on how they are cut")
    seed: int = Field(default=7, ge=0, lt=2**63)

    def run(self, rows: Table[Tokens], vocabulary: Vocabulary) -> Model:
        """Raises StageError for fewer than two labels in training, no validation row, or a loss that is not finite."""
        from .fit import fit

        return fit(self, rows, vocabulary)
