"""Two runs: what changed between them, and which is better, by the pipeline's own comparing stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from .artifact import Artifact, Evaluation, Report
from .digest import Json
from .errors import DamagedError, StoreError, UsageError
from .gate import Gate, GateOutcome
from .kept_diff import kept_diff
from .latency import latency_changes
from .pipeline import Pipeline
from .plan import explain
from .publish import load, manifest
from .record import Difference, Outcome, RunRecord, Verdict, in_order, load_run
from .store.local import LocalStore
from .store.reach import lost

if TYPE_CHECKING:
    import pyarrow as pa


class Compared(NamedTuple):
    """Two runs, compared by a stage. details: one document a model and metric, for the record.  facts, rows: all there is to say."""

    verdict: Verdict | None
    details: list[dict[str, Any]]
    facts: dict[str, Json]
    rows: pa.Table | None = None


@runtime_checkable
class Comparing(Protocol):
    """A stage that can compare what it read in an earlier run with what it reads now."""

    def diff(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
        """before, after: port -> artifact.  The verdict is on `after`."""


@runtime_checkable
class Headlined(Comparing, Protocol):
    """A stage that compares runs by one metric of one model."""

    model: str
    metric: str


@runtime_checkable
class Judging(Protocol):
    """A stage that can judge gates on what it reads."""

    def judge(self, gates: Sequence[Gate], before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[GateOutcome]:
        """The outcomes of gates on `after`; before: what the champion has, None without one."""

    def gate_problems(self, gates: Sequence[Gate]) -> list[str]:
        """What is wrong with gates, in words, as far as the stage's config can tell."""


def metrics_of(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome]) -> dict[str, dict[str, dict[str, float]]]:
    """model -> metric -> {value, low, high}, of every Evaluation that a run wrote or reused, in the order in which it read its models.

    What was not evaluated is left out.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for facts in _facts(pipeline, store, outcomes, Evaluation):
        ordered = in_order(facts.get("metrics", {}), facts.get("models", ()))  # JSON in the store has lost it
        found |= {
            model: {
                name: {key: one[key] for key in ("value", "low", "high")}
                for name, one in measured.items()
                if one.get("value") is not None
            }
            for model, measured in ordered.items()
        }
    return found


def main_of(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The metrics that people look at first, of every Evaluation that a run wrote or reused."""
    return tuple(
        dict.fromkeys(name for facts in _facts(pipeline, store, outcomes, Evaluation) for name in facts.get("main", ()))
    )


