"""Judging: a run held to the gates of its pipeline, by the pipeline's own comparing stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from .compare import Judging, inputs
from .errors import BrickwiseError, StoreError, UsageError
from .gate import Gate, GateOutcome
from .pipeline import Pipeline
from .record import Outcome, load_run
from .store.local import LocalStore


def judged(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome], champion: str | None) -> tuple[GateOutcome, ...]:
    """What became of each gate of a pipeline, on what a whole run made; champion: the run that margins are asked against.

    What cannot be judged is not evaluated, and says why; so is a gate of which the stage says nothing.
    """
    if not pipeline.gates:
        return ()
    name, stage = next((name, step.stage) for name, step in pipeline.steps.items() if isinstance(step.stage, Judging))
    model = str(getattr(stage, "model", ""))
    floors = [gate.model_copy(update={"margin": None}) for gate in pipeline.gates if gate.floor is not None]
    try:
        after = inputs(pipeline, store, name, {one.name: one.outputs for one in outcomes}, "later")
    except BrickwiseError as error:
        return _not_evaluated(pipeline.gates, model, str(error))
    if champion is None:
        return _judge(cast("Judging", stage), floors, None, after, model)
    try:
        past = {one.name: one.outputs for one in load_run(store, champion).steps}
        before = inputs(pipeline, store, name, past, "earlier")
    except (StoreError, UsageError) as error:
        margins = [gate.model_copy(update={"floor": None}) for gate in pipeline.gates if gate.margin is not None]
        lost = _not_evaluated(margins, model, f"the champion {champion} cannot be compared with: {error}")
        return lost + _judge(cast("Judging", stage), floors, None, after, model)
    return _judge(cast("Judging", stage), pipeline.gates, before, after, model)


def _judge(
    stage: Judging, gates: Sequence[Gate], before: Mapping[str, Any] | None, after: Mapping[str, Any], model: str
) -> tuple[GateOutcome, ...]:
    if not gates:
        return ()
    try:
        found = tuple(stage.judge(gates, before, after))
    except BrickwiseError as error:
        return _not_evaluated(gates, model, str(error))
    except KeyError as error:  # of the stage, in facts of another shape than its own
        return _not_evaluated(gates, model, f"what it reads has no {error}")
    silent = [gate for gate in gates if not any(_answers(one, gate) for one in found)]
    return found + _not_evaluated(silent, model, f"{type(stage).__name__} says nothing of it")


def _answers(outcome: GateOutcome, gate: Gate) -> bool:
    return outcome.metric == gate.metric and gate.model in ("", outcome.model)


def _not_evaluated(gates: Sequence[Gate], model: str, reason: str) -> tuple[GateOutcome, ...]:
    return tuple(
        GateOutcome(
            gate=str(gate),
            metric=gate.metric,
            model=gate.model or model,
            required=bound,
            status="not evaluated",
            reason=reason,
        )
        for gate in gates
        for bound in (gate.margin, gate.floor)
        if bound is not None
    )
