"""Watch: what goes wrong while a net learns without failing: exploding norms, units that died, a loss that stands still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from pipeline import StageError, report

from .finding import Finding
from .state import State

if TYPE_CHECKING:
    from .loop import Job

_RECENT = 100  # steps whose median norm is the usual one
_ENOUGH = 20  # of them, to call one unusual
_EXPLODED = 100.0  # times the usual norm
_STILL = 1e-3  # a loss that fell by a smaller share stands still
_DEAD = 0.1  # of a layer's units


class Watch:
    """Hears of every step and epoch, and adds to the findings of a state; each kind once an epoch."""

    def __init__(self, state: State, *, strict: bool) -> None:
        self.state, self.strict = state, strict

    def step(self, norm: float) -> None:
        """A gradient far above the usual. norm: before it was clipped."""
        recent = [one for _, one, _ in self.state.curve[-_RECENT - 1 : -1]]
        if len(recent) >= _ENOUGH and norm > _EXPLODED * median(recent):
            self._find("exploding norm", f"step {self.state.step}: {norm:.3g}", f"about {median(recent):.3g}, as lately")

    def epoch(self, job: Job, awake: Mapping[str, Tensor]) -> None:
        """A loss that did not fall, and units that no validation row wakes."""
        losses = [one["train_loss"] for one in self.state.history]
        if losses[-1] >= 0.99 * job.objective.expected and job.weights is None:
            self._find(
                "nothing learnt",
                f"training loss {losses[-1]:.4f}",
                f"below {job.objective.expected:.4f}, what knowing nothing costs",
            )
        elif len(losses) > 1 and losses[-1] > (1 - _STILL) * min(losses[:-1]):
            self._find("stalled loss", f"training loss {losses[-1]:.4f}", f"below {min(losses[:-1]):.4f}, the epoch before")
        for layer, units in awake.items():
            dead = len(units) - int(units.sum())
            if dead > _DEAD * len(units):
                self._find(f"dead units of {layer}", f"{dead} of {len(units)} are zero on all validation rows", "few")

    def _find(self, check: str, found: str, expected: str) -> None:
        one = Finding(check, False, found, expected, self.state.epoch + 1)
        if not any((said["check"], said["epoch"]) == (check, one.epoch) for said in self.state.findings):
            self.state.findings.append(one.document())
            report(0, 0, f"note: {one}")
            if self.strict:
                raise StageError(f"strict: {one}")


@contextmanager
def units_awake(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Layer -> which of its units are anything but zero at any position of the rows that go through the net in the block."""
    awake: dict[str, Tensor] = {}
    names = {module: name for name, module in net.named_modules()}

    def look(module: nn.Module, given: Any, gave: Any) -> None:
        if isinstance(gave, Tensor) and gave.is_floating_point() and gave.dim() > 1:
            gave = gave.transpose(1, -1) if isinstance(module, nn.Conv1d | nn.Conv2d) else gave  # channels come last
            units = (gave != 0).flatten(0, -2).any(0)
            name = names[module] or "net"
            before = awake.get(name, units)
            counted = before.shape == units.shape  # where it is not, the last axis is that of positions
            awake[name] = before | units if counted else units.new_ones(1)

    hooks = [module.register_forward_hook(look) for module in net.modules()]
    try:
        yield awake
    finally:
        for hook in hooks:
            hook.remove()
