"""Free space: looked at before a stage starts, since an hour of work that cannot be stored is an hour lost."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from .errors import DamagedError, StoreError
from .pipeline import Pipeline
from .publish import manifest
from .store import durable
from .store.local import LocalStore

RESERVE = 64 * 2**20  # bytes: what documents, drafts and the rest of the machine need in any case


def require_space(pipeline: Pipeline, store: LocalStore, name: str, above: Mapping[str, Mapping[str, str]]) -> None:
    """Raise StoreError when a step would probably fill the disk.

    Expected is as much as it wrote last time; of a first `map`, as much as it reads; and RESERVE beside.
    """
    last = store.ref(pipeline.name, f"step-{name}")
    action = store.action(last) if last else None
    if action is not None:
        expected = sum(_bytes(store, digest) for digest in action["outputs"].values())
    elif pipeline.ports[name].mapped:
        expected = sum(_bytes(store, above[w.step][w.port]) for wires in pipeline.wires[name].values() for w in wires)
    else:
        expected = 0
    require_bytes(store, expected, f"step {name!r}")


def require_bytes(store: LocalStore, expected: int, who: str) -> None:
    """Raise StoreError when so many bytes and RESERVE have no room in the store; `who` needs them."""
    with durable.named(store.root, "find out the free space of"):
        free = shutil.disk_usage(store.root).free
    if free < expected + RESERVE:
        raise StoreError(
            f"{who} needs about {_megabytes(expected + RESERVE)} in {store.root}, and {_megabytes(free)} are free; "
            f"free some (brickwise gc drops what old runs left), or choose another store with --store"
        )


def _bytes(store: LocalStore, digest: str) -> int:
    try:
        return sum(file["bytes"] for file in manifest(store, digest)["files"])
    except DamagedError:
        return 0


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
