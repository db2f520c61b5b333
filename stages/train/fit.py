"""From a table to a trained model: columns to tensors, probes, the loop, the artifacts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from pipeline import StageError, Table, Vocabulary, report, workplace
from pipeline.digest import Json
from pipeline.settings import config as as_json
from pipeline.stopping import saving

from ..features.fitting import from_files
from .batches import Rows
from .checkpoint import differences, identity_of, keep, newest, restore
from .columns import column_of
from .device import choose_device, choose_type, settings
from .distributed import Share, local, shared
from .feed import Feed
from .finding import Finding
from .log import log_of
from .loop import Job, train
from .model import files_of, inputs_of, model_of
from .objectives import Objective, balanced, objective_of
from .probes import probe
from .stage import Train, Trained
from .state import State


def fit(config: Train, rows: Table[Any], vocabulary: Vocabulary) -> Trained:
    """Train on the rows of the training split, stop by those of the validation split."""
    device = local(choose_device(config.device))
    with settings(config), shared(device) as share:
        torch.manual_seed(config.seed)
        table = rows.read(["id", "split", config.target.column, *config.model.columns()])
        parts = _parts(table)
        truth = table[config.target.column]
        objective = objective_of(config.target, truth.take(pa.array(parts["train"])))

        fitted = from_files({name: vocabulary.read(name) for name in vocabulary.files})
        files = files_of(config.model, fitted)
        inputs = inputs_of(config.model, fitted, files)
        net = config.model.build(inputs, objective.width)
        config.model.begin(net, inputs)
        net = net.to(device)

        kinds = {column: branch.embed.takes for column, branch in config.model.columns().items()}
        columns = {column: column_of(kind, table[column]) for column, kind in kinds.items()}
        for column, found in columns.items():
            found.require(column, inputs[column].size)
        feed = Feed.of(columns, objective.read(truth), device)
        known = _known(objective, feed, parts["valid"], config.target.column)
        job = _job(config, objective, feed, parts, net, share)
        state = _begin(config, net, device)
        identity = {"config": as_json(config), "rows": rows.digest, "vocabulary": vocabulary.digest, "processes": share.size}
        if not _resumed(state, identity, share):
            _tell(config, state, [known, *probe(job, net, table)])
        with saving() as asked:
            train(job, state, asked, _keeper(identity, share))

        counts = {name: len(some) for name, some in parts.items()}
        model = model_of(
            net, config.model, objective, files, {"device": device.type, "rows": counts, "best_epoch": state.best_epoch + 1}
        )
        return Trained(model, log_of(config, state))


def _parts(table: pa.Table) -> dict[str, Rows]:
    """Row numbers of the training and validation split. Raises StageError where one has none."""
    split = np.asarray(table["split"].to_pylist())
    parts = {name: np.flatnonzero(split == name) for name in ("train", "valid")}
    if not len(parts["valid"]):
        raise StageError("no row is for validation, so that nothing says when to stop; give Split a larger valid share")
    if not len(parts["train"]):
        raise StageError("no row is for training; give Split smaller valid and test shares")
    return parts


def _known(objective: Objective, feed: Feed, rows: Rows, column: str) -> Finding:
    """How many validation rows have a truth that training knows. Raises StageError where none has."""
    known = objective.known(feed.truth)[torch.from_numpy(rows).to(feed.truth.device)]
    count = int(known.sum())
    if not count:
        raise StageError(
            f"none of the {len(rows):,} validation rows holds in column {column!r} what the training rows do, so that nothing says "
            f"when to stop; look at how Split groups"
        )
    return Finding("validation rows are known", count == len(rows), f"{count:,} of {len(rows):,}", "all")


def _job(config: Train, objective: Objective, feed: Feed, parts: dict[str, Rows], net: nn.Module, share: Share) -> Job:
    weights, draw = None, None
    if config.balance != "none":
        truth = feed.truth[torch.from_numpy(parts["train"]).to(feed.truth.device)]
        each = balanced(truth, objective)
        weights, draw = (each, None) if config.balance == "weights" else (None, each[truth].double().cpu().numpy())
    forward = torch.compile(net, dynamic=True) if config.compile else net
    dtype = choose_type(config.precision, feed.device)
    return Job(config, objective, feed, parts, weights, draw, dtype, forward, share)  # type: ignore[arg-type]  # compiled is a Module too


def _begin(config: Train, net: nn.Module, device: torch.device) -> State:
    learnt = [weight for weight in net.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=config.rate, weight_decay=config.decay, fused=device.type != "mps")
    scaler = torch.amp.GradScaler(device.type, enabled=choose_type(config.precision, device) == torch.float16)
    return State(net, optimizer, scaler)


def _resumed(state: State, identity: Json, share: Share) -> bool:
    """Whether an earlier attempt left a checkpoint, from which the state goes on."""
    place = workplace()
    data = share.bytes(newest(place) if place is not None and share.rank == 0 else None)
    if data is None:
        return False
    others = differences(identity_of(data), identity)
    if others and all(line.startswith("processes") for line in others):
        report(0, 0, f"note: what was stopped was trained by another number of processes ({others[0]}); it starts afresh")
        return False
    restore(state, data, identity)
    report(0, 0, f"note: goes on from step {state.step}, epoch {state.epoch + 1}, where it was stopped")
    return True


def _keeper(identity: Json, share: Share) -> Callable[[State], None]:
    """What writes a checkpoint, where there is a place for it: in the first process of a run."""
    place = workplace()
    return (lambda state: None) if place is None or share.rank else partial(keep, place, identity=identity)


def _tell(config: Train, state: State, found: list[Finding]) -> None:
    """Findings go into the log, and bad ones are said. Raises StageError for them where the config is strict."""
    state.findings += [one.document() for one in found]
    bad = [one for one in found if not one.ok]
    for one in bad:
        report(0, 0, f"note: {one}")
    if bad and config.strict:
        raise StageError(f"strict: {'; '.join(map(str, bad))}")
