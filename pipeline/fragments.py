"""Fragments: what a `map` stage makes, one fragment or outside item at a time, and what of it is already there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .artifact import Stored
from .digest import Json, digest_json
from .errors import StageError
from .key import Parts, stage_code
from .progress import report
from .publish import manifest, save_fragment
from .quarantine import Quarantined, keyed
from .stage import Outside, Ports, Stage, ports
from .store.local import LocalStore
from .table import Table, layout
from .tally import Tally, require_accounted
from .workers import Workers

# What is made of one item: {"rows_in", "files": [fragment], "quarantine": [fragment]}, recorded as an action of the item's own key.


def map_items(
    store: LocalStore, stage: Stage, parts: Parts, *, forced: bool, workers: Workers | None
) -> tuple[list[Json], list[Json]]:
    """The fragments of a `map` step and those of its quarantine, in the order of its items; only new items are made.

    parts: of the step's key.  workers: who else may make them.  Raises what the stage raises, StageError and DamagedError.
    """
    items, common = _items(store, ports(stage), parts)
    names = [digest_json({"common": common, **item}) for item in items]
    known = {} if forced else _known(store, names)
    code = stage_code(stage)
    jobs = [{"item": item, "name": name, "code": code} for item, name in zip(items, names, strict=True) if name not in known]
    done = len(known)
    report(done, len(items), "fragments")

    def step() -> None:
        nonlocal done
        done += 1
        report(done, len(items), "fragments")

    def here(job: Json) -> Json:
        return make_item(store, stage, job["item"], job["name"])

    made = (workers or Workers(store, 1)).map(stage, jobs, here, step)
    known |= {job["name"]: one for job, one in zip(jobs, made, strict=True)}
    found = [known[name] for name in names]
    return [file for one in found for file in one["files"]], [file for one in found for file in one["quarantine"]]


def make_item(store: LocalStore, stage: Any, item: Json, name: str) -> Json:
    """Map one item, sift and store its rows, and record it; what is recorded is a hint, so that it need not outlast a power cut."""
    if "outside" in item:
        files, away = _stored(store, stage, stage.map(Outside(item["outside"], item["state"])), Tally(()))
    else:
        (port,) = ports(stage).inputs.values()
        files, away = map_rows(store, stage, Table(port.record, (Stored(store, item["fragment"], item["bytes"]),)))
    if "outside" in item and not stage.unchanged(Outside(item["outside"], item["state"])):
        raise StageError(f"{item['outside']} changed while it was read, so that nobody knows what was read; run again")
    made = {"rows_in": item.get("rows"), "files": files, "quarantine": away}
    store.record_action(name, made, flushed=False)
    return made


def map_rows(store: LocalStore, stage: Any, rows: Table[Any]) -> tuple[list[Json], list[Json]]:
    """Map one table; store what comes of it. Raises StageError where a stage that keeps rows lost or made some."""
    (output,) = ports(stage).outputs.values()
    tally = tally_of(stage, rows.record, output.record)
    if tally.key:
        tally.came(rows.read(tally.key))
    files, away = _stored(store, stage, stage.map(rows), tally)
    require_accounted(tally, [rows], table_of(store, output.record, files), table_of(store, Quarantined, away))
    return files, away


def table_of(store: LocalStore, record: Any, files: Iterable[Json]) -> Table[Any]:
    """Stored fragments as a table."""
    return Table(record, tuple(Stored(store, file["digest"], file["bytes"], file["rows"]) for file in files))


def tally_of(stage: Stage, came: Any, went: Any) -> Tally:
    """A tally of the rows of a stage that keeps rows, where the Records before and after it have the same key."""
    return Tally(came.key() if stage.keeps_rows and came.key() == went.key() else ())


def _stored(store: LocalStore, stage: Any, result: Any, tally: Tally) -> tuple[list[Json], list[Json]]:
    (output,) = ports(stage).outputs.values()
    wrong = f"map gave {type(result).__name__}, expected {output}"
    return store_rows(store, output.record, _tables(result, wrong), tally)


def store_rows(store: LocalStore, record: Any, tables: Iterable[Table[Any]], tally: Tally) -> tuple[list[Json], list[Json]]:
    """Store tables fragment by fragment as they come, rows that break their Record apart: (fragments, quarantine's fragments)."""
    import pyarrow as pa

    files, away = [], []
    for table in tables:
        turned = [part for part in table.turned_away if part.num_rows]
        whole = layout(record) == "arrow" and table.fragments
        for part in [table] if whole else table.split():
            accepted, rejected = record.sift(part.read())
            if tally.key:
                tally.went(accepted)
            files.append(save_fragment(store, accepted, layout(record)))
            turned += [rejected] if rejected.num_rows else []
        if turned:
            turned_away = keyed(pa.concat_tables(turned), record.key())
            tally.turned_away(turned_away)
            away.append(save_fragment(store, turned_away))
    return files, away


def _tables(result: Any, wrong: str) -> Iterator[Table[Any]]:
    """A table, or tables one after the other."""
    parts = [result] if isinstance(result, Table) else result
    if not isinstance(parts, Iterable):
        raise StageError(wrong)
    for part in parts:
        if not isinstance(part, Table):
            raise StageError(wrong)
        yield part


def _items(store: LocalStore, found: Ports, parts: Parts) -> tuple[list[Json], str]:
    """What is mapped over, and the digest of all that every item's output depends on beside the item."""
    common = {name: value for name, value in parts.items() if name not in ("inputs", "order", "repairs")}
    if not found.inputs:
        items = [{"outside": name, "state": state} for name, state in parts["outside"].items()]
        return items, digest_json(common | {"outside": {}})
    ((digest, *_),) = (feeds.values() for feeds in parts["inputs"].values())
    files = manifest(store, digest)["files"]
    return [{"fragment": f["digest"], "rows": f["rows"], "bytes": f["bytes"]} for f in files], digest_json(common)


def _known(store: LocalStore, names: list[str]) -> dict[str, Json]:
    """Name -> what was made under it before, where all of it is still there."""
    store.pin(names)
    found = {name: made for name in names if (made := store.action(name)) is not None}
    digests = {name: [file["digest"] for file in (*made["files"], *made["quarantine"])] for name, made in found.items()}
    store.pin(digest for listed in digests.values() for digest in listed)
    return {name: made for name, made in found.items() if all(map(store.has, digests[name]))}
