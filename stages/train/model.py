"""A trained net to and from the store: safetensors, JSON and a tokenizer.json."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from safetensors.torch import load, save

from pipeline import Model

from ..predict import Predictor
from ..tokens import encode, tokenizer_from
from .batches import TokenRows
from .loop import Trained, predict
from .parts import Part, TextNet


def model_of(trained: Trained, config: TextNet, classes: list[str], tokenizer: bytes, facts: dict[str, Any]) -> Model:
    """The artifact: everything that a prediction from text needs."""
    weights = {name: tensor.contiguous().cpu() for name, tensor in trained.net.state_dict().items()}
    return Model(
        facts={
            "family": "net",
            "classes": classes,
            "parameters": sum(p.numel() for p in trained.net.parameters()),
            "history": trained.history,
            "best_epoch": trained.best_epoch,
            **facts,
        },
        files={
            "config.json": json.dumps({"TextNet": by_name(config)}, sort_keys=True).encode(),
            "tokenizer.json": tokenizer,
            "weights.safetensors": save(weights),
        },
    )


def load_net(model: Model) -> Predictor:
    """Rebuild the net from its config and weights, on the CPU."""
    tokenizer = tokenizer_from(model.read("tokenizer.json"))
    config = TextNet.model_validate(json.loads(model.read("config.json")))
    net = config.build(tokenizer.get_vocab_size(), len(model.facts["classes"]))
    net.load_state_dict(load(model.read("weights.safetensors")))

    def from_rows(given: pa.Table) -> np.ndarray[Any, Any]:
        tokens = pa.array(encode(tokenizer, given["text"].to_pylist()), pa.list_(pa.int64()))
        rows = TokenRows.of(pa.chunked_array([tokens]), torch.device("cpu"))
        logits = predict(net, rows, rows.lengths.numpy())
        return logits.double().softmax(1).numpy()

    return from_rows


def by_name(part: Part) -> dict[str, Any]:
    """Fields of a part, each inner part as {its class: its fields}: a class is looked up by name, never imported."""
    return {name: {type(value).__name__: by_name(value)} if isinstance(value, Part) else value for name, value in part}
