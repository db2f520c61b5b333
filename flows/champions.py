"""The champions of a pipeline, in the order in which they became it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pipeline.accept import Acceptance
from pipeline.history import Line


def champions(lines: Iterable[Line], accepted: Iterable[Acceptance], current: str | None) -> list[str]:
    """Run ids, the champion of today last; one that became it again is there again.

    Acceptances say when, and which it was before.  A run that was compared with a champion of which none tells saw it when it ended.
    """
    seen: list[tuple[datetime, Sequence[str | None], bool]] = [
        (datetime.fromisoformat(one.when), (one.previous, one.run_id), True) for one in accepted
    ]
    seen += [
        (datetime.fromisoformat(line.started) + timedelta(seconds=line.seconds), (line.against,), False)
        for line in lines
        if line.against is not None
    ]
    known = {run_id for _, run_ids, recorded in seen if recorded for run_id in run_ids}
    found: list[str] = []
    for _, run_ids, recorded in sorted(seen, key=lambda one: one[0]):
        for run_id in run_ids:
            if run_id is not None and run_id not in found[-1:] and (recorded or run_id not in known):
                found.append(run_id)
                known.add(run_id)
    return [*found, current] if current is not None and current not in found[-1:] else found
