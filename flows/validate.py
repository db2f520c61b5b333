"""Validate: data stages and their checks, or a file against a contract; never training."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from pipeline import LINE, SOURCE, LocalStore, Pipeline, Selection, StageError, Table, UsageError, Vocabulary
from pipeline.engine import local_engine
from pipeline.errors import bounded
from pipeline.execute import execute
from pipeline.plan import plan
from pipeline.workers import Workers
from schemas import Record

from .load import add_working_directory
from .show import console
from .tables import checks_table, failures, steps_table, troubles


def validate_pipeline(pipeline: Pipeline, store: LocalStore, step: str | None, *, as_json: bool) -> int:
    """Bring the data steps up to date and show every check; 3 when one blocks, 1 when a stage fails, else 0."""
    if step is not None:
        pipeline.step(step)
    data = _data_steps(pipeline)
    if step is not None and step not in data.steps:
        raise UsageError(
            f"step {step!r} is not a data step: it, or one above it, makes a model; data steps: {', '.join(data.steps)}"
        )
    planned = plan(data, store, Selection(end=step))
    with store.lease(), closing(Workers(store)) as workers:
        outcomes = local_engine(data, planned, lambda name, above: execute(data, store, name, above, workers=workers), "")
    outcomes = [outcome for outcome in outcomes if not outcome.why.startswith("not selected")]
    found = {outcome.status for outcome in outcomes}
    if as_json:
        json.dump([outcome.model_dump(mode="json") for outcome in outcomes], sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        shown = console()
        shown.print(steps_table(outcomes))
        shown.print(checks_table(outcomes, folded=True))
        for line in troubles(outcomes, store):
            shown.print(line, style="red", markup=False)
        bad = [f.severity for o in outcomes for receipt in o.receipts for f in receipt.findings if not f.passed]
        checked = sum(len(receipt.findings) for o in outcomes for receipt in o.receipts)
        failed, warned = bad.count("error"), bad.count("warn")
        shown.print(
            f"{checked} rules checked on {len(outcomes)} steps, {failed} failed" + (f", {warned} warned" if warned else "")
        )
    return 1 if "failed" in found else 3 if "blocked" in found else 0


def _data_steps(pipeline: Pipeline) -> Pipeline:
    """The steps that make tables or vocabularies and read nothing else."""
    kept: dict[str, Any] = {}
    for name, step in pipeline.steps.items():
        makes_data = all(port.kind in (Table, Vocabulary) for port in pipeline.ports[name].outputs.values())
        if makes_data and all(up in kept for up in pipeline.upstream(name)):
            kept[name] = step
    return Pipeline(pipeline.name, *kept.values())


def validate_file(record: str, path: str, *, as_json: bool) -> int:
    """Check files (see stages.ingest.source_of for which) against a Record; 3 when a row or a rule fails, else 0."""
    import pyarrow as pa

    contract = _record(record)
    kept, turned = [], []
    names: dict[str, None] = {}
    for rows, rejected in _read(path):
        try:
            accepted, away = contract.sift(rows)
        except StageError as error:
            raise UsageError(f"{path} is no table of {record}: {error}") from error
        kept.append(accepted)
        turned += [line for part in (*rejected, away) for line in part.to_pylist()]
        names |= dict.fromkeys(name for name in rows.column_names if name not in (SOURCE, LINE))
    accepted = pa.concat_tables(kept)
    receipt = contract.contract().receipt(Table.of(contract, accepted))
    total = accepted.num_rows + len(turned)  # lines with too many or too few fields are no rows of the table
    unnamed = [name for name in names if name not in contract.columns()]
    reasons = Counter((line["column"], line["rule"]) for line in turned)
    if as_json:
        document = {
            "file": path,
            "record": record,
            "rows": total,
            "accepted": accepted.num_rows,
            "columns_left_out": unnamed,
            "turned_away": turned,
            "receipt": receipt.model_dump(mode="json"),
        }
        json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        shown = console()
        shown.print(f"{path}: {total:,} rows, {accepted.num_rows:,} keep {record}, {len(turned):,} do not", markup=False)
        if unnamed:
            shown.print(f"  columns that {record} does not name, left out: {', '.join(unnamed)}", markup=False)
        for (column, rule), count in reasons.most_common():
            found = (_example(t, path) for t in turned if (t["column"], t["rule"]) == (column, rule))
            examples = ", ".join(islice(found, 5))
            shown.print(f"  {column or 'the line'} {rule}: {count:,} rows, such as {examples}", markup=False)
        for line in failures(receipt):
            shown.print(f"  {line}", markup=False)
    return 3 if turned or not receipt.passed else 0


def _record(name: str) -> type[Record]:
    module_name, _, variable = name.partition(":")
    add_working_directory()
    try:
        found = getattr(importlib.import_module(module_name), variable)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"record {name!r}: {error}; expected package.module:Record") from error
    if not (isinstance(found, type) and issubclass(found, Record)):
        raise UsageError(f"record {name!r} is {found!r}, expected a subclass of schemas.Record")
    return found


def _example(away: dict[str, Any], path: str) -> str:
    """What a quarantined row held, and where it stands."""
    held = bounded(repr(away["value"]) if away["column"] else away["row"])
    line = f"line {away['line']:,}" if away["line"] else ""
    file = f"of {away['source']}" if away["source"] not in (None, path) else ""
    place = f"{line} {file}".strip()
    return f"{held} ({place})" if place else held


def _read(path: str) -> Iterator[tuple[Any, list[Any]]]:
    from stages.ingest import source_of

    source = source_of(path)
    for name in source.state():
        yield from source.read(name)
