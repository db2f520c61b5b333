"""What people see of the store's upkeep: what was collected, and what verify found."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from pipeline import LocalStore
from pipeline.progress import listening
from pipeline.store.collect import collect
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
    read += f", {found.accepts:,} accepts" if found.accepts else ""
    if found.clean:
        print(f"{read}: all as it was written" + (f"; {len(found.foreign):,} foreign" if found.foreign else ""))
        return 0
    print(f"{read}: {len(found.damaged):,} damaged, {len(found.missing):,} missing, {len(found.foreign):,} foreign")
    print(
        "next: brickwise run makes again what its pipeline needs, brickwise gc drops the rest, brickwise accept names another champion"
    )
    return 5


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
