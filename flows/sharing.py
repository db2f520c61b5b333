"""Push and pull as commands: progress on standard error, what was copied on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline import LocalStore
from pipeline.progress import listening
from pipeline.sharing.pull import pull
from pipeline.sharing.push import push
from pipeline.sharing.share import Shared

from .display import display


def push_to(url: str, store: LocalStore, *, verify: bool, as_json: bool) -> None:
    """Push, and tell what was copied. Raises StoreError at last for what was damaged here."""
    with _shown("push"):
        shared = push(store, url, verify=verify)
    _tell(shared, as_json)


def pull_from(url: str, store: LocalStore, *, as_json: bool) -> None:
    """Pull, and tell what was copied. Raises StoreError at last for what was damaged at the remote."""
    with _shown("pull"):
        shared = pull(store, url)
    _tell(shared, as_json)


@contextmanager
def _shown(command: str) -> Iterator[None]:
    """Bars on a terminal, a line for each kind of thing elsewhere."""
    with display() as shown:

        def hear(step: str, done: int, total: int, note: str) -> None:
            shown.progress(step, done, total, note if sys.stderr.isatty() else f"{note}: {total:,}")

        with listening(command, hear):
            yield


def _tell(shared: Shared, as_json: bool) -> None:
    if as_json:
        json.dump(shared.document(), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        print("\n".join(_lines(shared)))
    sys.stdout.flush()
    shared.require_whole()


def _lines(shared: Shared) -> Iterator[str]:
    to, there = ("to", "there") if shared.command == "push" else ("from", "here")
    counts = [f"{shared.copied[kind]:,} {kind}" for kind in ("objects", "actions", "runs")]
    size = shared.copied["bytes"] / 2**20
    if sum(shared.copied.values()):
        yield f"{', '.join(counts)} ({size:,.1f} MiB) copied {to} {shared.url}, {shared.there['objects']:,} objects were {there}"
    else:
        yield f"nothing to copy {to} {shared.url}: {shared.there['runs']:,} runs and all that they need are {there}"
    if shared.replaced:
        yield f"{len(shared.replaced):,} of what was {there} was damaged and has been replaced"
    if shared.left_out:
        yield f"{len(shared.left_out):,} documents were left out, since objects that they need could not be had"
    for kept in shared.champions_kept:
        yield f"the champion of {kept['pipeline']} {there} is {kept['kept']} and stays, not {kept['other']}"
