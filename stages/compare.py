"""Compare: models against each other on the same rows, within a run and between runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline import Evaluation, Report, Stage, Table
from pipeline.compare import Compared
from schemas import Prediction


class Compare(Stage):
    """Compare each model with the baselines, paired on the rows.

    model, metric: the ones by which a run is judged better or worse than another.
    baselines: models that every other one is compared with.
    margin: the smallest difference that matters, in the unit of each metric; an interval inside it means equivalent.
    Returns a report: one comparison for each model, baseline and metric, and which model to keep: the simplest that no later one
    beats, in the order in which the evaluation read them.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    keeps_rows: ClassVar[bool] = False

    model: str
    baselines: tuple[str, ...] = Field(min_length=1)
    metric: Literal["accuracy", "macro_f1", "micro_f1", "exact", "log_loss", "rmse", "mae", "r2"] = "accuracy"
    margin: float = Field(default=0.005, gt=0)
    resamples: int = Field(default=1000, ge=100)
    seed: int = Field(default=7, ge=0)

    def run(self, evaluation: Evaluation, rows: Table[Prediction]) -> Report:
        """Raises StageError for a model or baseline that was not evaluated, or a metric that their target has not."""
        from .paired import compare_models

        return Report(facts=compare_models(self, evaluation, rows))

    def diff(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
        """Each model of a run against the same model of an earlier run, on the test rows that both have."""
        from .paired import compare_runs

        return Compared(*compare_runs(self, before, after), facts={})
