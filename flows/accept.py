"""`accept`: a run made the champion, on record; and what people see of that record."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime

from pipeline import LocalStore
from pipeline.accept import Acceptance, accept, acceptances
from pipeline.errors import bounded
from pipeline.record import RunRecord, load_run

from .tables import let_pass


def accept_run(store: LocalStore, run: str, why: str, *, as_json: bool) -> None:
    """Make a run the champion, and say so. Raises UsageError, and GateError where a gate is not met and no reason is given."""
    record = load_run(store, run)
    found = accept(store, record, why)
    if as_json:
        json.dump(found.model_dump(mode="json"), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    after = f", after {found.previous}" if found.previous not in (None, found.run_id) else ""
    print(f"run {found.run_id} is now the champion of {found.pipeline}{after}")
    for line in (*let_pass(record.steps), *(f"LET PASS: {one}: {found.why}" for one in found.unmet)):
        print(line)


def accepted(store: LocalStore, record: RunRecord) -> list[Acceptance]:
    """Each time that a run was accepted, the oldest first."""
    return acceptances(store, [str(record.run_id)]).get(str(record.run_id), [])


def accepted_lines(found: Iterable[Acceptance]) -> Iterable[str]:
    """One line for each acceptance of a run: when, after whom, why, and what that let pass."""
    for one in found:
        when = f"{datetime.fromisoformat(one.when):%Y-%m-%d %H:%M}"
        after = f", after {one.previous}" if one.previous not in (None, one.run_id) else ""
        passed = f", although {len(one.unmet)} gate{'s were' if len(one.unmet) > 1 else ' was'} not met" if one.unmet else ""
        yield f"accepted {when} UTC{after}{passed}{f': {bounded(one.why, 500)}' if one.why else ''}"
