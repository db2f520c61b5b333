"""A trained net to and from the store: safetensors, JSON, and the files of its vocabulary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from pipeline import Model, StageError
from pipeline.errors import bounded

from ..features.fitting import Pairs, compute, from_files, to_files
from ..parts import Net
from ..parts.base import Input, by_name
from ..predict import Predictor
from ..threads import alone
from .claims import backed
from .columns import column_of
from .feed import Feed
from .loop import predict
from .objectives import Array, Objective, outputs_of

CONFIG, WEIGHTS = "config.json", "weights.safetensors"
_ROWS = 64  # of a batch to predict on: on a CPU four times as fast as 256, whose padding and activations leave the caches


def inputs_of(net: Net, fitted: Pairs, files: Mapping[str, bytes]) -> dict[str, Input]:
    """What each branch is told of its column. files: those of the features and of the embeds, by column."""
    inputs = {}
    for column in net.columns():
        feature, found = fitted[column]
        own = {name.removeprefix(f"{column}."): data for name, data in files.items() if name.startswith(f"{column}.")}
        inputs[column] = Input(feature.kind, found.size, own)
    return inputs


def files_of(net: Net, fitted: Pairs) -> dict[str, bytes]:
    """What a stored net needs beside its config and weights: its features, and what its embeds are built from."""
    embeds = {
        f"{column}.{name}": data for column, branch in net.columns().items() for name, data in branch.embed.files().items()
    }
    return {**to_files({column: fitted[column] for column in net.columns()}), **embeds}


def model_of(
    module: nn.Module, config: Net, objective: Objective, files: Mapping[str, bytes], facts: Mapping[str, Any]
) -> Model:
    """The artifact: everything that a prediction from rows needs. files: as `files_of` gives them."""
    fitted = from_files(files)
    reads = sorted({column for name in config.columns() for column in fitted[name][0].sources()})
    weights = save({name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()})
    return Model(
        facts={
            "family": "net",
            **objective.facts,
            "outputs": objective.width,
            "reads": reads,
            "parameters": sum(weight.numel() for weight in module.parameters()),
            "bytes": len(weights),
            **facts,
        },
        files={**files, CONFIG: json.dumps(by_name(config), sort_keys=True).encode(), WEIGHTS: weights},
    )


def rebuild(model: Model) -> tuple[nn.Module, Net, Pairs]:
    """The net with its weights, its config and its features. Raises StageError for files that do not fit together."""
    files = {name: model.read(name) for name in model.files}
    try:
        document, weights = json.loads(files[CONFIG]), load(files[WEIGHTS])
        config = Net.model_validate(document)
        fitted = from_files(files)
        build = partial(config.build, inputs_of(config, fitted, files), model.facts["outputs"])
        module = backed(document, weights, build)
        module.load_state_dict(weights, assign=True)
        if any(part.is_meta for part in (*module.parameters(), *module.buffers())):  # a part keeps what is not stored
            with alone():
                module = build()
            module.load_state_dict(weights)
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise StageError(f"the model's files cannot be read as a net: {bounded(error, 400)}; make the model again") from error
    return module.eval(), config, fitted


def load_net(model: Model) -> Predictor:
    """Rebuild the net, on the CPU."""
    module, config, fitted = rebuild(model)

    def from_rows(rows: pa.Table) -> Array:
        made = compute(fitted, rows)
        kinds = {column: branch.embed.takes for column, branch in config.columns().items()}
        columns = {column: column_of(kind, pa.chunked_array([made[column]])) for column, kind in kinds.items()}
        cpu = torch.device("cpu")
        feed = Feed.of(columns, torch.zeros(rows.num_rows), cpu)
        return outputs_of(model.facts, predict(module, feed, feed.all(), _ROWS))

    return from_rows
