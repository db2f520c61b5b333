"""Rows in = rows out + rows quarantined, exactly: random pipelines on random dirty files, counted by where each row stands."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal

from data_dirty import Place, dirty_file
from result import tell

from pipeline import LocalStore, Pipeline, Step
from pipeline.plan import EVERYTHING
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.record import RunRecord
from pipeline.runner import run
from pipeline.stage import Port
from pipeline.table import Table
from schemas import Key, Record
from stages import Clean, CsvFile, Deduplicate, Ingest, Mask, Split


class Row(Record):
    """A row that may be like another. id: its place, file and line, as `a.csv:7`."""

    id: str
    text: str
    label: Literal["yes", "no"]


class Keyed(Row):
    """A row that is known by its place."""

    id: Annotated[str, Key()]


class SplitRow(Row):
    """With its part."""

    split: str
    group: str


class SplitKeyed(Keyed):
    """With its part."""

    split: str
    group: str


def rows(runs: int) -> dict[str, Any]:
    """So many random pipelines; each runs a second time after its files have changed. Leaves with the first row that is lost."""
    counted: Counter[str] = Counter()
    for seed in range(runs):
        with tempfile.TemporaryDirectory(prefix="brickwise-rows-") as temporary:
            for record, wrong in checked(Path(temporary), seed):
                if wrong:
                    sys.exit(f"seed {seed}: {'; '.join(wrong)}")
                counted["runs"] += 1
                counted[record.status] += 1
                counted["steps"] += sum(step.rows_out is not None for step in record.steps)
                counted["rows in"] += (record.steps[0].rows_out or 0) + (record.steps[0].rows_quarantined or 0)
                counted["rows quarantined"] += sum(step.rows_quarantined or 0 for step in record.steps)
        if (seed + 1) % 10 == 0:
            print(f"  {seed + 1} of {runs}: {dict(counted)}", file=sys.stderr, flush=True)
    tell(
        "Rows in = rows out + rows quarantined, by where each row stands",
        [("", "number"), *((name, f"{number:,}") for name, number in counted.items())],
        ["every row of every run was found again"],
    )
    return dict(counted)


def checked(folder: Path, seed: int) -> Iterator[tuple[RunRecord, list[str]]]:
    """Two runs of one random pipeline, the second after its files have changed, each with what was wrong."""
    draw = Random(seed)  # noqa: S311  # no secrets
    (folder / "files").mkdir()
    names = [f"{number:02}.csv" for number in range(draw.randint(1, 4))]
    standing = {name: written(folder / "files" / name, draw) for name in names}
    pipeline, store = drawn(folder, draw), LocalStore(str(folder / "store"))
    yield accounted(pipeline, store, standing)
    for name in draw.sample(names, draw.randint(0, len(names) - 1)):
        standing.pop(name)
        (folder / "files" / name).unlink()
    standing["99.csv"] = written(folder / "files" / "99.csv", draw)
    yield accounted(pipeline, store, standing)


def drawn(folder: Path, draw: Random) -> Pipeline:
    """Ingest, then some of clean, deduplicate and mask in any order, then split or not."""
    keyed = draw.random() < 0.5
    row, split = (Keyed, SplitKeyed) if keyed else (Row, SplitRow)
    source = CsvFile(path=folder / "files" / "*.csv", encoding=draw.choice([None, "utf-8"]), max_row=20_000)
    stages: dict[str, Any] = {
        "clean": Clean[row](min_chars=draw.randint(1, 12)),  # type: ignore[valid-type]
        "unlike": Deduplicate[row](),  # type: ignore[valid-type]
        "mask": Mask[row](stems=("ba", "l+")),  # type: ignore[valid-type]
    }
    chosen = draw.sample(list(stages), draw.randint(0, 3))
    steps = [("raw", Ingest[row](source=source, fragment_rows=draw.choice([5, 40, 16_384])))]  # type: ignore[valid-type]
    steps += [(name, stages[name]) for name in chosen]
    steps += [("parts", Split[split](by="id"))] if draw.random() < 0.7 else []  # type: ignore[valid-type]
    above = [None, *(name for name, _ in steps)]
    return Pipeline(
        "rows",
        *(
            Step(name, stage, reads={"rows": before} if before else {})
            for (name, stage), before in zip(steps, above, strict=False)
        ),
    )


def accounted(pipeline: Pipeline, store: LocalStore, standing: dict[str, list[Place]]) -> tuple[RunRecord, list[str]]:
    """A run, and each step whose rows out and quarantined are not the rows that came in."""
    record = run(pipeline, store, selection=EVERYTHING)
    came = Counter(place for places in standing.values() for place in places)
    wrong = []
    for step in record.steps:
        if step.status not in ("ran", "reused", "blocked"):
            wrong += [f"{step.name} {step.status}: {step.error}"] if step.status == "failed" else []
            break
        out = Counter(_column(store, step.outputs["rows"], pipeline.ports[step.name].outputs["rows"], "id"))
        away = Counter(_away(store, step.quarantine, first=step.name == "raw"))
        if came != out + away:
            lost, made = came - out - away, out + away - came
            wrong.append(f"{step.name}: lost {list(lost.elements())[:5]}, made {list(made.elements())[:5]} of {came.total()}")
        came = out
    return record, wrong


def written(path: Path, draw: Random) -> list[Place]:
    """Write a dirty file; the places of its records."""
    data, places = dirty_file(path.name, draw)
    path.write_bytes(data)
    return places


def _column(store: LocalStore, digest: str, port: Any, name: str) -> list[Any]:
    table = load(store, digest, port)
    return table.read([name])[name].to_pylist() if table.fragments else []  # type: ignore[no-any-return]


def _away(store: LocalStore, digest: str | None, *, first: bool) -> Iterator[Place]:
    """Places of quarantined rows: at the first step by source and line, where a row that could be read must say the same."""
    rows = load(store, digest, Port("quarantine", Table, Quarantined)).read().to_pylist() if digest else []
    for row in rows:
        named = json.loads(row["row"]).get("id")
        stood = f"{os.path.basename(row['source'])}:{row['line']}" if first else named  # noqa: PTH119  # a name, no path
        yield stood if named in (stood, None) else f"{stood} calls itself {named}"
