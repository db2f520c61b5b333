"""The quarantine of a step: shown, written to a file, and run again as it was put right there."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.markup import escape

from pipeline import LocalStore, Pipeline, Selection, StageError, Table, UsageError
from pipeline.errors import bounded, suggest
from pipeline.making import port_of
from pipeline.plan import made_of
from pipeline.publish import load, missing
from pipeline.quarantine import Quarantined
from pipeline.receipts import asked, find_receipt
from pipeline.repairs import Again, as_table, identity, load_repairs, repairs_part, save_repairs
from pipeline.runner import run
from pipeline.stage import Port

from .hints import command
from .reasons import reasons
from .repair_file import changed, read, write
from .show import console
from .tables import steps_table, troubles
from .trace import trace


def show(
    pipeline: Pipeline, store: LocalStore, step: str, check: str | None, limit: int, *, origin: str, as_json: bool
) -> None:
    """Print why rows were turned away, how many for each reason, and the first of them with where they came from."""
    found = _found(pipeline, store, step, check)
    counts, first = reasons(_table(store, found), limit)
    places = trace(pipeline, step, [row for listed in first.values() for row in listed])
    for row in (row for listed in first.values() for row in listed):
        row["place"] = places.get(row["row"]) or place(row)
    if as_json:
        listed = [
            {"column": column, "rule": rule, "count": count, "rows": first[column, rule]}
            for (column, rule), count in counts.most_common()
        ]
        document = {"pipeline": pipeline.name, "step": step, "check": check, "rows": counts.total(), "reasons": listed}
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    shown = console()
    what = f"broke check {check!r}" if check else "were turned away"
    shown.print(f"{pipeline.name}.{step}: {counts.total():,} rows {what}", markup=False)
    for (column, rule), count in counts.most_common():
        shown.print(f"\n  [bold]{count:,}[/]  {escape(f'{column}: ' if column else '')}{escape(rule)}")
        for row in first[column, rule]:
            shown.print(f"    {escape(row['place']):<52} {escape(bounded(row['value'] or row['row'], 90))}", style="dim")
    if counts and check is None:
        export = command(store, "quarantine", "export", origin, step)
        shown.print(f"\nnext: {export}    (all of them, to be put right)", style="dim", markup=False)


def export(pipeline: Pipeline, store: LocalStore, step: str, check: str | None, file: Path | None, *, origin: str) -> None:
    """Write every row of the quarantine to a file that people can put right."""
    found = _found(pipeline, store, step, check)
    columns = list(dict.fromkeys(name for row in _rows(store, found) for name in json.loads(row["row"])))
    port = pipeline.ports[step].outputs.get("rows")
    columns += [name for name in (port.record.columns() if port else ()) if name not in columns]
    computed = [stage.derived() for stage in pipeline.derivers(step)]
    left_out = {name for found in computed for name, of in found.items() if {*of} <= {*columns}}
    columns = [name for name in columns if name not in left_out]
    path = file or _default(pipeline, step)
    places = trace(pipeline, step, list(_rows(store, found)))
    count = write(path, _rows(store, found), columns, places)
    print(f"{count:,} rows in {path}; put right what you can, in the columns that do not start with _, then")
    print(f"next: {command(store, 'quarantine', 'replay', origin, step, str(path))}")


def replay(pipeline: Pipeline, store: LocalStore, step: str, file: Path | None, *, origin: str, as_json: bool) -> int:
    """Run the rows that a file puts right through their step, and merge what passes; 3 when a check blocks, 1 when a stage fails.

    A row that was put right before and stands in the file with other values is put right anew.
    """
    path = file or _default(pipeline, step)
    found = _found(pipeline, store, step, None)
    repairs, counts = _put_right(pipeline, store, step, path, found)
    with store.lease():
        save_repairs(store, pipeline.name, step, repairs)
        record = run(pipeline, store, selection=Selection(end=step), origin=origin)
    outcome = record.step(step)
    before, after = sum(1 for _ in _rows(store, found)), (outcome.rows_quarantined if outcome else None) or 0
    if as_json:
        document = {**counts, "quarantined_before": before, "quarantined": after, "run": record.document()}
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        shown = console()
        shown.print(steps_table([one for one in record.steps if one.name == step]))
        for line in troubles(record.steps, store, record.run_id):
            shown.print(line, style="red", markup=False)
        told = f"{counts['repaired']:,} rows put right, {counts['left_alone']:,} left alone, {counts['unknown']:,} unknown"
        print(f"{told}; {after:,} rows are quarantined now, {before:,} before")
        more = "    (what was refused again, and why)" if after else ""
        print(f"next: {command(store, *(('quarantine', 'show', origin, step) if after else ('run', origin)))}{more}")
    return record.exit_code


def forget(pipeline: Pipeline, store: LocalStore, step: str, *, origin: str) -> None:
    """Take back all that was put right of a step: its rows are quarantined again by the next run."""
    pipeline.step(step)
    count = (repairs_part(store, pipeline.name, step) or {}).get("count", 0)
    with store.lease():
        save_repairs(store, pipeline.name, step, {})
    print(f"{count:,} repairs of {pipeline.name}.{step} taken back")
    print(f"next: {command(store, 'run', origin)}")


def _put_right(
    pipeline: Pipeline, store: LocalStore, step: str, path: Path, found: str | None
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The repairs of a step with those that a file brings, and how many there are. Raises UsageError where it brings none, or one that is no row."""
    record = port_of(pipeline.ports[step]).record
    repairs = load_repairs(store, repairs_part(store, pipeline.name, step))
    known = {name: list(enumerate(rows)) for name, rows in repairs.items()}
    rows: dict[str, list[str]] = defaultdict(list)
    for row in _rows(store, found):
        rows[identity(row)].append(row["row"])
    new: list[tuple[int, str]] = []
    alone, unknown = 0, list[int]()
    for line, name, values in read(path):
        at: int | None = None
        if rows[name]:
            before = rows[name].pop(0)
        elif known.get(name):
            at, before = known[name].pop(0)
        else:
            unknown.append(line)
            continue
        put_right = changed(before, values)
        if put_right is None:
            alone += 1
            continue
        new.append((line, put_right))
        if at is None:
            repairs.setdefault(name, []).append(put_right)
        else:
            repairs[name][at] = put_right
    if not new:
        told = f"; of {len(unknown)} rows, line {unknown[0]} first, there is none in the quarantine of now" if unknown else ""
        raise UsageError(f"{path} changes no row that {pipeline.name}.{step} turned away: {alone} are as they were{told}")
    _require_rows(record, path, new)
    return repairs, {"repaired": len(new), "left_alone": alone, "unknown": len(unknown)}


