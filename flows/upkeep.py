"""What people see of the store's upkeep: what was collected, what verify found, and runs whose outputs are gone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from pipeline import LocalStore, UsageError
from pipeline.progress import listening
from pipeline.record import RunRecord
from pipeline.store.collect import collect
from pipeline.store.reach import lost
from pipeline.store.scraps import Amount
from pipeline.store.verify import verify

from .display import display


def show_collected(store: LocalStore, keep: int, *, dry_run: bool, as_json: bool) -> None:
    """Collect, and print what stays and what went. Raises UsageError and StoreError."""
    with display() as shown, listening("gc", shown.progress):
        found = collect(store, keep=keep, dry_run=dry_run)
    if as_json:
        _print_document(found.document())
        return
    removed = found.removed
    freed = sum(amount.bytes for amount in removed.values())
    for note in found.notes:
        print(note)
    print(f"kept: {_objects(found.kept['objects'])}, {found.kept['actions'].files:,} actions, and every run record")
    print(
        f"{'would remove' if dry_run else 'removed'}: {_objects(removed['objects'])}, {removed['actions'].files:,} actions, "
        f"{removed['drafts'].files:,} drafts, {removed['locks'].files:,} idle locks"
    )
    for word, work in (("kept", found.kept["work"]), ("would go" if dry_run else "removed", removed["work"])):
        if work.files:
            print(
                f"{word}: {work.files:,} file{'' if work.files == 1 else 's'} ({_size(work.bytes)}) of steps that were not finished"
            )
    if found.aside.files:
        print(
            f"aside: {_objects(found.aside)} that were damaged lie in {store.root / 'aside'}; delete them when you have looked"
        )
    print(f"{_size(freed)} {'would be ' if dry_run else ''}freed")


def show_verified(store: LocalStore, *, as_json: bool) -> int:
    """Read everything, and print what was found; 5 when anything was damaged or missing."""
    with display() as shown, listening("verify", shown.progress):
        found = verify(store)
    if as_json:
        _print_document({"clean": found.clean} | asdict(found))
        return 0 if found.clean else 5
    for word, lines in (("damaged", found.damaged), ("missing", found.missing), ("foreign", found.foreign)):
        for line in lines:
            print(f"{word}: {line}")
    read = f"{_objects(Amount(found.objects, found.bytes))}, {found.actions:,} actions, {found.runs:,} runs"
    if found.clean:
        print(f"{read}: all as it was written" + (f"; {len(found.foreign):,} foreign" if found.foreign else ""))
        return 0
    print(f"{read}: {len(found.damaged):,} damaged, {len(found.missing):,} missing, {len(found.foreign):,} foreign")
    print(
        "next: brickwise run makes again what its pipeline needs, brickwise gc drops the rest, brickwise accept names another champion"
    )
    return 5


def require_whole(store: LocalStore, record: RunRecord) -> None:
    """Raise UsageError for a run whose outputs are not all there; they are pinned by looking."""
    store.pin(step.key for step in record.steps)
    for line in what_is_gone(store, record):
        raise UsageError(f"{line}; accept the new run")


def what_is_gone(store: LocalStore, record: RunRecord, step: str | None = None) -> Iterator[str]:
    """Of a run, or one step of it, whose outputs were collected or lost: one line that says so, and what makes them again."""
    steps = record.model_dump(mode="json", include={"steps"})["steps"]
    gone = lost(store, [one for one in steps if step in (None, one["name"])])
    if gone:
        again = " ".join(["brickwise run", record.origin or record.pipeline, *(f"--set {text}" for text in record.settings)])
        yield f"what {', '.join(gone)} of run {record.run_id} made was collected by gc, or lost; {again} makes it again"


def _objects(amount: Amount) -> str:
    return f"{amount.files:,} object{'' if amount.files == 1 else 's'} ({_size(amount.bytes)})"


def _size(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"


def _print_document(document: object) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
