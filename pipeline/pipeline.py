"""Pipeline: named steps in order, wired and checked when it is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .artifact import Artifact
from .check import Check, Complete
from .errors import UsageError, WiringError, suggest
from .gate import Gate
from .limit import QUARANTINE
from .settings import require_config, with_settings
from .stage import Port, Ports, Stage, ports
from .table import Table
from .wiring import Wire, wire

if TYPE_CHECKING:
    from .record import RunRecord

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Step:
    """A named stage, what it reads and the checks on what it writes.

    reads: port -> the step above that feeds it, `"step"` or `"step.port"`; a tuple of them for a `Mapping` port.
    checks: beside the contract of its Record, which is always checked.
    retries: how often to try again when the stage fails.  timeout: seconds, kept by the Prefect flow.
    """

    name: str
    stage: Stage
    reads: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    retries: int = 0
    timeout: float | None = None


class Pipeline:
    """The ordered steps: a DAG, since a step reads only steps above it.

    gates: what a run must show before it may become champion by itself; judged by the stage that compares runs.
    Raises WiringError with every mistake at once.
    """

    def __init__(self, name: str, *steps: Step, gates: Sequence[Gate] = ()) -> None:
        self.name, self.gates = name, tuple(gates)
        self.steps = {step.name: step for step in steps}
        problems = [] if NAME.fullmatch(name) else [_bad_name("pipeline", name)]
        problems += [_bad_name("step", step.name) for step in steps if not NAME.fullmatch(step.name)]
        names = [step.name for step in steps]
        problems += [f"step {name!r} is declared twice" for name in self.steps if names.count(name) > 1]
        problems += [] if steps else ["it has no steps"]
        self.ports: dict[str, Ports] = {}
        for step in steps:
            try:
                self.ports[step.name] = ports(step.stage)
                require_config(step.stage)
            except UsageError as error:
                problems.append(f"step {step.name!r}: {error}")
        self.wires: dict[str, dict[str, tuple[Wire, ...]]] = {}
        for step in steps:
            if step.name in self.ports:
                self.wires[step.name], wrong = wire(
                    step.name, step.reads, self.ports, list(self.steps), step.stage.columns_read()
                )
                problems += wrong
                problems += _check_problems(step, self.ports[step.name])
                problems += _apart(step, self.wires[step.name])
        problems += _gate_problems(self.gates, steps)
        if problems:
            raise WiringError(name, problems)

    def step(self, name: str) -> Step:
        """A step by name. Raises UsageError with the nearest name."""
        if name not in self.steps:
            raise UsageError(f"pipeline {self.name!r} has no step {name!r}; {suggest(name, self.steps)}")
        return self.steps[name]

    def upstream(self, name: str) -> tuple[str, ...]:
        """The steps that a step reads, each once, in the order of its ports."""
        return tuple(dict.fromkeys(w.step for wires in self.wires[name].values() for w in wires))

    def derivers(self, name: str) -> tuple[Stage, ...]:
        """The stages that computed columns of the rows that a step sees: of the steps that read none, from which these rows come."""
        names, below = [name], dict[str, None]()
        for step in names:  # it grows
            kept = [above for above in self.upstream(step) if self.steps[above].stage.keeps_rows]
            names += [above for above in kept if above not in names]
            below |= {step: None} if not self.wires[step] else {}
        return tuple(stage for step in below if (stage := self.steps[step].stage).derived())

    def checks(self, name: str, port: Port) -> tuple[Check, ...]:
        """All checks of one output: the contract first, then those declared on the step."""
        contract = port.record.contract() if port.kind is Table else Complete(on=port.name)
        return (contract, *(check for check in self.steps[name].checks if check.on == port.name))

    def limits(self, name: str, port: Port) -> tuple[Check, ...]:
        """The checks of what a step turned away while it made a table."""
        return tuple(check for check in self.steps[name].checks if check.on == QUARANTINE and port.kind is Table)

    def set(self, settings: Iterable[str]) -> Pipeline:
        """The pipeline with `step.field=value` settings applied. Raises UsageError."""
        changes: dict[str, list[tuple[str, str]]] = {}
        for setting in settings:
            path, equals, value = setting.partition("=")
            name, dot, key = path.strip().partition(".")
            if not (equals and dot and key):
                raise UsageError(f"--set {setting!r} does not read step.field=value")
            self.step(name)
            changes.setdefault(name, []).append((key, value))
        return Pipeline(
            self.name,
            *(
                replace(step, stage=with_settings(step.name, step.stage, changes.get(step.name, ())))
                for step in self.steps.values()
            ),
            gates=self.gates,
        )

    def run(self, store: str = ".brickwise", **selection: Any) -> RunRecord:
        """Run what is stale here and now, without Prefect: for notebooks, tests and debugging.

        selection: `only`, `start`, `end` (step names), `force`.  Raises BrickwiseError; a stage's own failure is the
        cause of the StageError.
        """
        from .plan import Selection
        from .runner import run
        from .store.local import LocalStore

        return run(self, LocalStore(store), selection=Selection(**selection))

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, {', '.join(self.steps)})"


def _gate_problems(gates: Sequence[Gate], steps: Iterable[Step]) -> list[str]:
    """What is wrong with the gates, by the first stage that can judge them."""
    if not gates:
        return []
    from .compare import Judging  # which imports this file

    stage = next((step.stage for step in steps if isinstance(step.stage, Judging)), None)
    if stage is None:
        return [f"gate {str(gates[0])!r}: no stage of this pipeline compares runs; add a step with one, such as Compare"]
    twice = [gate for gate in dict.fromkeys(gates) if gates.count(gate) > 1]
    return [f"gate {str(gate)!r} is declared twice" for gate in twice] + stage.gate_problems(gates)


def _bad_name(what: str, name: str) -> str:
    return f"{what} name {name!r} must be lower-case letters, digits and _, starting with a letter, at most 64"


def _apart(step: Step, wires: Mapping[str, tuple[Wire, ...]]) -> list[str]:
    """Ports that one step must feed, and several do."""
    ports = [port for port in step.stage.together if port in wires]
    feeders = list(dict.fromkeys(wire.step for port in ports for wire in wires[port]))
    if len(feeders) < 2:
        return []
    return [
        f"step {step.name!r}: ports {', '.join(ports)} belong together, and {', '.join(feeders)} feed them; read one of these"
    ]


def _check_problems(step: Step, found: Ports) -> list[str]:
    tables = any(port.kind is Table for port in found.outputs.values())
    known = (*found.outputs, *([QUARANTINE] if tables else []))
    return [
        f"step {step.name!r}: check {check.name!r} is on port {check.on!r}, which {type(step.stage).__name__} does not "
        f"write; {suggest(check.on, known)}"
        for check in step.checks
        if check.on not in known
    ]


__all__ = ["Artifact", "Pipeline", "Step"]