def _require_rows(record: Any, path: Path, new: list[tuple[int, str]]) -> None:
    """Refuse what no column can hold, such as a word in a column of lists, before it is kept. Raises UsageError."""
    try:
        record.sift(as_table(record, [Again(row) for _, row in new]))
    except (StageError, ValueError) as error:
        for line, row in new:
            try:
                record.sift(as_table(record, [Again(row)]))
            except (StageError, ValueError) as reason:
                raise UsageError(f"{path}, line {line}: {reason}; nothing was replayed") from error
        raise UsageError(f"{path}: {error}; nothing was replayed") from error


def place(row: dict[str, Any]) -> str:
    """Where a quarantined row came from: file and line, or its key."""
    if row["source"] is not None:
        return f"{row['source']}:{row['line']}" if row["line"] is not None else str(row["source"])
    return f"key {bounded(row['key'], 48)}" if row["key"] is not None else ""


def _found(pipeline: Pipeline, store: LocalStore, step: str, check: str | None) -> str | None:
    """The digest of the newest quarantine of a step, or of the rows that broke a check; None where there are none."""
    pipeline.step(step)
    newest = store.ref(pipeline.name, f"step-{step}")
    action = store.action(newest) if newest else None
    if action is None:
        raise UsageError(f"step {step!r} of {pipeline.name} never ran in {store.root}; next: brickwise validate or run")
    digest: str | None = action["quarantine"]
    if check is not None:
        checks = {one.check.name: one for one in asked(pipeline, store, step, made_of(action))}
        if check not in checks:
            raise UsageError(f"step {step!r} has no check {check!r}; {suggest(check, checks)}")
        receipt = find_receipt(store, checks[check])
        if receipt is None:
            raise UsageError(f"check {check!r} of step {step!r} was not judged yet; next: brickwise validate or run")
        digest = digest if checks[check].digest != checks[check].of else receipt.failing  # a limit's rows are the quarantine
    if digest is not None and missing(store, [digest]) is not None:
        raise UsageError(f"these rows of step {step!r} were collected or lost; run the step again with --force")
    return digest


def _table(store: LocalStore, digest: str | None) -> Table[Any]:
    return load(store, digest, Port("quarantine", Table, Quarantined)) if digest else Table(Quarantined, ())


def _rows(store: LocalStore, digest: str | None) -> Iterator[dict[str, Any]]:
    for part in _table(store, digest).split():
        yield from part.read().to_pylist()


def _default(pipeline: Pipeline, step: str) -> Path:
    return Path(f"{pipeline.name}-{step}-quarantine.csv")
