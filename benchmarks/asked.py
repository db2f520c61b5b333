"""The questions of `questions.py`: each an option to what `--set` would set on the training step, without the step's name.

Options are made of the pipeline's own net, so that a question changes what it asks about and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stages import Branch, MixedNet, OneOf, Train

Options = Mapping[str, tuple[str, ...]]

_DECAY, _SMOOTHING = 0.1, 0.1  # of weights, and of labels, where they are asked about


@dataclass(frozen=True)
class Question:
    """options: of a training step, or none where the question says nothing of it."""

    asks: str
    options: Callable[[Train], Options]


def _encoders(train: Train) -> Options:
    return {"LSTM": _all(train, "encode", "Lstm"), "GRU": _all(train, "encode", "Gru")}


def _written(train: Train) -> Options:
    return {"library": _all(train, "encode", "Lstm"), "written out": _all(train, "encode", "LstmWritten")}


def _decoders(train: Train) -> Options:
    return {
        "max": _all(train, "attend", "Max"),
        "mean": _all(train, "attend", "Mean"),
        "LSTM": _all(train, "attend", "ReadLstm"),
    }


def _initialisations(train: Train) -> Options:
    return {name: (f"model.initialise={name}",) for name in ("default", "xavier_uniform", "kaiming_normal", "orthogonal")}


def _precisions(train: Train) -> Options:
    return {name: (f"precision={name}",) for name in ("fp32", "bf16")}


def _sizes(train: Train) -> Options:
    widths = [
        (f"{path}.{slot}.{name}", getattr(getattr(branch, slot), name))
        for path, branch in _branches(train)
        for slot, name in (("embed", "width"), ("encode", "hidden"), ("encode", "channels"), ("attend", "hidden"))
        if hasattr(getattr(branch, slot), name) and not (slot == "embed" and train.model.begun())
    ]
    sizes = {"half as wide": 0.5, "as it is": 1, "twice as wide": 2}
    return {size: tuple(f"{path}={max(1, int(times * width))}" for path, width in widths) for size, times in sizes.items()}


def _regularisations(train: Train) -> Options:
    dropout, no_dropout = _dropouts(train), tuple(f"{name.partition('=')[0]}=0" for name in _dropouts(train))
    smooth = isinstance(train.target, OneOf)
    plain = (*no_dropout, "decay=0", *(("target.smoothing=0",) if smooth else ()))
    options = {
        "none": plain,
        "dropout": (*plain, *dropout),
        "weight decay": (*plain, f"decay={_DECAY}"),
        "label smoothing": (*plain, f"target.smoothing={_SMOOTHING}"),
        "dropout and decay": (*plain, *dropout, f"decay={_DECAY}"),
    }
    return options if smooth else {name: settings for name, settings in options.items() if name != "label smoothing"}


QUESTIONS: Mapping[str, Question] = {
    "encoder": Question("LSTM or GRU?", _encoders),
    "regularisation": Question("Which regularisation?", _regularisations),
    "decoder": Question("Max, mean or LSTM as decoder?", _decoders),
    "initialisation": Question("Which initialisation?", _initialisations),
    "written": Question("A library LSTM or one written out?", _written),
    "precision": Question("Lower precision?", _precisions),
    "size": Question("A larger net?", _sizes),
}


def _branches(train: Train) -> Iterator[tuple[str, Branch]]:
    """The branches of the net that read sequences, each with its path in the config."""
    net: Any = train.model
    for name, branch in net.columns().items():
        if branch.embed.takes != "numbers":
            yield f"model.branches.{name}" if isinstance(net, MixedNet) else "model", branch


def _all(train: Train, slot: str, part: str) -> tuple[str, ...]:
    return tuple(f"{path}.{slot}={json.dumps({part: {}})}" for path, _ in _branches(train))


def _dropouts(train: Train) -> tuple[str, ...]:
    """Every dropout of the net as it is, or as its part has it by default where the net has none."""
    parts = [(f"{path}.{slot}", getattr(branch, slot)) for path, branch in _branches(train) for slot in ("embed", "encode")]
    parts.append(("model.predict", train.model.predict))
    return tuple(
        f"{path}.dropout={part.dropout or type(part).model_fields['dropout'].default}"
        for path, part in parts
        if hasattr(part, "dropout")
    )
