"""The comparing stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, SerializeAsAny, model_validator

from pipeline import Evaluation, Gate, GateOutcome, Report, Stage, Table
from pipeline.compare import Compared
from pipeline.errors import suggest
from schemas import Prediction

from ..metrics.own import Metric
from ..metrics.table import AREAS, METRICS


class Compare(Stage):
    """Compare each model with the baselines, paired on the rows.

    model, metric: the ones by which a run is judged better or worse than another.
    baselines: models that every other one is compared with.
    margin: the smallest difference that matters, in the unit of each metric.
    metrics: your own, as Evaluate has them.
    Returns a report: one comparison for each model, baseline and metric, and which model to keep: the simplest that no later one
    beats, in the order in which the evaluation read them.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "statsmodels", "pyarrow")
    keeps_rows: ClassVar[bool] = False

    model: str
    baselines: tuple[str, ...] = Field(min_length=1)
    metric: str = "accuracy"
    margin: float = Field(default=0.005, gt=0)
    metrics: tuple[SerializeAsAny[Metric], ...] = ()
    resamples: int = Field(default=1000, ge=100)
    seed: int = Field(default=7, ge=0)

    @model_validator(mode="after")
    def _known(self) -> Compare:
        known = self._metrics()
        if self.metric not in known:
            raise ValueError(f"metric {self.metric!r} is unknown; {suggest(self.metric, known)}")
        return self

    def _metrics(self) -> list[str]:
        return [*METRICS, *(metric.name for metric in self.metrics)]

    def run(self, evaluation: Evaluation, rows: Table[Prediction]) -> Report:
        """Raises StageError for a model or baseline that was not evaluated, or a metric that their target has not."""
        from .within import compare_models

        return Report(facts=compare_models(self, evaluation, rows))

    def diff(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
        """Each model of a run against the same model of an earlier run, on the test rows that both have."""
        from .runs import compare_runs

        return compare_runs(self, before, after)

    def judge(self, gates: Sequence[Gate], before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[GateOutcome]:
        """Each gate, on all rows and on the slices that it names. before: the champion's, None without one: only floors are asked then."""
        from .gates import judge

        return judge(self, gates, before, after)

    def gate_problems(self, gates: Sequence[Gate]) -> list[str]:
        """Metrics that nobody knows, and areas on slices, which no slice has."""
        known = self._metrics()
        unknown = [
            f"gate on {gate.metric!r}: no such metric; {suggest(gate.metric, known)}"
            for gate in gates
            if gate.metric not in known
        ]
        return unknown + [
            f"gate on {gate.metric!r}: it is not measured by slice, so that no run would pass; leave slices={gate.slices!r} out"
            for gate in gates
            if gate.metric in AREAS and gate.slices not in ("none", ())
        ]
