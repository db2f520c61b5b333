"""`runs`: a tree, each run above the one that it was compared with, as `git log --graph` has a commit above its parent."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline import LocalStore
from pipeline.accept import Acceptance, acceptances
from pipeline.errors import bounded
from pipeline.history import Line, history
from pipeline.record import RunRecord

from .hints import command
from .lines import Cell, print_lines
from .tables import STYLE

_WORDS = 60  # characters of why
_GATE = 40  # of a gate


def show_runs(store: LocalStore, pipeline: str | None, *, as_json: bool) -> None:
    """Print the runs of a store, newest first: as trees, or whole as JSON."""
    accepted = acceptances(store)
    if as_json:
        _print_records(store, pipeline, accepted)
        return
    lines = history(store, pipeline)
    if not lines:
        print(f"no runs in {store.root}; next: {command(store, 'run', 'docstrings')}")
        return
    names = dict.fromkeys(line.pipeline for line in reversed(lines))
    for name in names:
        champion = store.ref(name, "champion")
        mine = [line for line in lines if line.pipeline == name]
        rows: list[Sequence[Cell]] = [
            [(word, "bold") for word in (name, "", "verdict", "when (UTC)", "seconds", "gates", "changed", "")]
        ]
        rows += [_row(place, champion, accepted.get(place.line.run_id, ())) for place in reversed(list(tree(mine, champion)))]
        print_lines(rows, right=(4,), spare=(3, 4))
        if len(names) > 1:
            print()


class Place(NamedTuple):
    """Where a run stands in its tree. marks: of the columns to its left, whether a line goes through. trunk: others come from it."""

    line: Line
    depth: int
    trunk: bool
    lost: bool  # the run that it was compared with has no record here


def tree(lines: Sequence[Line], champion: str | None) -> Iterator[Place]:
    """The runs of one pipeline, each after the one that it came from, the oldest first.

    Those that came from a run follow it one column further in, but for the one from which later champions came, which goes on in
    its column: however many champions there were, the tree stays narrow.
    """
    known = {line.run_id: line for line in lines}
    children: dict[str, list[Line]] = {}
    roots = []
    for line in lines:
        if (
            line.against in known and line.against < line.run_id
        ):  # ids sort by time: what is not so was made up, and could be a ring
            children.setdefault(line.against, []).append(line)
        else:
            roots.append(line)
    trunk = set(_ancestors(known, champion))
    waiting = [(line, 0) for line in reversed(roots)]
    while waiting:
        line, depth = waiting.pop()
        mine = children.get(line.run_id, [])
        yield Place(line, depth, bool(mine) or line.run_id == champion, line.against is not None and line.against not in known)
        onward = next((one for one in reversed(mine) if one.run_id in trunk), None) or next(
            (one for one in reversed(mine) if one.run_id in children), None
        )
        if onward is not None:
            waiting.append((onward, depth))
        waiting += [(one, depth + 1) for one in reversed(mine) if one is not onward]


def _ancestors(known: Mapping[str, Line], run_id: str | None) -> Iterator[str]:
    while run_id is not None and run_id in known:
        yield run_id
        above = known[run_id].against
        run_id = above if above is not None and above < run_id else None


def _row(place: Place, champion: str | None, accepted: Sequence[Acceptance]) -> list[Cell]:
    line = place.line
    mark = "●" if line.run_id == champion else "◆" if place.trunk else "○"
    if line.status == "done":
        outcome = (line.verdict or "done", STYLE.get(line.verdict or "done", ""))
    else:
        outcome = (line.status, STYLE.get(line.status, "bold red"))
    told = ["accepted" + (f": {bounded(one.why, _WORDS)}" if one.why else "") for one in accepted[-1:]]
    told += [f"overridden: {', '.join(line.overrides)}"] if line.overrides else []
    told += [f"compared with {line.against}, which is not here"] if place.lost else []
    return [
        (f"{'│ ' * place.depth}{mark} {line.run_id}", "bold" if line.run_id == champion else ""),
        ("champion" if line.run_id == champion else "", "bold yellow"),
        outcome,
        (line.started[:16].replace("T", " "), "dim"),
        (f"{line.seconds:,.1f}", ""),
        gates_cell(line),
        (line.told, ""),
        (", ".join(told), "bold yellow"),
    ]


def gates_cell(line: Line) -> Cell:
    """How many gates passed, or which did not."""
    if line.unmet:
        more = f" and {len(line.unmet) - 1} more" if len(line.unmet) > 1 else ""
        return f"not met: {bounded(line.unmet[0], _GATE)}{more}", "bold red"
    return (f"{line.passed} passed" if line.passed else ""), "green"


def _print_records(store: LocalStore, pipeline: str | None, accepted: Mapping[str, Sequence[Acceptance]]) -> None:
    """The whole records, newest first, and of each whether it is the champion and when it was accepted."""
    found = []
    for document in store.runs(pipeline):
        record = RunRecord.model_validate(document)
        mine = accepted.get(str(record.run_id), ())
        found.append(
            record.model_dump(mode="json")
            | {
                "champion": store.ref(record.pipeline, "champion") == record.run_id,
                "accepted": [one.model_dump(mode="json") for one in mine],
            }
        )
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
