"""Plan: what would run and why. Pure: it reads the pipeline and the store, and changes neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .digest import Json
from .errors import DamagedError, UsageError, suggest
from .key import Parts, check_parts, key, look_outside_again, stage_code, step_parts, why
from .limit import QUARANTINE
from .memory import look_back_again
from .pipeline import Pipeline
from .publish import manifest, missing
from .receipts import Made, Overrides, asked, refused
from .repairs import repairs_part
from .store.local import LocalStore


@dataclass(frozen=True)
class Selection:
    """Which steps a run may touch: one step, or those from `start` to `end` and between; `force` reruns fresh ones.

    overrides: "step.check" -> why that check may fail this once; the run's record tells it.
    """

    only: str | None = None
    start: str | None = None
    end: str | None = None
    force: bool = False
    overrides: Overrides = field(default_factory=dict)

    def steps(self, pipeline: Pipeline) -> tuple[str, ...]:
        """The selected steps, in order. Raises UsageError for an unknown name or a selection of nothing."""
        for name in (self.only, self.start, self.end):
            if name is not None:
                pipeline.step(name)
        if self.only is not None:
            if self.start or self.end:
                raise UsageError("--only excludes --from and --to; say one or the other")
            return (self.only,)
        below, above = _below(pipeline, self.start), _above(pipeline, self.end)
        chosen = tuple(name for name in pipeline.steps if name in below and name in above)
        if not chosen:
            raise UsageError(f"no step lies between --from {self.start} and --to {self.end}")
        return chosen


EVERYTHING = Selection()


def _below(pipeline: Pipeline, start: str | None) -> set[str]:
    found = set(pipeline.steps) if start is None else {start}
    for name in pipeline.steps:
        if found.intersection(pipeline.upstream(name)):
            found.add(name)
    return found


def _above(pipeline: Pipeline, end: str | None) -> set[str]:
    found = set(pipeline.steps) if end is None else {end}
    for name in reversed(pipeline.steps):
        if name in found:
            found.update(pipeline.upstream(name))
    return found


@dataclass(frozen=True)
class StepPlan:
    """What would happen to one step.

    action: "run", "reuse", or "skip" for a stale step outside the selection.
    outputs, key, recorded: port -> digest, the step's key and what its action remembers, of a step that is reused.
    """

    name: str
    action: str
    why: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    recorded: Json = None


@dataclass(frozen=True)
class Plan:
    """The steps of a pipeline, in order, each with what would happen to it."""

    pipeline: str
    steps: tuple[StepPlan, ...]

    @property
    def stale(self) -> tuple[str, ...]:
        """The steps that would run."""
        return tuple(step.name for step in self.steps if step.action == "run")

    def document(self) -> Json:
        """What `plan --json` prints."""
        return {
            "pipeline": self.pipeline,
            "steps": [{"name": s.name, "action": s.action, "why": s.why} for s in self.steps],
        }


def plan(pipeline: Pipeline, store: LocalStore, selection: Selection = EVERYTHING) -> Plan:
    """Say for each step whether it would run, and why.

    Raises UsageError where a selection leaves out a stale step that a selected one reads.
    """
    chosen = selection.steps(pipeline)
    require_known(pipeline, selection.overrides)
    look_outside_again()
    look_back_again()
    found: dict[str, StepPlan] = {}
    for name in pipeline.steps:
        waits = [up for up in pipeline.upstream(name) if found[up].action != "reuse"]
        if waits:
            step = StepPlan(name, "run", f"waits for {', '.join(waits)}")
        else:
            parts = parts_of(pipeline, store, name, {up: found[up].outputs for up in pipeline.upstream(name)})
            step = step_plan(pipeline, store, name, parts, replace(selection, force=selection.force and name in chosen))
        if step.action == "run":
            _read_code(pipeline, name)
        if step.action == "run" and name not in chosen:
            step = replace(step, action="skip", why=f"not selected ({step.why})")
        left_out = [up for up in waits if found[up].action == "skip"]
        if left_out and name in chosen:
            raise UsageError(
                f"step {name!r} reads {left_out[0]!r}, which is stale and {found[left_out[0]].why}; "
                f"run with --to {left_out[0]} first"
            )
        found[name] = step
    return Plan(pipeline.name, tuple(found.values()))


def require_known(pipeline: Pipeline, overrides: Overrides) -> None:
    """Raise UsageError for an override of a check that is not there, or without a reason."""
    if not overrides:
        return
    known = [
        f"{name}.{check.name}"
        for name in pipeline.steps
        for port in pipeline.ports[name].outputs.values()
        for check in (*pipeline.checks(name, port), *pipeline.limits(name, port))
    ]
    for check, reason in overrides.items():
        if check not in known:
            raise UsageError(f"--override {check!r}: no such check; {suggest(check, known)}")
        if not reason.strip():
            raise UsageError(f"--override {check}: expected a reason, as in --override {check}='seen and agreed by N. N.'")


def _read_code(pipeline: Pipeline, name: str) -> None:
    """Read the code of a step and of its checks now, though it may wait: what is edited while a run goes on is not what runs."""
    stage_code(pipeline.steps[name].stage)
    for port in pipeline.ports[name].outputs.values():
        for check in pipeline.checks(name, port):
            check_parts(check, "")


def inputs_of(pipeline: Pipeline, name: str, outputs: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What feeds a step: port -> {"step.port": digest}, from the outputs of the steps above."""
    return {
        port: {f"{wire.step}.{wire.port}": outputs[wire.step][wire.port] for wire in wires}
        for port, wires in pipeline.wires[name].items()
    }


