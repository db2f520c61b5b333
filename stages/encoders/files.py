"""The files of an encoder: found in a folder or in the cache of the Hugging Face hub, and nothing else of it read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import UsageError
from pipeline.digest import digest_file
from pipeline.errors import bounded
from pipeline.header import require_header

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer.json", "weights.safetensors"
_NAMES = {CONFIG: "config.json", TOKENIZER: "tokenizer.json", WEIGHTS: "model.safetensors"}  # ours -> theirs
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LARGE = 2**26  # bytes of a JSON file: the tokenizers of a hundred languages take a quarter of it


def encoder_files(name: str, revision: str = "main") -> dict[str, Path]:
    """Our name -> path of config.json, tokenizer.json and weights.safetensors.

    name: a folder, or `owner/model` of the Hugging Face hub, which is looked for in the hub's cache and never downloaded: no
    plan and no run goes to the network.  Python files, pickled weights and whatever else lies there are not looked at.
    Raises UsageError for a folder that lacks one of the three, a config that asks for code of its own, or weights whose header
    is none.
    """
    folder = _folder(name, revision)
    found = {ours: folder / theirs for ours, theirs in _NAMES.items()}
    for ours, path in found.items():
        if not path.is_file():
            raise UsageError(f"encoder {bounded(name)} has no {path.name}; {_way_out(ours, folder)}")
        if ours != WEIGHTS and path.stat().st_size > _LARGE:
            raise UsageError(
                f"encoder {bounded(name)}: {path.name} has {path.stat().st_size:,} bytes, expected at most {_LARGE:,}"
            )
    read_config(found[CONFIG].read_bytes(), name)
    require_header(found[WEIGHTS])
    return found


def encoder_digests(name: str, revision: str = "main") -> dict[str, str]:
    """Our name -> digest of each file: what a stage says in `outside()`. Raises UsageError as `encoder_files`."""
    return {ours: digest_file(path) for ours, path in encoder_files(name, revision).items()}


def read_encoder(name: str, revision: str = "main") -> dict[str, bytes]:
    """Our name -> bytes of each file: what a stored model keeps, to predict without the folder."""
    return {ours: path.read_bytes() for ours, path in encoder_files(name, revision).items()}


def read_config(data: bytes, name: str = "") -> Mapping[str, Any]:
    """A config.json as a document. Raises UsageError for one that is none, or names code (`auto_map`) to be loaded with it."""
    try:
        config = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"encoder {bounded(name)}: config.json is no JSON: {bounded(str(error))}") from None
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise UsageError(
            f"encoder {bounded(name)}: config.json is no object with a model_type; save the model with transformers"
        )
    if "auto_map" in config:
        raise UsageError(
            f"encoder {bounded(name)} brings code of its own (auto_map: {bounded(config['auto_map'])}), which is never run; "
            f"take a model whose architecture transformers knows"
        )
    return config


def width_of(config: bytes, name: str = "") -> int:
    """H, the width of its vectors, before anything is built. Raises UsageError for a config that does not say."""
    document = read_config(config, name)
    width = document.get("hidden_size", document.get("dim"))
    if not isinstance(width, int) or width < 1:
        raise UsageError(
            f"encoder {bounded(name)}: config.json says hidden_size {bounded(width)}, expected a whole number above 0"
        )
    return width


def _folder(name: str, revision: str) -> Path:
    """Where the files lie. The hub's cache has models--owner--model/{refs/<revision>, snapshots/<commit>/}."""
    if Path(name).is_dir():
        return Path(name)
    if not _HUB.fullmatch(name):
        raise UsageError(f"encoder {bounded(name)} is no folder; expected one, or owner/model of the Hugging Face hub")
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    model = Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{name.replace('/', '--')}"
    branch = model / "refs" / revision
    commit = branch.read_text(encoding="utf-8").strip() if branch.is_file() else revision
    folder = model / "snapshots" / commit
    if not folder.is_dir():
        raise UsageError(
            f"encoder {bounded(name)} is no folder, and its revision {bounded(revision)} is not in the hub's cache; fetch it once: "
            f"hf download {name} {' '.join(_NAMES.values())} --revision {revision}"
        )
    return folder


def _way_out(ours: str, folder: Path) -> str:
    if ours == WEIGHTS and any(folder.glob("*.bin")):
        return "pickled weights (*.bin) can run code and are never read; save it with safe_serialization=True"
    if ours == WEIGHTS and any(folder.glob("*.index.json")):
        return "weights in several files are not read; save it in one"
    return "expected a model saved by transformers, with a fast tokenizer"
