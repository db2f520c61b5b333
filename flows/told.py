"""What a run tells others once it is over: files for continuous integration, and servers that follow runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline import LocalStore, UsageError
from pipeline.record import RunRecord, load_run


def with_receipts(record: RunRecord, store: LocalStore) -> RunRecord:
    """A run that is up to date has judged nothing anew: the receipts are those of the run that it is the same as."""
    if record.status != "up-to-date" or record.run_id is None:
        return record
    earlier = {step.name: step for step in load_run(store, record.run_id).steps}
    known = (
        step.model_copy(update={"receipts": earlier[step.name].receipts, "overridden": earlier[step.name].overridden})
        if step.name in earlier
        else step
        for step in record.steps
    )
    return record.model_copy(update={"steps": tuple(known)})


def require_place(*files: Path | None) -> None:
    """Raise UsageError for a file that cannot be written, before anything runs."""
    for file in files:
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            raise UsageError(
                f"cannot write {file}: {'it is a folder' if file.is_dir() else 'its folder is not there'}; name a file"
            )


def tell(record: RunRecord, store: LocalStore, junit: Path | None = None, markdown: Path | None = None) -> None:
    """Write the files that were asked for, and tell the servers that the environment names; none of these fails the run.

    Raises UsageError for a file that cannot be written.
    """
    if junit is not None:
        from .junit import junit as as_junit

        _write(junit, as_junit(record, store))
    if markdown is not None:
        from .summary import summary

        _write(markdown, summary(record, store))
    if record.status == "up-to-date":  # it has been told
        return
    if os.environ.get("MLFLOW_TRACKING_URI"):
        from .tracking import log_run

        for line in log_run(record, store):
            print(f"brickwise: warning: {line}", file=sys.stderr, flush=True)
    if os.environ.get("PREFECT_API_URL"):
        from .prefect_headline import show_headline

        for line in show_headline(record):
            print(f"brickwise: warning: {line}", file=sys.stderr, flush=True)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}; name another file") from error
