"""Repairs: quarantined rows that a person has put right; they go through their step again and are merged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .digest import Json, digest_json
from .fragments import table_of
from .progress import report
from .publish import load, save_fragment, save_table
from .quarantine import LINE, SOURCE, Quarantined
from .stage import Port
from .store.local import LocalStore
from .table import Table

if TYPE_CHECKING:
    import pyarrow as pa

Repairs = Mapping[str, list[str]]  # a quarantined row's identity -> what it is now, as JSON: once for each row that is the same
Made = tuple[Any, list[Json]]  # what a step made, and the fragments of its quarantine


@dataclass(frozen=True)
class Again:
    """A row that was put right, as JSON, and where the row that it takes the place of came from."""

    row: str
    source: str | None = None
    line: int | None = None


class Repaired(Quarantined):
    """The Record of stored repairs: which quarantined row, and the row that takes its place."""

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> type; `row` is JSON."""
        return {"identity": "string", "row": "string"}


def identity(row: Mapping[str, Any]) -> str:
    """What tells a quarantined row from others: its file, its key and what it is; neither its line, which moves, nor why it was turned away."""
    return digest_json([row["source"], row["key"], row["row"]])[:16]


def save_repairs(store: LocalStore, pipeline: str, step: str, repairs: Repairs) -> None:
    """Keep repairs of a step, in place of those that it had: from now on they are part of its key."""
    import pyarrow as pa

    listed = [(name, row) for name, rows in sorted(repairs.items()) for row in rows]
    table = pa.table({"identity": [name for name, _ in listed], "row": [row for _, row in listed]})
    digest = save_table(store, Repaired, [save_fragment(store, table)])
    name = digest_json({"repairs": digest})
    store.record_action(name, {"outputs": {"rows": digest}, "quarantine": None, "count": len(listed)})
    store.set_ref(pipeline, _ref(step), name)


def repairs_part(store: LocalStore, pipeline: str, step: str) -> Json:
    """The part of a step's key that names its repairs, or None."""
    name = store.ref(pipeline, _ref(step))
    action = store.action(name) if name else None
    return {"rows": action["outputs"]["rows"], "count": action["count"]} if action and action["count"] else None


def load_repairs(store: LocalStore, part: Json) -> dict[str, list[str]]:
    """The repairs that a part names. Raises DamagedError."""
    found: dict[str, list[str]] = {}
    if part:
        for row in load(store, part["rows"], Port("rows", Table, Repaired)).read().to_pylist():
            found.setdefault(row["identity"], []).append(row["row"])
    return found


def replayed(store: LocalStore, repairs: Repairs, run: Callable[[list[Again]], Made]) -> Made:
    """Run a step, put repaired rows in the place of those that it turned away, and run it with them until no more fit.

    run: the step on its input and these rows beside.  A repair of a row that is not turned away any more is passed over, and told.
    """
    if not repairs:
        return run([])
    taken: Counter[str] = Counter()
    extra: list[Again] = []
    made, away = run(extra)
    while True:
        turned: dict[str, list[dict[str, Any]]] = {}
        for row in _rows(store, away):
            turned.setdefault(identity(row), []).append(row)
        new = Counter({name: min(len(turned.get(name, ())), len(rows)) for name, rows in repairs.items()}) - taken
        if not new:
            break
        for name, count in new.items():
            places = range(taken[name], taken[name] + count)
            extra += [Again(repairs[name][at], turned[name][at]["source"], turned[name][at]["line"]) for at in places]
        taken += new
        made, away = run(extra)
    unused = sum(map(len, repairs.values())) - taken.total()
    if unused:
        report(0, 1, f"note: {unused} of {unused + taken.total()} repairs fit no row that is turned away now")
    return made, [file for fragment in away if (file := _without(store, fragment, taken)) is not None]


def as_table(record: Any, rows: Sequence[Again]) -> pa.Table:
    """Repaired rows as a table that the Record's sift can read, with where they came from: values as text, lists and mappings as they are."""
    import pyarrow as pa

    listed = [json.loads(again.row) for again in rows]
    columns = {name: _column([row.get(name) for row in listed]) for name in record.columns()}
    columns[SOURCE] = pa.array([again.source for again in rows], pa.string())
    columns[LINE] = pa.array([again.line for again in rows], pa.int64())
    return pa.table(columns)


def _column(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    if any(isinstance(value, list | dict) for value in values):
        return pa.array(values)
    return pa.array([value if value is None or isinstance(value, str) else json.dumps(value) for value in values], pa.string())


def _ref(step: str) -> str:
    return f"repairs-{step}"


def _fragment(store: LocalStore, file: Json) -> pa.Table:
    return table_of(store, Quarantined, [file]).read()


def _rows(store: LocalStore, away: Iterable[Json]) -> Iterator[dict[str, Any]]:
    for file in away:
        yield from _fragment(store, file).to_pylist()


def _without(store: LocalStore, file: Json, taken: Counter[str]) -> Json | None:
    """A fragment of the quarantine without the rows that were repaired, each counted off; None where none is left."""
    import pyarrow as pa

    rows = _fragment(store, file)
    keep = []
    for row in rows.to_pylist():
        name = identity(row)
        keep.append(taken[name] <= 0)
        taken[name] -= 1
    if all(keep):
        return file
    left = rows.filter(pa.array(keep))
    return save_fragment(store, left) if left.num_rows else None
