"""The command `docs`: gather, render, and write a folder."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import LocalStore, UsageError

from ..hints import command

if TYPE_CHECKING:
    from .gather import StepPage
    from .subject import Subject

_MARK = b'<meta name="generator" content="brickwise docs">'
_HEAD = 1_000  # bytes within which a page of ours says so


def show_docs(store: LocalStore, named: str | None, folder: Path, *, as_json: bool) -> None:
    """Write the pages of a run or a pipeline to a folder, and say where they are.

    Pages of an earlier time are replaced.  Raises UsageError for a folder that holds anything else.
    """
    from .subject import subject

    _require_ours(folder)
    found = subject(store, named)
    from .gather import gather  # measuring and drawing take a second to import
    from .render import index, step_page

    with store.lease():
        pages = [gather(store, step) for step in found.steps]
    files: dict[str, str] = {"index.html": index(found, pages, next_command=_next(store, found))}
    for page in pages:
        export = command(store, "quarantine", "export", found.target, page.step.name)
        files[page.file] = step_page(found, page, export=export)
        for port in page.ports:
            if port.profile is not None:
                files[page.profile_file(port)] = json.dumps(port.profile, indent=1, ensure_ascii=False)
    try:
        _write(folder, files)
    except OSError as error:
        raise UsageError(f"cannot write pages to {folder}: {error.strerror or error}; name another folder with --to") from error
    if as_json:
        json.dump(_document(found, pages, folder), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    tables = sum(port.profile is not None for page in pages for port in page.ports)
    print(f"{found.pipeline}: {len(files)} files, {tables} tables described, in {folder}")
    print(f"next: open {(folder / 'index.html').absolute().as_uri()}")


def _document(found: Subject, pages: list[StepPage], folder: Path) -> dict[str, Any]:
    return {
        "pipeline": found.pipeline,
        "run_id": found.run_id,
        "folder": str(folder),
        "index": str(folder / "index.html"),
        "steps": [
            {"name": page.step.name, "status": page.step.status, "page": page.file, "checks": page.tally}
            | {"profiles": {port.name: port.profile for port in page.ports if port.profile is not None}}
            for page in pages
        ],
    }


def _next(store: LocalStore, found: Subject) -> str:
    settings = [word for setting in found.settings for word in ("--set", setting)]
    return command(store, "run", found.target, *settings)


def _require_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"--to {folder} is no folder")
    files = sorted(folder.iterdir())
    known = any(path.name == "index.html" and _ours(path) for path in files)  # a profile's name alone could be anybody's
    foreign = [path.name for path in files if not (known and _ours(path))]
    if foreign:
        raise UsageError(
            f"--to {folder} holds {foreign[0]!r}, which is no page of brickwise docs; name a new folder, or one of its own"
        )


def _ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    if path.suffix == ".json":
        return path.name.startswith("profile-")
    with path.open("rb") as file:
        return path.suffix == ".html" and _MARK in file.read(_HEAD)


def _write(folder: Path, files: dict[str, str]) -> None:
    """Each file whole or not at all, and nothing of an earlier time beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        draft = folder / f"profile-{secrets.token_hex(8)}.json"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / name)
    for path in folder.iterdir():
        if path.name not in files and _ours(path):
            path.unlink()
