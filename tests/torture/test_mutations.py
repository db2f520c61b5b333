"""Seeded mutations of everything stored: each is known at the next read, no wrong byte is served, and a run makes anew what it can.

Mutated are objects (fragments, manifests, files of artifacts, quarantines), actions and run records.  A mutated thing is read through
what serves it: the artifacts that hold an object, `store.action`, `store.run`.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pipelines import built, load_all, objects_of, results, sources

from pipeline import DamagedError, LocalStore, StoreError, runner

SHORT = {"mutations": 300, "run every": 15}
FULL = {"mutations": 10_000, "run every": 10}


def flip(dice: random.Random, data: bytes, other: bytes) -> bytes:
    at = dice.randrange(8 * len(data))
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


def truncate(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def zero_tail(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(len(data))].ljust(len(data), b"\0")


def swap_same_length(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return (other * (len(data) // len(other) + 1))[: len(data)]


def swap_whole(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return other


def insert(dice: random.Random, data: bytes, other: bytes) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice([b" ", b"\n", b"\0", b"{}"]) + data[at:]


KINDS: tuple[Callable[[random.Random, bytes, bytes], bytes], ...] = (
    flip, truncate, zero_tail, swap_same_length, swap_whole, insert,
)  # fmt: skip


class Kept:
    """A store after two runs, and the ways to read each of its files."""

    def __init__(self, tmp: Path) -> None:
        self.folder = sources(tmp / "source files")
        self.root = tmp / "store"
        self.runs = [(p, runner.run(p, LocalStore(self.root))) for p in (built(self.folder), built(self.folder, base=3))]
        self.served = [load_all(pipeline, LocalStore(self.root), record) for pipeline, record in self.runs]
        store = LocalStore(self.root)
        self.documents: dict[Path, Any] = {}
        self.holders: dict[str, set[int]] = {}
        for key in store.action_keys():
            self.documents[self.root / "actions" / f"{key}.json"] = store.action(key)
        for run in store.run_ids():
            self.documents[self.root / "runs" / f"{run}.json"] = store.run(run)
        for number, (_, record) in enumerate(self.runs):
            for step in record.steps:
                for digest in objects_of(store, step.model_dump()):
                    self.holders.setdefault(digest, set()).add(number)
        self.objects = sorted((self.root / "objects").glob("*/*"))
        self.bytes = {path: path.read_bytes() for path in (*self.objects, *self.documents)}

    def neighbours(self, path: Path) -> list[Path]:
        """Files that could be mistaken for it: those of its folder, of objects all others."""
        same = self.objects if path in self.objects else [other for other in self.documents if other.parent == path.parent]
        return [other for other in same if self.bytes[other] != self.bytes[path]]

    def read(self, path: Path, touched: Iterable[Path]) -> str:
        """What a reader of the file meets: `known` or what is wrong. touched: all files that were mutated."""
        store = LocalStore(self.root)
        if path in self.documents:
            try:
                found = store.action(path.stem) if path.parent.name == "actions" else store.run(path.stem)
            except StoreError:
                return "known"
            return "known" if found is None else f"served {found} for {self.documents[path]}"
        digests = [file.parent.name + file.name for file in touched]
        for number in self.holders.get(path.parent.name + path.name, set()):
            pipeline, record = self.runs[number]
            try:
                load_all(pipeline, store, record)
                return "served as if nothing had been"
            except DamagedError as error:
                if error.digest not in digests:
                    return f"said of another object: {error}"
        try:
            return f"served {store.get(path.parent.name + path.name)!r}"
        except DamagedError:
            return "known"

    def restore(self) -> None:
        """Everything as it was."""
        for path, data in self.bytes.items():
            if not path.exists() or path.stat().st_size != len(data) or path.read_bytes() != data:
                write(path, data)
        shutil.rmtree(self.root / "aside", ignore_errors=True)


def write(path: Path, data: bytes) -> None:
    """In place, as a disk that errs does."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("mutated"))


def test_every_mutation_is_known_at_the_next_read_and_a_run_heals_it(kept, monkeypatch, full):
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the disk is not the subject here
    form, dice = FULL if full else SHORT, random.Random(11)
    files = sorted(kept.bytes)
    counts: Counter[str] = Counter()
    wrong = []
    while counts["mutations"] < form["mutations"]:
        path, kind = dice.choice(files), dice.choice(KINDS)
        data = kept.bytes[path]
        neighbours = kept.neighbours(path)
        if not data or not neighbours:
            continue
        other = dice.choice(neighbours)
        mutated = kind(dice, data, kept.bytes[other])
        if mutated == data:
            continue
        counts["mutations"] += 1
        touched = {path: mutated}
        if kind is swap_whole:
            touched[other] = data
        for file, content in touched.items():
            write(file, content)
        for file in touched:
            said = kept.read(file, touched)
            if said != "known":
                wrong.append(f"{kind.__name__} of {file.relative_to(kept.root)}: {said}"[:400])
        if counts["mutations"] % form["run every"] == 0:
            counts["runs"] += 1
            wrong += [f"{kind.__name__} of {list(touched)}: {what}" for what in healed(kept, list(touched))]
        kept.restore()
    assert not wrong, "\n".join(wrong[:20]) + f"\n{len(wrong)} of {counts}"
    print("mutations", dict(counts), "of", len(files), "files")  # noqa: T201  # `make torture` shows it


def healed(kept: Kept, touched: list[Path]) -> list[str]:
    """What is wrong after the pipelines were run on a store whose damage was met."""
    wrong = []
    before = set(kept.root.glob("runs/*"))
    for (pipeline, first), served in zip(kept.runs, kept.served, strict=True):
        record = runner.run(pipeline, LocalStore(kept.root))
        if results(record) != results(first) or load_all(pipeline, LocalStore(kept.root), record) != served:
            wrong.append(f"run gave {record.status} {results(record)}")
    lost = [path for path in touched if not path.exists() or path.read_bytes() != kept.bytes[path]]
    wrong += [f"{path} was not made again" for path in lost if needed(kept, path)]
    for path in set(kept.root.glob("runs/*")) - before - set(kept.bytes):
        path.unlink()
    return wrong


def needed(kept: Kept, path: Path) -> bool:
    """Whether a run looks at it: what is recorded of one item or fragment is looked at when its step is stale, a run's record never."""
    if path in kept.objects:
        return path.parent.name + path.name in kept.holders
    document = kept.documents[path]
    return "parts" in document or "receipt" in document
