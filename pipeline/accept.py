"""Acceptance: a run made champion by a person, on record, with what its gates said and why that was let pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

from pydantic import ValidationError

from .errors import GateError, UsageError
from .frozen import Frozen
from .gate import GateOutcome
from .record import RunRecord, new_run_id
from .store.local import LocalStore
from .store.reach import lost

_LONGEST = 2000  # characters of a reason


class Acceptance(Frozen):
    """The record of one `accept`: sealed and immutable, as long as that of its run.

    previous: the champion before.  unmet: the gates that the run did not meet, and that `why` lets pass.
    """

    format: Literal[1] = 1
    run_id: str
    pipeline: str
    when: str
    why: str = ""
    previous: str | None = None
    unmet: tuple[GateOutcome, ...] = ()


def accept(store: LocalStore, record: RunRecord, why: str = "") -> Acceptance:
    """Make a run the champion, and record it. The record comes first: no champion is without one that a person named.

    Raises UsageError for a run that is not whole, or no longer; GateError for one that does not meet its gates and no reason why.
    """
    why = why.strip()
    if len(why) > _LONGEST:
        raise UsageError(f"--why has {len(why):,} characters, expected at most {_LONGEST:,}")
    unfinished = [step.name for step in record.steps if step.status not in ("ran", "reused")]
    if unfinished:
        raise UsageError(f"run {record.run_id} did not finish {', '.join(unfinished)}; only a whole run can be the champion")
    if record.unmet and not why:
        raise GateError(
            f"run {record.run_id} does not meet {len(record.unmet)} of its {len(record.gates)} gates:\n"
            + "\n".join(f"  - {outcome}" for outcome in record.unmet)
            + f'\nbrickwise accept {record.run_id} --why "..." makes it the champion all the same, and records the reason'
        )
    with store.lease(), store.lock("champion"):
        _require_whole(store, record)
        now = datetime.now(UTC)
        found = Acceptance(
            run_id=str(record.run_id),
            pipeline=record.pipeline,
            when=now.isoformat(timespec="milliseconds"),
            why=why,
            previous=store.ref(record.pipeline, "champion"),
            unmet=record.unmet,
        )
        store.save_accept(new_run_id(now, store.accept_ids()), found.model_dump(mode="json"))
        store.set_ref(record.pipeline, "champion", found.run_id)
    return found


def acceptances(store: LocalStore, run_ids: Iterable[str] | None = None) -> dict[str, list[Acceptance]]:
    """Run id -> its acceptances, the oldest first; of some runs, or of all. A record that was damaged is set aside and left out."""
    wanted = None if run_ids is None else set(run_ids)
    found: dict[str, list[Acceptance]] = {}
    for document in store.accepts():
        if wanted is None or document.get("run_id") in wanted:
            try:
                one = Acceptance.model_validate(document)
            except ValidationError:  # of a newer brickwise
                continue
            found.setdefault(one.run_id, []).append(one)
    return found


def what_is_gone(store: LocalStore, record: RunRecord, step: str | None = None) -> Iterator[str]:
    """Of a run, or one step of it, whose outputs were collected or lost: one line that says so, and what makes them again."""
    steps = record.model_dump(mode="json", include={"steps"})["steps"]
    gone = lost(store, [one for one in steps if step in (None, one["name"])])
    if gone:
        again = " ".join(["brickwise run", record.origin or record.pipeline, *(f"--set {text}" for text in record.settings)])
        yield f"what {', '.join(gone)} of run {record.run_id} made was collected by gc, or lost; {again} makes it again"


def _require_whole(store: LocalStore, record: RunRecord) -> None:
    """Raise UsageError for a run whose outputs are not all there; they are pinned by looking."""
    store.pin(step.key for step in record.steps)
    for line in what_is_gone(store, record):
        raise UsageError(f"{line}; accept the new run")
