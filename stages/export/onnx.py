"""ONNX: a trained net as a graph that onnxruntime runs with no torch, proved to say the same before it is given away.

B rows, L positions, K characters, W numbers, C outputs; every B, L and K is free.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from pipeline import Model, StageError
from pipeline.digest import Json
from pipeline.errors import bounded

from ..parts.base import Input, Kind
from ..train.model import inputs_of, rebuild
from ..train.objectives import said
from .cells import with_onnx_cells

try:
    import onnx
    import onnxruntime
    import onnxscript  # noqa: F401  # torch's exporter needs it, and says so less plainly
except ImportError as error:
    raise StageError("an ONNX export needs onnx, onnxscript and onnxruntime; install brickwise[onnx]") from error

TOLERANCE = 1e-4  # of a score, beside torch
_OPSET = 20
_LONGEST = 40
_TRACED = (3, 5, 4)  # B, L, K of the batch that is traced; none is 1, which the exporter would take for fixed
_TRIED = ((1, 1, 1), (2, 9, 3), (5, 2, 7), (4, _LONGEST, 2))  # B, L, K of the batches that are compared


class _Answering(nn.Module):
    """A net whose columns come one by one, and what its scores say."""

    def __init__(self, net: nn.Module, columns: tuple[str, ...], facts: Mapping[str, Json]) -> None:
        super().__init__()
        self.net, self.columns, self.facts = net, columns, facts

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        """Each column's batch -> [B, C], and [B, classes] or [B, 1]"""
        scores = self.net(dict(zip(self.columns, given, strict=True)))
        return scores, said(self.facts, scores)


def to_onnx(model: Model) -> bytes:
    """The net of a stored model as an ONNX file.

    Inputs: one a column of features, as `Vectorize` makes it: [B, L] int64, [B, L, K] int64 or [B, W] float, padded with 0 on the right.
    Outputs: `scores` [B, C], and what they say, `probabilities` [B, classes], or `number` [B, 1] for a target that is one.  Its metadata
    holds `target` and `classes`, as JSON.  Raises StageError for a model that is no net, for a net that the exporter does not take, and
    where onnxruntime differs from torch by more than 1e-4 on any of several batches.
    """
    if model.facts.get("family") != "net":
        raise StageError(f"model family {bounded(model.facts.get('family'))!r} is no net, and ONNX is for nets alone")
    net, config, fitted = rebuild(model)
    inputs = inputs_of(config, fitted, {name: model.read(name) for name in model.files})
    lengths = [feature.max_tokens for feature, _ in fitted.values() if hasattr(feature, "max_tokens")]
    return export(net, inputs, model.facts, longest=min(lengths, default=_LONGEST))


def export(net: nn.Module, inputs: Mapping[str, Input], facts: Mapping[str, Json], *, longest: int = _LONGEST) -> bytes:
    """A net in eval mode as an ONNX file. inputs: what each column is. facts: target and classes. longest: L that it may be given.

    Raises StageError as `to_onnx`.
    """
    random = torch.Generator().manual_seed(0)
    answer = "number" if facts["target"]["kind"] == "number" else "probabilities"
    try:
        with _quiet():
            program = torch.onnx.export(
                _Answering(with_onnx_cells(net), tuple(inputs), facts).eval(),
                tuple(_batch(given, _TRACED, random) for given in inputs.values()),
                input_names=list(inputs),
                output_names=["scores", answer],
                dynamic_shapes=(tuple(_free(name, given.kind) for name, given in inputs.items()),),
                opset_version=_OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # the exporter raises all kinds
        raise StageError(f"torch's exporter does not take this net: {bounded(str(error), 400)}") from error
    if program is None:
        raise StageError("torch's exporter gave nothing")
    made = program.model_proto
    _forget_where_it_was_made(made)
    onnx.helper.set_model_props(made, {name: json.dumps(facts[name]) for name in ("target", "classes")})
    data: bytes = made.SerializeToString(deterministic=True)
    _require_same(data, _Answering(net, tuple(inputs), facts), inputs, [(b, min(n, longest), k) for b, n, k in _TRIED], random)
    return data


@torch.no_grad()
def _require_same(
    data: bytes, net: _Answering, inputs: Mapping[str, Input], shapes: Iterable[tuple[int, int, int]], random: torch.Generator
) -> None:
    """Raise StageError unless onnxruntime gives what torch gives, on batches of several shapes."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    for shape in shapes:
        given = {name: _batch(one, shape, random) for name, one in inputs.items()}
        expected = [tensor.numpy() for tensor in net(*given.values())]
        try:
            found = session.run(None, {name: one.numpy() for name, one in given.items()})
        except Exception as error:  # onnxruntime raises kinds of its own
            raise StageError(f"onnxruntime cannot run the net on {_said(shape)}: {bounded(str(error), 300)}") from error
        for one, right in zip(found, expected, strict=True):
            worst = float(np.abs(one - right).max()) if one.shape == right.shape else float("inf")
            if not worst <= TOLERANCE * max(1.0, float(np.abs(right).max())):
                raise StageError(
                    f"the exported net differs from torch by {worst:.2g} on {_said(shape)}, expected at most {TOLERANCE:g}; "
                    f"it was not written"
                )


def _forget_where_it_was_made(model: onnx.ModelProto) -> None:
    """The exporter notes lines of source files, by their paths on this machine."""
    for graph in [model.graph, *model.functions]:
        for noted in [graph, *graph.node, *getattr(graph, "value_info", ())]:
            noted.ClearField("metadata_props")
            noted.ClearField("doc_string")
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        value.ClearField("metadata_props")


def _said(shape: tuple[int, int, int]) -> str:
    return "{} rows of {} positions and {} characters".format(*shape)


def _free(name: str, kind: Kind) -> dict[int, object]:
    axes = {"tokens": ("length",), "characters": ("length", "characters"), "numbers": ()}[kind]
    named = {position: torch.export.Dim(f"{name}_{axis}") for position, axis in enumerate(axes, start=1)}
    return {0: torch.export.Dim("rows"), **named}


def _batch(given: Input, shape: tuple[int, int, int], random: torch.Generator) -> Tensor:
    """Rows of any length up to the whole, the first one whole, padded on the right."""
    rows, length, characters = shape
    if given.kind == "numbers":
        return torch.randn(rows, given.size, generator=random)
    axes = (rows, length) if given.kind == "tokens" else (rows, length, characters)
    batch = torch.randint(1, max(given.size, 2), axes, generator=random)
    lengths = torch.randint(1, length + 1, (rows,), generator=random)
    lengths[0] = length
    real = torch.arange(length) < lengths.unsqueeze(1)  # [B, L]
    return batch * (real if given.kind == "tokens" else real.unsqueeze(2))


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of its steps and of what it passes over; what matters is whether the scores agree."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
