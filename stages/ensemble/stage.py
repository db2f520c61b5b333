"""The stages of ensembles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from pipeline import Model, Stage, Table
from schemas import SplitRow


class Average(Stage):
    """The mean of what several models say: of probabilities, or of numbers.

    models: by step; all of one target with the same classes, in any order.  weights: of each, by step; alike where there are none.
    Returns one model, which holds them.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy",)

    weights: Mapping[str, Annotated[float, Field(ge=0)]] = {}

    def run(self, models: Mapping[str, Model]) -> Model:
        """Raises StageError for models that say different things, or weights that are not of these models."""
        from .average import average

        return average(models, self.weights)


class Stack(Stage):
    """A linear model of what several models say, fitted on the validation rows (Wolpert 1992).

    A logistic regression on their log-probabilities (for several classes a row, one a class), for a number a ridge regression.  A
    class that no validation row has keeps the mean of their probabilities.  Members that stopped by the same rows look a little
    better there than they are.

    rows: n rows.  models: by step; all of one target with the same classes, in any order.  Returns one model, which holds them.
    """

    reaches: ClassVar[tuple[Any, ...]] = ()  # a net's parts are looked up by name, and come with the model
    packages: ClassVar[tuple[str, ...]] = (
        "numpy", "scipy", "scikit-learn", "torch", "tokenizers", "safetensors", "pyarrow", "transformers?",
    )  # fmt: skip

    strength: float = Field(default=1.0, gt=0, description="C of the regression: smaller is more regular")

    def run(self, rows: Table[SplitRow], models: Mapping[str, Model]) -> Model:
        """Raises StageError for models that say different things, no validation row, or one without the target's column."""
        from .stacking import stack

        return stack(rows, models, self.strength)