def keep_of(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Which model to keep and why, a line for each Report that a run wrote or reused and that says so."""
    found = (facts.get("keep", {}).get("line", "") for facts in _facts(pipeline, store, outcomes, Report))
    return tuple(line for line in found if line)


def comparisons_of(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome]) -> tuple[dict[str, Any], ...]:
    """The comparisons of every Report that a run wrote or reused."""
    return tuple(one for facts in _facts(pipeline, store, outcomes, Report) for one in facts.get("comparisons", ()))


def _facts(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome], kind: type[Artifact]) -> Iterator[Json]:
    for outcome in outcomes:
        for port, digest in outcome.outputs.items():
            if pipeline.ports[outcome.name].outputs[port].kind is kind:
                yield manifest(store, digest)["facts"]


def against(pipeline: Pipeline, store: LocalStore, outcomes: Sequence[Outcome], earlier: str) -> Difference:
    """Compare outcomes with an earlier run of the same pipeline."""
    try:
        before = load_run(store, earlier)
    except (StoreError, UsageError) as error:
        return Difference(against=earlier, note=f"not comparable: {error}")
    if {one.name: one.outputs for one in outcomes} == {one.name: one.outputs for one in before.steps}:
        return Difference(against=earlier, verdict="equivalent", note="the same outputs, to the byte")
    found, reason = compared(pipeline, store, before.steps, outcomes, (f"run {earlier}", "the later run"), rows=False)
    return Difference(against=earlier, verdict=found.verdict, details=tuple(found.details), note=reason)


def compared(
    pipeline: Pipeline,
    store: LocalStore,
    before: Sequence[Outcome],
    after: Sequence[Outcome],
    names: tuple[str, str],
    *,
    rows: bool = True,
) -> tuple[Compared, str]:
    """What the pipeline's own stage says of two runs, and why it cannot, where nothing is said.

    names: what to call them.  rows: False where nobody asks for these; then it is said once and kept.
    """
    nothing = Compared(None, [], {})
    stages = ((name, step.stage) for name, step in pipeline.steps.items() if isinstance(step.stage, Comparing))
    name, stage = next(stages, ("", None))
    if not isinstance(stage, Comparing):
        return nothing, "no stage of this pipeline compares runs"
    past, outputs = ({one.name: one.outputs for one in steps} for steps in (before, after))

    def ask() -> Compared:
        return stage.diff(inputs(pipeline, store, name, past, "earlier"), inputs(pipeline, store, name, outputs, "later"))

    try:
        found = ask() if rows else _kept(pipeline, store, name, past, outputs, ask)
        return found._replace(facts=_timed(found.facts, latency_changes(store, before, after))), ""
    except DamagedError as error:
        lacking = (gone(store, steps, of) for steps, of in zip((before, after), names, strict=True))
        return nothing, f"not comparable: {next((line for line in lacking if line), error)}"
    except UsageError as error:
        return nothing, f"not comparable: {error}"
    except KeyError as error:  # of the stage, in facts of another shape than its own
        return nothing, f"not comparable: what step {name!r} reads has no {error}"


def _kept(
    pipeline: Pipeline,
    store: LocalStore,
    name: str,
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    ask: Callable[[], Compared],
) -> Compared:
    """Asked anew where a run did not get so far, which then says so."""
    sides = [
        {
            port: {f"{wire.step}.{wire.port}": side[wire.step][wire.port] for wire in wires}
            for port, wires in pipeline.wires[name].items()
        }
        for side in (before, after)
        if all(wire.port in side.get(wire.step, {}) for wires in pipeline.wires[name].values() for wire in wires)
    ]
    if len(sides) < 2:
        return ask()
    earlier, later = sides

    def told() -> Json:
        found = ask()
        return {"verdict": found.verdict, "details": found.details, "facts": found.facts}

    return Compared(**kept_diff(store, pipeline.steps[name].stage, earlier, later, told))


def _timed(facts: dict[str, Json], moved: Mapping[str, Json]) -> dict[str, Json]:
    """What a stage says of two runs, with the latency of each model, which no evaluation knows; None where a run has not timed it."""
    if "models" not in facts:
        return facts
    return {**facts, "models": {name: {**one, "latency": moved.get(name)} for name, one in facts["models"].items()}}


def changes(store: LocalStore, before: RunRecord, after: RunRecord) -> dict[str, str]:
    """step -> what changed in its key between two runs (code, config, data, packages); steps that agree are left out."""
    found = {}
    for step in after.steps:
        earlier = before.step(step.name)
        if earlier and earlier.key == step.key:
            continue
        old = store.action(earlier.key) if earlier and earlier.key else None
        new = store.action(step.key) if step.key else None
        if old is None or new is None:
            unknown = earlier is not None and earlier.key and step.key
            found[step.name] = (
                "not known: what its key was made of was collected" if unknown else "finished in one of the runs only"
            )
        else:
            found[step.name] = explain(store, old["parts"], new["parts"])
    gone = [step.name for step in before.steps if after.step(step.name) is None]
    return found | dict.fromkeys(gone, "step is gone")


def gone(store: LocalStore, steps: Sequence[Outcome], of: str) -> str:
    """What a run made and is no longer there, in words."""
    found = lost(store, [step.model_dump(mode="json") for step in steps])
    return f"what {', '.join(found)} of {of} made was collected or lost; only a new run makes it again" if found else ""


def inputs(
    pipeline: Pipeline, store: LocalStore, name: str, outputs: Mapping[str, Mapping[str, str]], run: str
) -> dict[str, Any]:
    """What a step would read of a run's outputs. Raises UsageError when the run did not get so far."""
    loaded: dict[str, Any] = {}
    for port_name, wires in pipeline.wires[name].items():
        port = pipeline.ports[name].inputs[port_name]
        for wire in wires:
            if wire.port not in outputs.get(wire.step, {}):
                raise UsageError(f"the {run} run did not finish step {wire.step!r}; run the whole pipeline as it was set")
        found = {wire.step: load(store, outputs[wire.step][wire.port], port) for wire in wires}
        loaded[port_name] = found if port.many else next(iter(found.values()))
    return loaded
