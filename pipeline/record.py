"""Run: the immutable record of one execution."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import Field, model_validator

from .check import Receipt
from .digest import Json
from .frozen import Frozen
from .gate import Gate, GateOutcome
from .limit import QUARANTINE
from .store.local import LocalStore

M = TypeVar("M")

_MOMENT = "%Y%m%dT%H%M%S.%f"
_STEP_FIELDS = ("name", "status", "why", "seconds", "rows_in", "rows_out", "rows_quarantined", "outputs")


class Outcome(Frozen):
    """What became of one step; small enough to cross a Prefect task as JSON."""

    name: str
    status: Literal["ran", "reused", "blocked", "failed", "skipped"]
    why: str
    seconds: float = 0.0
    rows_in: int | None = None
    rows_out: int | None = None
    rows_quarantined: int | None = None
    outputs: dict[str, str] = {}
    quarantine: str | None = None
    key: str = ""
    receipts: tuple[Receipt, ...] = ()
    overridden: dict[str, str] = {}  # "step.check" that failed -> why a person let it pass
    error: str = ""

    @property
    def made(self) -> dict[str, str]:
        """What the steps below are told: port -> digest, and the quarantine's."""
        return self.outputs | ({QUARANTINE: self.quarantine} if self.quarantine else {})


Verdict = Literal["better", "worse", "equivalent", "undecided"]


class Difference(Frozen):
    """A run against an earlier one. verdict: of the pipeline's own comparison, None where there was none to make."""

    against: str | None = None
    verdict: Verdict | None = None
    details: tuple[dict[str, Any], ...] = ()
    note: str = ""

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from .notebook import difference_html

        return difference_html(self)


class RunRecord(Frozen):
    """What ran, what was reused, why, on what, with what outcome."""

    format: Literal[1] = 1
    run_id: str | None
    pipeline: str
    status: Literal["done", "failed", "blocked", "up-to-date"]
    started: str
    seconds: float
    steps: tuple[Outcome, ...]
    metrics: dict[str, dict[str, dict[str, float]]] = {}
    models: tuple[str, ...] = ()  # in the order in which they were evaluated, from the simplest: that of the metrics
    main: tuple[str, ...] = ()  # the metrics that people look at first
    comparisons: tuple[dict[str, Any], ...] = ()
    keep: tuple[str, ...] = ()  # which model to keep, and why
    diff: Difference = Field(default_factory=Difference)
    headline: tuple[str, ...] = ()  # the model and the metric by which the pipeline judges a run
    asked: tuple[Gate, ...] = ()  # the gates of the pipeline, of a whole run
    gates: tuple[GateOutcome, ...] = ()
    changed: dict[str, str] = {}  # step -> what changed since the run that it was compared with
    settings: tuple[str, ...] = ()  # what --set changed
    origin: str = ""  # how the pipeline was named on the command line
    environment: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _ordered(cls, given: Any) -> Any:
        """The metrics in the order of the models, which JSON in the store has lost."""
        if isinstance(given, Mapping) and given.get("models") and isinstance(given.get("metrics"), Mapping):
            return {**given, "metrics": in_order(given["metrics"], given["models"])}
        return given

    @property
    def overrides(self) -> dict[str, str]:
        """What failed and was let pass, as "step.check" -> why."""
        return {check: why for step in self.steps for check, why in step.overridden.items()}

    @property
    def unmet(self) -> tuple[GateOutcome, ...]:
        """The gates that failed or were not evaluated: with one of them no run becomes champion by itself."""
        return tuple(outcome for outcome in self.gates if not outcome.passed)

    @property
    def exit_code(self) -> int:
        """What the command line returns for it: 1 where a stage failed, 3 where a check blocked, 4 where a gate is not met."""
        return {"failed": 1, "blocked": 3}.get(self.status, 4 if self.unmet else 0)

    def document(self) -> Json:
        """What `run --json` prints."""
        return {
            "run_id": self.run_id,
            "pipeline": self.pipeline,
            "status": self.status,
            "steps": [step.model_dump(mode="json", include=set(_STEP_FIELDS)) for step in self.steps],
            "metrics": self.metrics,
            "diff": self.diff.model_dump(mode="json", include={"against", "verdict"}),
        }

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from .notebook import run_html

        return run_html(self)

    def step(self, name: str) -> Outcome | None:
        """The outcome of one step, or None for a name this run did not have."""
        return next((step for step in self.steps if step.name == name), None)


def in_order(found: Mapping[str, M], order: Iterable[str]) -> dict[str, M]:
    """A mapping with some names first, in their order, and the others as they were."""
    return {name: found[name] for name in dict.fromkeys([*order, *found]) if name in found}


def new_run_id(now: datetime, known: Sequence[str]) -> str:
    """Unique, and after every known one, also when the clock was set back: `20261123T224501.123456-9f2c`.

    known: the ids there are, in order.
    """
    moment = now.astimezone(UTC)
    with suppress(ValueError, IndexError):
        last = datetime.strptime(known[-1].partition("-")[0], _MOMENT).replace(tzinfo=UTC)
        moment = max(moment, last + timedelta(microseconds=1))
    return f"{moment:{_MOMENT}}-{secrets.token_hex(2)}"


def load_run(store: LocalStore, run_id: str) -> RunRecord:
    """A run by id, or by a unique part of it. Raises UsageError."""
    return RunRecord.model_validate(store.run(run_id))
