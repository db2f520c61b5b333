"""Source: what a run left in the store that a report is made of, and why something is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline import DamagedError, LocalStore, Table
from pipeline.artifact import Report
from pipeline.digest import Json
from pipeline.publish import load, manifest
from pipeline.quarantine import Quarantined
from pipeline.record import Outcome, RunRecord
from pipeline.stage import Port


@dataclass(frozen=True)
class Source:
    """facts: of the Evaluation.  step: that made it.  rows: its predictions.  data: the rows that it read.  judged: the config of the stage that compares.

    gone: why the evaluation cannot be read; empty where it can, or where the run made none.
    """

    record: RunRecord
    facts: Json = field(default_factory=dict)
    rows: str = ""
    data: str = ""
    judged: Json = field(default_factory=dict)
    gone: str = ""
    step: str = ""

    @property
    def model(self) -> str:
        """The one that the run is judged by: as the comparing stage says, else the last."""
        wanted, models = self.judged.get("model"), self.models
        return str(wanted) if wanted in models or (wanted and not models) else models[-1] if models else ""

    @property
    def models(self) -> list[str]:
        """From the simplest."""
        return [str(name) for name in self.facts.get("models") or self.record.models or self.record.metrics]

    @property
    def metric(self) -> str:
        """The one that the run is judged by."""
        metrics = self.metrics.get(self.model, {})
        wanted = self.judged.get("metric", "accuracy")
        return str(wanted if wanted in metrics or not metrics else next(iter(metrics)))

    @property
    def metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """Model -> metric -> what was measured; the record has the main ones also where the evaluation is gone."""
        return self.facts.get("metrics") or self.record.metrics

    @property
    def classes(self) -> list[str]:
        """Of the target; none for numbers."""
        return [str(name) for name in self.facts.get("classes") or ()]

    def details(self, model: str) -> Json:
        """All that was found of one model."""
        return (self.facts.get("details") or {}).get(model) or {}


def source(store: LocalStore, record: RunRecord) -> Source:
    """Look a run up; nothing of it needs to be there."""
    judged: Json = {}
    found: Any = None
    gone = ""
    for step in record.steps:
        parts = ((store.action(step.key) if step.key else None) or {}).get("parts", {})
        config = parts.get("config") or {}
        if "model" in config and "metric" in config and "baselines" in config:
            judged = config
        for digest in step.outputs.values():
            try:
                document = manifest(store, digest)
            except DamagedError as error:
                gone = gone or (f"what step {step.name!r} made cannot be read: {error}" if "evaluation" in step.outputs else "")
                continue
            if document["kind"] == "Evaluation":
                found = (document["facts"], step, parts)
    if found is None:
        return Source(record, judged=judged, gone=gone)
    facts, step, parts = found
    data = next(iter((parts.get("inputs") or {}).get("rows", {}).values()), "")
    return Source(record, facts, step.outputs.get("rows", ""), data, judged, step=step.name)


def table(store: LocalStore, digest: str) -> Table[Any]:
    """Any table, whatever its Record. Raises DamagedError."""
    return load(store, digest, Port("rows", Table, Quarantined))  # type: ignore[no-any-return]


def training(store: LocalStore, steps: tuple[Outcome, ...]) -> Iterator[tuple[str, Report]]:
    """(step, log) of every training that the run has and the store still holds."""
    for step in steps:
        for digest in step.outputs.values():
            try:
                found = manifest(store, digest)
                if found["kind"] == "Report" and found["facts"].get("kind") == "training":
                    yield step.name, load(store, digest, Port("log", Report, None))
            except DamagedError:
                continue