def parts_of(pipeline: Pipeline, store: LocalStore, name: str, above: Mapping[str, Mapping[str, str]]) -> Parts:
    """The parts of a step's key, from the outputs of the steps above and the repairs that the store holds."""
    return step_parts(pipeline, name, inputs_of(pipeline, name, above), repairs_part(store, pipeline.name, name))


def step_plan(pipeline: Pipeline, store: LocalStore, name: str, parts: Parts, selection: Selection) -> StepPlan:
    """The plan of a step the parts of whose key are known; of the selection, what it forces and overrides."""
    step_key = key(parts)
    recorded = store.action(step_key)
    if selection.force:
        return StepPlan(name, "run", "forced")
    if recorded is None:
        return StepPlan(name, "run", explain(store, _last_parts(pipeline, store, name), parts))
    lost = missing(store, digests_of(recorded))
    if lost is not None:
        return StepPlan(name, "run", "damaged object set aside" if store.damaged(lost) else "output missing")
    for one in asked(pipeline, store, name, made_of(recorded)):
        state = refused(store, one, selection.overrides, name)
        if state:
            return StepPlan(name, "run", f"check {one.check.name}: {'it failed' if 'failing' in state else 'no receipt yet'}")
    return StepPlan(name, "reuse", "nothing changed", recorded["outputs"], step_key, recorded)


def usable(store: LocalStore, step_key: str) -> Json | None:
    """The recorded action of a key, if all it made is still there."""
    action = store.action(step_key)
    return None if action is None or missing(store, digests_of(action)) else action


def made_of(action: Json) -> Made:
    """What a step's action made, for `asked`."""
    outputs: dict[str, str] = action["outputs"]
    return outputs | ({QUARANTINE: action["quarantine"]} if action["quarantine"] else {})


def digests_of(action: Json) -> list[str]:
    """The artifacts that a step's action made: its outputs and its quarantine."""
    return [*action["outputs"].values(), *filter(None, [action["quarantine"]])]


def explain(store: LocalStore, old: Parts | None, new: Parts) -> str:
    """Why a step is stale, in one line; of a table that it reads, how many fragments are new."""
    return why(old, new, lambda before, after: _news(store, before, after))


def _news(store: LocalStore, before: str, after: str) -> str:
    """How a table differs from an earlier one, or nothing where it cannot be told."""
    try:
        was, now = (manifest(store, digest) for digest in (before, after))
    except DamagedError:
        return ""
    if now["kind"] != "Table" or was["kind"] != "Table":
        return ""
    old, new = ([file["digest"] for file in found["files"]] for found in (was, now))
    fresh, gone = len(set(new) - set(old)), len(set(old) - set(new))
    if not fresh:
        return f"{gone} of {len(old)} fragments gone" if gone else "fragments in another order"
    return f"{fresh} of {len(new)} fragments new"


def _last_parts(pipeline: Pipeline, store: LocalStore, name: str) -> Parts | None:
    last = store.ref(pipeline.name, f"step-{name}")
    action = store.action(last) if last else None
    return action["parts"] if action else None
