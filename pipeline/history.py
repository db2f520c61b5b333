"""History: what of every run is needed to list thousands, a small line each, kept in an index beside the records.

The index is derived and safe to lose.  A line carries the digest of its text, and the size and the time of the record that it was made
of: one that was altered, or whose record was written anew, is made again from the record; one whose record is gone is passed over.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from .digest import Json, canonical, digest_bytes
from .errors import StoreError, bounded
from .record import in_order
from .store import durable
from .store.local import LocalStore
from .store.sealed import NAME

_FORMAT = b"brickwise.index/2"  # another number where a line holds something else
_DIGITS = 6  # significant ones of a metric: more than a chart or a table shows
_CHANGED = 200  # characters of what changed
_ONE = 60  # of one change
_CODE = re.compile(r"^code: [^ ]+: ")  # the file is for `diff` to tell
_CHECK = 16  # hex digits of a line's digest


class Line(NamedTuple):
    """A run, in short. ids sort by time.

    changed: what changed since `against`, in a line; empty in a record that does not say.  passed, unmet: how many gates passed, and which did not.
    overrides: checks that failed and were let pass.  headline: the model and metric by which it is judged.
    models: in the order in which they were evaluated.  values: of all models and metrics, for `metric`.
    """

    run_id: str
    pipeline: str
    started: str
    seconds: float
    status: str
    against: str | None
    verdict: str | None
    settings: list[str]
    changed: str
    passed: int
    unmet: list[str]
    overrides: list[str]
    headline: list[str]
    models: list[str]
    values: bytes = b""

    def metric(self, model: str, metric: str) -> tuple[float, float, float] | None:
        """(value, low, high), or None where the run has none; found in the text, since to parse it all takes ten times as long."""
        name = canonical([model, metric])[:-1] + b",["  # no text in JSON has such a thing: its quotes are escaped
        start = self.values.find(name) + len(name)
        if start < len(name):
            return None
        value, low, high = map(float, self.values[start : self.values.index(b"]", start)].split(b","))
        return value, low, high

    @property
    def told(self) -> str:
        """What changed since the run that it was compared with; where that is not known, or nothing did, how it was set."""
        return self.changed or (f"set {bounded(' '.join(self.settings), _CHANGED)}" if self.settings else "")

    def measured(self) -> list[tuple[str, str]]:
        """Each model and metric that it has."""
        return [(model, metric) for model, metric, _ in json.loads(b"[" + self.values + b"]")]


def history(store: LocalStore, pipeline: str | None = None) -> list[Line]:
    """The runs of a store, or of one pipeline, oldest first; a damaged record is set aside and left out."""
    stamps = _stamps(store)
    texts, whole = _read(store, stamps)
    for run_id in stamps.keys() - texts.keys():
        record = store.document("runs", run_id)
        if record is not None:
            line = line_of(record)
            texts[run_id] = canonical(line[:-1]) + b"\t" + line.values  # JSON has no tab of its own
            whole = False
    if not whole:
        _write(store, stamps, texts)
    halves = [texts[run_id].partition(b"\t") for run_id in sorted(texts)]
    heads = json.loads(b"[" + b",".join(half[0] for half in halves) + b"]")  # at once: half the time of one by one
    return [Line._make((*head, half[2])) for head, half in zip(heads, halves, strict=True) if pipeline in (None, head[1])]


def line_of(record: Json) -> Line:
    """The line of a run record as the store has it."""
    gates = record.get("gates", ())
    return Line(
        run_id=record["run_id"],
        pipeline=record["pipeline"],
        started=record["started"],
        seconds=record["seconds"],
        status=record["status"],
        against=record["diff"]["against"],
        verdict=record["diff"]["verdict"],
        settings=list(record.get("settings", ())),
        changed=summary(record.get("changed", {}), [step["name"] for step in record["steps"]]),
        passed=sum(gate["status"] == "passed" for gate in gates),
        unmet=[
            gate["gate"] + (f" on {gate['slice']}" if gate["slice"] else "") for gate in gates if gate["status"] != "passed"
        ],
        overrides=[check for step in record["steps"] for check in step.get("overridden", {})],
        headline=list(record.get("headline", ())),
        models=list(record.get("models", ())),
        values=b",".join(_values(record.get("metrics", {}))),
    )


def summary(changed: Mapping[str, str], order: Iterable[str] = ()) -> str:
    """What a person changed, in a line: of each step the first change that is not only a new input, which follows from another step's.

    order: of the steps, which JSON in the store has lost.  Where they are too many for a line, the last are counted.
    """
    causes: list[str] = []
    follows: list[str] = []
    for step, line in in_order(changed, order).items():
        parts = line.split("; ")
        own = [part for part in parts if not part.startswith(("input", "finished in one"))]
        (causes if own else follows).append(f"{bounded(step, _ONE)}: {_first(own or parts)}")
    told = causes or follows[:1]
    text = "; ".join(told)
    for kept in range(len(told) - 1, 0, -1):
        if len(text) <= _CHANGED:
            break
        text = "; ".join([*told[:kept], f"and {len(told) - kept} more step{'s' if len(told) - kept > 1 else ''}"])
    return text


def _first(parts: Sequence[str]) -> str:
    first = _CODE.sub("code ", parts[0].removeprefix("config: "))
    return bounded(first, _ONE) + (f" and {len(parts) - 1} more" if len(parts) > 1 else "")


def _values(metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[bytes]:
    """`["net","accuracy",[0.7,0.6,0.8]]` of each metric that has a value and an interval."""
    for model, found in metrics.items():
        for metric, of in found.items():
            three = [of.get(name) for name in ("value", "low", "high")]
            if all(isinstance(number, int | float) for number in three):
                yield canonical([model, metric, [float(f"{number:.{_DIGITS}g}") for number in three]])


def _stamps(store: LocalStore) -> dict[str, bytes]:
    """Run id -> the size and time of its record, oldest first."""
    folder = store.root / "runs"
    with durable.named(folder, "read"):
        if not folder.is_dir():
            return {}
        with os.scandir(folder) as entries:
            found = {
                entry.name[:-5]: f"{status.st_size}.{status.st_mtime_ns}".encode()
                for entry in entries
                if entry.name.endswith(".json") and NAME.fullmatch(entry.name[:-5])
                for status in [entry.stat(follow_symlinks=False)]
            }
    return dict(sorted(found.items()))


def _read(store: LocalStore, stamps: Mapping[str, bytes]) -> tuple[dict[str, bytes], bool]:
    """Run id -> the JSON of its line, of those lines that can be believed; and whether these are all that the index holds."""
    try:
        data = durable.read(store.root / "index" / "runs") or b""
    except StoreError:  # a link or a folder in its place
        data = b""
    first, *lines = data.split(b"\n")
    if first != _FORMAT:
        return {}, not data and not stamps
    found: dict[str, bytes] = {}
    for line in lines:
        check, _, rest = line.partition(b" ")
        name, _, more = rest.partition(b" ")
        stamp, _, text = more.partition(b" ")
        run_id = name.decode(errors="replace")
        if stamps.get(run_id) == stamp and digest_bytes(rest)[:_CHECK].encode() == check:
            found[run_id] = text
    return found, len(found) == len(lines)


def _write(store: LocalStore, stamps: Mapping[str, bytes], texts: Mapping[str, bytes]) -> None:
    """Replace the index; where it cannot be written, the next one to look reads the records again."""
    lines = [b" ".join((run_id.encode(), stamps[run_id], texts[run_id])) for run_id in stamps if run_id in texts]
    checked: Iterable[bytes] = (digest_bytes(line)[:_CHECK].encode() + b" " + line for line in lines)
    with suppress(StoreError):
        target = store.root / "index" / "runs"
        durable.write(target, b"\n".join((_FORMAT, *checked)), store.root / "tmp", read_only=False, flushed=False)
