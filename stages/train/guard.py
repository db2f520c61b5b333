"""Guard: a step whose loss or gradient is not finite, or that does not fit in memory, is told with the batch that did it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from pipeline import StageError, report

from .device import lower, seed
from .feed import Batch
from .state import State

if TYPE_CHECKING:
    from .loop import Job

T = TypeVar("T")
_SHOWN = 5  # row numbers of a batch
_LEAST_SCALE = 1.0  # of fp16: below it gradients are not merely too large for the type


def require_finite(job: Job, state: State, group: list[Batch], loss: float, norm: float) -> None:
    """Raise StageError, naming the step, the rows and the first layer, where a loss or a gradient is NaN or infinite.

    Nothing has been learnt from the step yet.  Under fp16 a gradient that is too large for the type is no fault: the scaler
    passes the step over and scales less.
    """
    if math.isfinite(loss) and (math.isfinite(norm) or (state.scaler.is_enabled() and state.scaler.get_scale() > _LEAST_SCALE)):
        return
    what = f"the loss is {loss}" if not math.isfinite(loss) else f"the norm of the gradient is {norm}"
    rows = [int(row) for batch in group for row in batch.rows][:_SHOWN]
    seed(job.feed.device, job.config.seed, state.step, job.share.rank)
    raise StageError(
        f"step {state.step + 1} (epoch {state.epoch + 1}, batch {state.position + 1}): {what}; first not finite: "
        f"{first_not_finite(job, state.net, group)}; the batch begins with rows {', '.join(map(str, rows))} of the table; "
        f"look at them, or try a smaller rate than {job.config.rate:g}"
    )


def require_measured(state: State, measured: Mapping[str, float]) -> None:
    """Raise StageError where a validation metric is NaN or infinite: no epoch could ever be better or worse."""
    bad = [f"{name.replace('_', ' ')} {value}" for name, value in measured.items() if not math.isfinite(value)]
    if bad:
        raise StageError(
            f"after epoch {state.epoch + 1}: {', '.join(bad)}; look for NaN among the features or the truth of the validation rows"
        )


def first_not_finite(job: Job, net: nn.Module, group: list[Batch]) -> str:
    """The first weight, layer, loss or gradient on the way through a batch that is NaN or infinite, in words."""
    for name, weight in net.named_parameters():
        if not _finite(weight):
            return f"weight {name!r}"
    found: list[str] = []
    names = {module: name for name, module in net.named_modules()}

    def look(module: nn.Module, given: Any, gave: Any) -> None:
        if not found and not all(map(_finite, _tensors(gave))):
            found.append(f"layer {names[module] or 'net'!r} ({type(module).__name__})")

    hooks = [module.register_forward_hook(look) for module in net.modules()]
    try:
        for batch, dtype in ((batch, dtype) for dtype in (job.dtype, torch.float32) for batch in group):
            bad = next((name for name, given in batch.inputs.items() if not _finite(given)), None)
            if bad is not None:
                return f"input {bad!r}"
            net.zero_grad(set_to_none=True)
            with lower(job.feed.device, dtype):
                scores = net(batch.inputs)
            losses = job.objective.losses(scores.float(), batch.truth)
            if not found and not _finite(losses):
                return "the loss itself; look at the target"
            if not found:
                losses.sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it so
                grads = [
                    name for name, weight in net.named_parameters() if weight.grad is not None and not _finite(weight.grad)
                ]
                found += [f"the gradient of {grads[-1]!r}"] if grads else []
            if found:
                return found[0]
    finally:
        for hook in hooks:
            hook.remove()
    return f"none when computed again in fp32; precision {job.config.precision!r} or chance did it"


def guarded(state: State, group: list[Batch], smaller: bool, step: Callable[[], T]) -> T:
    """Do a step; where memory runs out, say which batch did it, and take batches in halves from there on if allowed.

    Raises StageError where it is not, or where one row is too much.
    """
    while True:
        if not group:
            return step()
        largest = max(group, key=Batch.cells).split(state.pieces)[0]
        try:
            learnt = step()
        except RuntimeError as error:
            if not is_memory(error):
                raise
        else:
            if largest.cells() > state.fitted_cells:
                state.fitted, state.fitted_cells = largest.shape(), largest.cells()
            return learnt
        state.optimizer.zero_grad(set_to_none=True)
        if state.optimizer.param_groups[0]["params"][0].is_cuda:
            torch.cuda.empty_cache()
        fitted = f"the largest that has fitted is {state.fitted}" if state.fitted else "none has fitted before"
        said = f"out of memory at step {state.step + 1}: a batch of {largest.shape()}; {fitted}"
        if not smaller or len(largest.rows) == 1:
            raise StageError(f"{said}; set a smaller batch, or a bound for tokens")
        state.pieces *= 2
        report(0, 0, f"note: {said}; from here on batches are taken in {state.pieces} pieces")


def is_memory(error: RuntimeError) -> bool:
    """Whether memory ran out: CUDA, MPS and the CPU each have words of their own for it."""
    words = ("can't allocate memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in words)


def _tensors(gave: Any) -> list[Tensor]:
    return [one for one in (gave if isinstance(gave, tuple | list) else [gave]) if isinstance(one, Tensor)]


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())
