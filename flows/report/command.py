"""The command `report`: gather, render, and write one file."""

from __future__ import annotations

import json
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import LocalStore, UsageError

from ..hints import command, rerun

if TYPE_CHECKING:
    from pipeline.record import RunRecord

    from .page import Page

_MARK = b'<meta name="generator" content="brickwise report">'
_RUN = re.compile(r"[0-9T]+\.[0-9]+-[0-9a-f]+")
_HEAD = 1_000  # bytes within which a report of ours says so


def show_report(store: LocalStore, named: str | None, other: str | None, to: Path | None, *, as_json: bool) -> None:
    """Write the report of a run, by default the newest against the run it was compared with, and say where it is.

    Raises UsageError for runs that are not there or of two pipelines, and for a file that holds anything else.
    """
    from ..pages.subject import file_name
    from .difference import runs

    record, earlier, gone = runs(store, named, other)
    run = str(record.run_id)  # as digits, of which a pipeline's name has none in front
    file = to or Path(f"report-{file_name(record.pipeline)}-{run if _RUN.fullmatch(run) else file_name(run)}.html")
    _require_ours(file)
    from .page import page  # reading and drawing take a second to import
    from .render import render

    with store.lease():
        found = page(store, record, earlier, gone)
        text = render(found, _commands(store, record, earlier))
    try:
        _write(file, text)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}; name another file with --to") from error
    if as_json:
        json.dump(_document(found, file), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    print(
        f"{record.pipeline}: run {record.run_id}{f' against {earlier.run_id}' if earlier else ''}: {found.verdict.word.lower()}"
    )
    print(f"next: open {file.absolute().as_uri()}")


def _document(found: Page, file: Path) -> dict[str, object]:
    rows = found.part("predictions").found
    return {
        "pipeline": found.record.pipeline,
        "run_id": found.record.run_id,
        "against": found.earlier.run_id if found.earlier else None,
        "verdict": found.verdict.tone if found.verdict.tone != "none" else None,
        "file": str(file),
        "bytes": file.stat().st_size,
        "rows": len(rows.ids) if rows else 0,
        "missing": {name: part.why for name, part in found.parts.items() if part.why}
        | ({"evaluation": found.source.gone} if found.source.gone else {}),
    }


def _commands(store: LocalStore, record: RunRecord, earlier: RunRecord | None) -> dict[str, str]:
    ids = [str(one.run_id) for one in (earlier, record) if one]
    against = ["--against", str(earlier.run_id)] if earlier else []
    found = {
        "run it again": rerun(store, record.origin or record.pipeline, record.settings),
        "make this report": command(store, "report", str(record.run_id), *against),
    }
    return found | ({"compare the runs": command(store, "diff", *ids)} if earlier else {})


def _require_ours(file: Path) -> None:
    if not file.exists() and not file.is_symlink():
        return
    if file.is_symlink() or not file.is_file():
        raise UsageError(f"--to {file} is no plain file; name another one")
    with file.open("rb") as opened:
        if _MARK not in opened.read(_HEAD):
            raise UsageError(f"--to {file} is there and is no report of brickwise; name another file")


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    draft = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
