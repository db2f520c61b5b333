"""The evaluation stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, SerializeAsAny

from pipeline import Evaluation, Model, Stage, StageError, Table
from pipeline.errors import suggest
from schemas import Prediction, SplitRow

from ..behaviours import Behaviour, Invariance
from ..metrics.own import Metric

LENGTH = ("length",)
DEFAULT = (Invariance(name="trivial edits"),)


class Evaluated(NamedTuple):
    """Metrics with their intervals, and the predictions they come from."""

    evaluation: Evaluation
    rows: Table[Prediction]


class Evaluate(Stage):
    """Predict the test rows with every model, and measure by what their target is: all must have the same.

    metrics: your own, beside those of the target.  seeds: `{"net": ("net_1", "net_2", "net_3")}`, for the mean over seeds with what
    the seed does told apart from what the choice of rows does.  slices: columns of `rows` by whose values the metrics are cut, and "length", by quarters of the number of characters.
    rows: n rows, of which m are for testing.  models: by step.  Returns the evaluation, and m rows a model of predictions,
    models in the order they are read, rows in theirs.
    """

    reaches: ClassVar[tuple[Any, ...]] = ()  # a net's parts are looked up by name, and come with the model
    packages: ClassVar[tuple[str, ...]] = (
        "numpy", "scipy", "scikit-learn", "statsmodels", "cleanlab", "torch", "tokenizers", "safetensors", "pyarrow", "transformers?",
    )  # fmt: skip
    keeps_rows: ClassVar[bool] = False  # one prediction a model for each test row

    slices: tuple[str, ...] = Field(default=LENGTH, description="columns, and length; that by default where there is a text")
    metrics: tuple[SerializeAsAny[Metric], ...] = Field(default=(), description="of one's own")
    seeds: Mapping[str, Annotated[tuple[str, ...], Field(min_length=2)]] = Field(
        default={}, description="models that differ in their seed alone, by the name that they have together"
    )
    behaviours: tuple[SerializeAsAny[Behaviour], ...] = Field(default=DEFAULT, description="by default what no label hangs on")
    min_rows: int = Field(default=30, ge=2, description="below which a slice is not evaluated")
    resamples: int = Field(default=1000, ge=100, description="of the bootstrap")
    seed: int = Field(default=7, ge=0)

    def columns_read(self) -> Mapping[str, Sequence[str]]:
        """The slices; lengths are those of the column text. Which column holds the truth only the models say."""
        named = () if self.slices == LENGTH else self.slices
        return {"rows": tuple("text" if name == "length" else name for name in named)}

    def run(self, rows: Table[SplitRow], models: Mapping[str, Model]) -> Evaluated:
        """Raises StageError when no row is for testing, models have several targets, or a row has no truth."""
        from .measure import evaluate

        for name, members in self.seeds.items():
            for unknown in [member for member in members if member not in models]:
                raise StageError(f"seeds of {name!r} name {unknown!r}, which is not evaluated; {suggest(unknown, models)}")
            if name in models:
                raise StageError(f"seeds have the name {name!r}, which a model has; give them another")
        return evaluate(self, rows, models)
