"""Device: where a net is trained, and the settings of torch that hold meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline import StageError

from ..threads import alone

if TYPE_CHECKING:
    from .stage import Train

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def choose_device(wanted: str) -> torch.device:
    """The device of a name; "auto" is CUDA, then MPS, then the CPU. Raises StageError for one that is not there."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    found = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
    kind, _, number = wanted.partition(":")
    if not (number or "0").isdecimal() or int(number or 0) >= found.get(kind, 0):
        raise StageError(
            f"device {wanted!r} is not there, expected one of {[d for d, there in found.items() if there]}, or 'auto'"
        )
    return torch.device(wanted)


def choose_type(wanted: str, device: torch.device) -> torch.dtype:
    """The type to compute in; "auto" is bf16 on CUDA, else fp32."""
    return _TYPES[("bf16" if device.type == "cuda" else "fp32") if wanted == "auto" else wanted]


def lower(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Compute in a lower precision inside the block, where the type is one."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def seed(device: torch.device, *numbers: int) -> None:
    """Set torch's generators, the CPU's and the device's, to a function of these numbers.

    `torch.manual_seed` looks for devices of all kinds, which takes 0.13 ms a step.
    """
    state = int(np.random.SeedSequence(numbers).generate_state(1)[0])
    torch.default_generator.manual_seed(state)
    if device.type == "cuda":
        torch.cuda.manual_seed(state)
    elif device.type == "mps":
        torch.mps.manual_seed(state)


@contextmanager
def settings(config: Train) -> Iterator[None]:
    """Threads, generators and determinism as the config has them inside the block, as they were behind it."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    if config.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA refuses to be deterministic
    with alone(), torch.random.fork_rng():
        torch.set_num_threads(config.threads)
        torch.use_deterministic_algorithms(config.deterministic or deterministic)
        try:
            yield
        except RuntimeError as error:
            if "could not create a primitive" not in str(error):
                raise
            raise StageError(f"a layer cannot compute in {config.precision} on this device; use bf16 or fp32") from error
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(deterministic)
