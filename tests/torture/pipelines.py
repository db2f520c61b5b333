"""The pipeline that the harnesses break: files read one by one, rows turned away, a whole stage, and an artifact with a file.

What a stage does it notes in the file LOG of the environment, outside the store: that is how executions are counted.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Check, Evaluation, Finding, LocalStore, Outside, Pipeline, Stage, Step, Table, Vocabulary, workplace
from pipeline.digest import digest_file
from pipeline.publish import load, manifest
from pipeline.quarantine import Quarantined, sift, turned_away
from pipeline.record import RunRecord
from pipeline.stage import Port


def note(what: str) -> None:
    """One line, in one write, so that a kill leaves it whole or leaves it out."""
    if "LOG" in os.environ:
        handle = os.open(os.environ["LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{what}\n".encode())
        os.close(handle)


class Small(Check):
    """A rule of rows, asked of each fragment once."""

    name: str = "small"

    def judge(self, artifact: Table[Any]) -> Any:
        rows = artifact.read()
        note(f"judge {artifact.digest}")
        large = pc.sum(pc.greater(rows["value"], 1_000_000)).as_py() or 0
        yield Finding(rule="at most a million", evaluated=rows.num_rows, failed=large, passed=not large)


class HasRows(Check):
    """A rule of the whole table."""

    name: str = "has rows"

    def judge(self, artifact: Table[Any]) -> Any:
        count = sum(part.read().num_rows for part in artifact.split())
        yield Finding(rule="has rows", evaluated=count, failed=0, passed=count > 0)


class Both(Check):
    """The contract of a Row; light, since Great Expectations is not the subject here."""

    name: str = "contract"

    def by_row(self) -> Check:
        return Small()

    def whole(self) -> Check:
        return HasRows()


class Row:
    """An id and a value that is not negative."""

    @classmethod
    def columns(cls) -> dict[str, str]:
        return {"id": "int64", "value": "int64"}

    @classmethod
    def key(cls) -> tuple[str, ...]:
        return ("id",)

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        kept, away = sift(rows, [("is negative", "value", pc.less(rows["value"], 0))])
        return kept, pa.concat_tables(away) if away else turned_away(rows.slice(0, 0), "")

    @classmethod
    def contract(cls) -> Check:
        return Both()


def rows_of(listed: list[tuple[int, int]]) -> pa.Table:
    """An Arrow table of ids and values."""
    return pa.table({name: pa.array([row[at] for row in listed], pa.int64()) for at, name in enumerate(("id", "value"))})


class Read(Stage):
    """The files of a folder: a JSON list of [id, value] each."""

    folder: str

    def outside(self) -> Mapping[str, Any]:
        return {path.name: digest_file(path) for path in sorted(Path(self.folder).glob("*.json"))}

    def map(self, item: Outside) -> Table[Row]:
        note(f"read {item.name}")
        return Table.of(Row, rows_of(json.loads((Path(self.folder) / item.name).read_text())))


class Keep(Stage):
    """Turns away what is above `most`."""

    most: int = 50

    def map(self, rows: Table[Row]) -> Table[Row]:
        note(f"keep {rows.fragments[0].digest}")
        kept, away = sift(rows.read(), [("is large", "value", pc.greater(rows.read()["value"], self.most))])
        return Table.of(Row, kept, turned_away=away)


class Rank(Stage):
    """All rows by value."""

    def run(self, rows: Table[Row]) -> Table[Row]:
        note("rank")
        return Table.of(Row, rows.read().sort_by([("value", "ascending"), ("id", "ascending")]))


class Learn(Stage):
    """The values there are, as a file; it notes in its workplace what it has done so far, and goes on from there."""

    base: int = 2

    def run(self, rows: Table[Row]) -> Vocabulary:
        note("learn")
        values, place = rows.read()["value"].to_pylist(), workplace()
        if place is None:
            raise RuntimeError("no workplace in a run")
        known: list[int] = json.loads(place.read("known.json") or b"[]")
        for half in (len(values) // 2, len(values)):
            known += [self.base * value for value in values[len(known) : half]]
            place.write("known.json", json.dumps(known).encode())
            place.write(f"{half}", b"")
            if half == len(values):
                place.remove(f"{len(values) // 2}")
        return Vocabulary(facts={"size": len(known)}, files={"known.json": json.dumps(known).encode()})


class Score(Stage):
    """A metric of both."""

    def run(self, rows: Table[Row], vocabulary: Vocabulary) -> Evaluation:
        note("score")
        value = len(json.loads(vocabulary.read("known.json"))) / rows.read().num_rows
        return Evaluation(facts={"metrics": {"it": {"accuracy": {"value": value, "low": value, "high": value}}}})


def built(folder: Path, *, most: int = 50, base: int = 2) -> Pipeline:
    """One step after the other, so that at most one is under way."""
    return Pipeline(
        "small",
        Step("read", Read(folder=str(folder))),
        Step("keep", Keep(most=most), {"rows": "read"}),
        Step("rank", Rank(), {"rows": "keep"}),
        Step("learn", Learn(base=base), {"rows": "rank"}),
        Step("score", Score(), {"rows": "rank", "vocabulary": "learn"}),
    )


def sources(folder: Path, files: int = 3, rows: int = 6) -> Path:
    """Files with ids that differ; of six values one is negative and one is large."""
    folder.mkdir(parents=True)
    for number in range(files):
        listed = [(100 * number + at, (-1, 99, 7, 8, 9, 10)[at % 6] + number) for at in range(rows)]
        (folder / f"{number}.json").write_text(json.dumps(listed))
    return folder


def results(record: RunRecord) -> dict[str, Any]:
    """What two runs that did the same agree on."""
    return {
        step.name: [step.outputs, step.quarantine, step.rows_in, step.rows_out, step.rows_quarantined, step.error]
        for step in record.steps
    }


def load_all(pipeline: Pipeline, store: LocalStore, record: RunRecord) -> dict[str, Any]:
    """Every artifact of a run as it is served: tables as rows, others as facts and bytes."""
    served: dict[str, Any] = {}
    for step in record.steps:
        for name, digest in step.outputs.items():
            found = load(store, digest, pipeline.ports[step.name].outputs[name])
            if isinstance(found, Table):
                served[f"{step.name}.{name}"] = found.read().to_pylist() if found.fragments else []
            else:
                served[f"{step.name}.{name}"] = [dict(found.facts), {file: found.read(file).hex() for file in found.files}]
        if step.quarantine:
            away = load(store, step.quarantine, Port("rows", Table, Quarantined))
            served[f"{step.name} quarantine"] = away.read().to_pylist()
    return served


def ids(served: Mapping[str, Any], steps: tuple[str, ...] = ("read", "keep")) -> Counter[int]:
    """Every row that came out of the steps, or was turned away by one of them."""
    kept = [row["id"] for row in served[f"{steps[-1]}.rows"]]
    away = [json.loads(row["row"])["id"] for step in steps for row in served.get(f"{step} quarantine", [])]
    return Counter([*kept, *away])


def wanted_ids(folder: Path) -> Counter[int]:
    """Every row of the source."""
    return Counter(row[0] for path in folder.glob("*.json") for row in json.loads(path.read_text()))


def objects_of(store: LocalStore, action: Mapping[str, Any]) -> list[str]:
    """Every object that an action says is there."""
    if "of" in action:
        return []
    if "files" in action:
        return [file["digest"] for file in (*action["files"], *action["quarantine"])]
    artifacts = [*action["outputs"].values(), *filter(None, [action["quarantine"]])]
    return [*artifacts, *(file["digest"] for artifact in artifacts for file in manifest(store, artifact)["files"])]
