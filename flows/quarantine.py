"""The quarantine of a step: shown, written to a file, and run again as it was put right there."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.markup import escape

from pipeline import LocalStore, Pipeline, Selection, Table, UsageError
from pipeline.errors import bounded, suggest
from pipeline.plan import made_of
from pipeline.publish import load, missing
from pipeline.quarantine import Quarantined
from pipeline.receipts import asked, find_receipt
from pipeline.repairs import identity, load_repairs, repairs_part, save_repairs
from pipeline.runner import run
from pipeline.stage import Port

from .hints import command
from .repair_file import changed, read, write
from .show import console, run_view


def show(
    pipeline: Pipeline, store: LocalStore, step: str, check: str | None, limit: int, *, origin: str, as_json: bool
) -> None:
    """Print why rows were turned away, how many for each reason, and the first of them with where they came from."""
    found = _found(pipeline, store, step, check)
    reasons: Counter[tuple[str | None, str]] = Counter()
    first: dict[tuple[str | None, str], list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(store, found):
        reason = (row["column"], row["rule"])
        reasons[reason] += 1
        if len(first[reason]) < limit:
            first[reason].append(row)
    if as_json:
        listed = [
            {"column": column, "rule": rule, "count": count, "rows": first[column, rule]}
            for (column, rule), count in reasons.most_common()
        ]
        document = {"pipeline": pipeline.name, "step": step, "check": check, "rows": reasons.total(), "reasons": listed}
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    shown = console()
    what = f"broke check {check!r}" if check else "were turned away"
    shown.print(f"{pipeline.name}.{step}: {reasons.total():,} rows {what}", markup=False)
    for (column, rule), count in reasons.most_common():
        shown.print(f"\n  [bold]{count:,}[/]  {escape(f'{column}: ' if column else '')}{escape(rule)}")
        for row in first[column, rule]:
            shown.print(f"    {escape(place(row)):<52} {escape(bounded(row['value'] or row['row'], 90))}", style="dim")
    if reasons and check is None:
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
    count = write(path, _rows(store, found), columns)
    print(f"{count:,} rows in {path}; put right what you can, in the columns that do not start with _, then")
    print(f"next: {command(store, 'quarantine', 'replay', origin, step, str(path))}")


def replay(pipeline: Pipeline, store: LocalStore, step: str, file: Path | None, *, origin: str, as_json: bool) -> int:
    """Run the rows that a file puts right through their step, and merge what passes; 3 when a check blocks, 1 when a stage fails."""
    path = file or _default(pipeline, step)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(store, _found(pipeline, store, step, None)):
        rows[identity(row)].append(row)
    known = repairs_part(store, pipeline.name, step)
    repairs = load_repairs(store, known)
    repaired, alone, unknown = 0, 0, list[int]()
    for line, name, values in read(path):
        if not rows.get(name):
            unknown.append(line)
            continue
        put_right = changed(rows[name].pop(), values)
        if put_right is None:
            alone += 1
        else:
            repairs.setdefault(name, []).append(put_right)
            repaired += 1
    if not repaired:
        told = f"; of {len(unknown)} rows, line {unknown[0]} first, there is none in the quarantine of now" if unknown else ""
        raise UsageError(f"{path} changes no row that {pipeline.name}.{step} turned away: {alone} are as they were{told}")
    with store.lease():
        save_repairs(store, pipeline.name, step, repairs)
        record = run(pipeline, store, selection=Selection(end=step), origin=origin)
    outcome = record.step(step)
    if as_json:
        document = {"repaired": repaired, "left_alone": alone, "unknown": len(unknown), "run": record.document()}
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        console().print(run_view(record, store))
        left = outcome.rows_quarantined if outcome else None
        print(
            f"{repaired:,} rows put right, {alone:,} left alone, {len(unknown):,} unknown; {left or 0:,} are still quarantined"
        )
        print(f"next: {command(store, 'run', origin)}")
    return {"failed": 1, "blocked": 3}.get(record.status, 0)


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
        digest = receipt.failing
    if digest is not None and missing(store, [digest]) is not None:
        raise UsageError(f"these rows of step {step!r} were collected or lost; run the step again with --force")
    return digest


def _rows(store: LocalStore, digest: str | None) -> Iterator[dict[str, Any]]:
    if digest is not None:
        for part in load(store, digest, Port("quarantine", Table, Quarantined)).split():
            yield from part.read().to_pylist()


def _default(pipeline: Pipeline, step: str) -> Path:
    return Path(f"{pipeline.name}-{step}-quarantine.csv")
