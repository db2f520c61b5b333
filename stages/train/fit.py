"""From a table to a trained model: rows to the device, the loop, the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import torch

from pipeline import Model, StageError, Table, Vocabulary

from ..training_rows import require_two_classes
from .batches import TokenRows
from .loop import Data, choose_device, train
from .model import model_of

if TYPE_CHECKING:
    from .stage import Train


def fit(config: Train, rows: Table[Any], vocabulary: Vocabulary) -> Model:
    """Train on the rows of the training split, validate on those of the validation split."""
    device = choose_device(config.device)
    table = rows.read(["label", "split", "tokens"])
    parts = {name: table.filter(pc.equal(table["split"], name)) for name in ("train", "valid")}
    labels = parts["train"]["label"].to_pylist()
    require_two_classes(labels)
    if not parts["valid"].num_rows:
        raise StageError("no row is for validation, so that nothing says when to stop; give Split a larger valid share")
    classes = sorted(set(labels))
    data = {name: _data(part, classes, device) for name, part in parts.items()}
    trained = train(config, vocabulary.facts["size"], len(classes), data["train"], data["valid"])
    facts = {"device": device.type, "rows": {name: part.num_rows for name, part in parts.items()}}
    return model_of(trained, config.model, classes, vocabulary.read("tokenizer.json"), facts)


def _data(table: pa.Table, classes: list[str], device: torch.device) -> Data:
    numbers = pc.fill_null(pc.index_in(table["label"], value_set=pa.array(classes)), -1)
    rows = TokenRows.of(table["tokens"], device)
    labels = torch.from_numpy(numbers.to_numpy().astype("int64")).to(device)
    return Data(rows, labels, rows.lengths.cpu().numpy())
