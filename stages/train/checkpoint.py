"""Checkpoints: all that a killed run needs to go on, each one safetensors file whose name is the digest of its bytes.

Dropout draws from (seed, step) and rows from (seed, epoch, position), so that no state of a generator need be kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from safetensors.torch import load, save
from torch import Tensor

from pipeline import StageError, report
from pipeline.digest import Json, digest_bytes
from pipeline.errors import bounded

from .state import State

_KEPT = 2  # the newest, and the one before it, should the newest be damaged
_PLAIN = ("epoch", "position", "step", "total", "pieces", "fitted", "fitted_cells", "best", "best_epoch", "history", "findings")


class Place(Protocol):
    """Where checkpoints lie: durable, by name."""

    def write(self, name: str, data: bytes) -> None:
        """Whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """None where there is none."""

    def names(self) -> list[str]:
        """Sorted."""

    def remove(self, name: str) -> None:
        """One that may be gone already."""


def keep(place: Place, state: State, identity: Json) -> None:
    """Write a checkpoint; the one before it stays, older ones go."""
    data = to_bytes(state, identity)
    place.write(_name(state.step, data), data)
    for name in place.names()[:-_KEPT]:
        place.remove(name)


def newest(place: Place) -> bytes | None:
    """The newest checkpoint that is whole; one that is damaged is told and removed."""
    for name in reversed(place.names()):
        data = place.read(name)
        step, _, rest = name.partition("-")
        if data is not None and step.isdecimal() and _name(int(step), data) == f"{step}-{rest}":
            return data
        report(0, 0, f"note: checkpoint {name[:24]} is damaged; the one before it is used")
        place.remove(name)
    return None


def to_bytes(state: State, identity: Json) -> bytes:
    """A state as one safetensors file; `head` is its JSON."""
    head = {"identity": identity, "scaler": state.scaler.state_dict(), **{name: getattr(state, name) for name in _PLAIN}}
    tensors = {
        "head": torch.frombuffer(bytearray(json.dumps(head).encode()), dtype=torch.uint8),
        "curve": torch.tensor(state.curve, dtype=torch.float64).view(-1, 3),
        **{f"net.{name}": tensor for name, tensor in state.net.state_dict().items()},
        **{f"best.{name}": tensor for name, tensor in state.best_weights.items()},
    }
    for number, slots in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in slots.items()}
    return save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()})


def restore(state: State, data: bytes, identity: Json) -> None:
    """Put a state where a checkpoint left it. Raises StageError, with the difference, for one of another config or other data."""
    tensors = load(data)
    head = json.loads(tensors.pop("head").numpy().tobytes())
    difference = differences(head.pop("identity"), identity)
    if difference:
        raise StageError(
            f"the checkpoint belongs to another training: {'; '.join(difference)}; "
            f"remove it from the folder work of the store to start afresh"
        )
    state.scaler.load_state_dict(head.pop("scaler"))
    state.curve = [tuple(row) for row in tensors.pop("curve").tolist()]
    for name, value in head.items():
        setattr(state, name, value)
    state.net.load_state_dict(_under("net.", tensors))
    state.best_weights = {name: t.to(_device(state)) for name, t in _under("best.", tensors).items()}
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under("optimizer.", tensors).items():
        number, _, slot = name.partition(".")
        slots.setdefault(int(number), {})[slot] = tensor
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": slots, "param_groups": groups})


def identity_of(data: bytes) -> Json:
    """Of which training a checkpoint is."""
    return json.loads(load(data)["head"].numpy().tobytes())["identity"]


def differences(found: Json, expected: Json) -> list[str]:
    """Where two identities differ, a line each."""
    return list(_differences(found, expected))


def _name(step: int, data: bytes) -> str:
    return f"{step:010}-{digest_bytes(data)}.safetensors"


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _device(state: State) -> torch.device:
    return next(iter(state.net.parameters())).device


def _differences(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ, a line each."""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for name in sorted(found.keys() | expected.keys()):
            yield from _differences(found.get(name), expected.get(name), f"{path}.{name}" if path else name)
    elif found != expected:
        yield f"{path}: {_said(found)} there, {_said(expected)} here"


def _said(value: Any) -> str:
    return "absent" if value is None else bounded(value)
