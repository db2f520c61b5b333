"""Work: the folders of steps that are being made, `work/<key>/`; whoever changes one holds the lock of the key."""

from __future__ import annotations

import time
from pathlib import Path

from . import durable
from .layout import refuse_link
from .scraps import Amount, amount, drop, inside

KEPT = 7 * 86_400.0  # seconds that what a killed run left stays, for a run that goes on from it


def work_folder(root: Path, key: str) -> Path:
    """Where the work on a key lies. Raises StoreError for a link in its place."""
    folder = root / "work" / key
    refuse_link(folder.parent)
    refuse_link(folder)
    return folder


def work_files(folder: Path) -> list[Path]:
    """What was written there, sorted; links and folders, which nobody of ours makes, are passed over."""
    return [path for path in inside(folder) if durable.is_file(path)]


def all_work(root: Path) -> Amount:
    """What lies in all work folders."""
    return amount(path for folder in _folders(root) for path in work_files(folder))


def clear(folder: Path) -> Amount:
    """Remove the files and the folder; says what there was."""
    if durable.size(folder) is None:
        return Amount()
    gone = drop(work_files(folder))
    durable.remove_folder(folder)
    return gone


def is_over(root: Path, key: str) -> bool:
    """Whether the action was recorded after the last file was written: the work is done, and a kill has spared what is left of it."""
    recorded = durable.changed(root / "actions" / f"{key}.json")
    return recorded is not None and _newest(root / "work" / key) <= recorded


def idle_work(root: Path) -> Amount:
    """What lies in folders that no live run is in, and that nobody will go on from: the work is over, or too old."""
    return amount(path for folder in _idle(root) for path in work_files(folder))


def drop_idle_work(root: Path) -> Amount:
    """Remove it, each folder behind the lock of its key, which goes as well."""
    gone = Amount()
    for folder in _idle(root):
        with durable.lock_if_free(_lock(root, folder)) as free:
            if free and _may_go(root, folder):
                one = clear(folder)
                gone = Amount(gone.files + one.files, gone.bytes + one.bytes)
                durable.remove(_lock(root, folder))
    return gone


def _folders(root: Path) -> list[Path]:
    return [path for path in inside(root / "work") if path.is_dir() and not path.is_symlink()]


def _idle(root: Path) -> list[Path]:
    return [folder for folder in _folders(root) if _may_go(root, folder) and not durable.is_locked(_lock(root, folder))]


def _lock(root: Path, folder: Path) -> Path:
    return root / "locks" / f"{folder.name}.lock"


def _may_go(root: Path, folder: Path) -> bool:
    return is_over(root, folder.name) or time.time() - _newest(folder) > KEPT


def _newest(folder: Path) -> float:
    """When its last file was written; long ago where there is none."""
    return max((when for path in work_files(folder) if (when := durable.changed(path)) is not None), default=0.0)
