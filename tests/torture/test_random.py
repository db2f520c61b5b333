"""Random pipelines under random edits: what the cache gives is what a run from nothing gives, to the digest.

A pipeline is a list of steps, each of a kind, with a number for its config and a choice of what it reads above.  Edits change
config, wiring, steps, files of the source and code (a constant that all stages of a kind reach); between them a run is broken off,
and an object or an action is deleted or damaged.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipelines import load_all, results

from pipeline import DamagedError, LocalStore, Pipeline, Step, runner
from pipeline.store import durable

EXAMPLES = 300 if os.environ.get("BRICKWISE_TORTURE") == "1" else 8

KINDS = ("shift", "keep", "rank", "unique", "join", "learn", "scale")

STAGES = '''
    """Stages over small tables; `SHIFT` and the others are code that edits change."""
    import json
    import pyarrow as pa
    import pyarrow.compute as pc
    from collections.abc import Iterator
    from pipeline import Outside, Stage, Table, Vocabulary
    from pipeline.quarantine import sift
    from pipelines import Read, Row, rows_of

    SHIFT = 1
    KEEP = 1
    RANK = 1
    UNIQUE = 1
    JOIN = 1
    LEARN = 1
    SCALE = 1

    def moved(rows, by):
        return pa.table({"id": rows["id"], "value": pc.add(rows["value"], by)})

    class Shift(Stage):
        by: int
        def map(self, rows: Table[Row]) -> Table[Row]:
            return Table.of(Row, moved(rows.read(), self.by - 2 + SHIFT))

    class Keep(Stage):
        by: int
        def map(self, rows: Table[Row]) -> Iterator[Table[Row]]:
            most = 20 + self.by + KEEP
            kept, away = sift(rows.read(), [("is large", "value", pc.greater(rows.read()["value"], most))])
            yield Table.of(Row, kept.slice(0, 2), turned_away=away)
            yield Table.of(Row, kept.slice(2))

    class Rank(Stage):
        by: int
        def run(self, rows: Table[Row]) -> Table[Row]:
            order = "ascending" if (self.by + RANK) % 2 else "descending"
            return Table.of(Row, rows.read().sort_by([("value", order), ("id", "ascending")]))

    class Unique(Stage):
        by: int
        def run(self, rows: Table[Row]) -> Table[Row]:
            seen, double = set(), []
            for value in rows.read()["value"].to_pylist():
                double.append(value % (self.by + 2 + UNIQUE) in seen)
                seen.add(value % (self.by + 2 + UNIQUE))
            kept, away = sift(rows.read(), [("is double", "value", pa.array(double, pa.bool_()))])
            return Table.of(Row, kept, turned_away=away)

    class Join(Stage):
        by: int
        def run(self, left: Table[Row], right: Table[Row]) -> Iterator[Table[Row]]:
            yield from left.split()
            yield Table.of(Row, moved(right.read(), self.by + JOIN))

    class Learn(Stage):
        by: int
        def run(self, rows: Table[Row]) -> Vocabulary:
            total = pc.sum(rows.read()["value"]).as_py() or 0
            return Vocabulary(facts={"total": total + self.by}, files={"it.json": json.dumps([total, LEARN]).encode()})

    class Scale(Stage):
        by: int
        def run(self, rows: Table[Row], vocabulary: Vocabulary) -> Table[Row]:
            total, factor = json.loads(vocabulary.read("it.json"))
            return Table.of(Row, moved(rows.read(), total % 3 + factor * self.by))
'''

numbers = st.integers(0, 5)
nodes = st.tuples(st.sampled_from(("shift", "keep", *KINDS)), numbers, st.integers(0, 20), st.integers(0, 20))
files = st.lists(st.integers(-2, 30), min_size=0, max_size=5)
edits = st.lists(
    st.one_of(
        *(st.tuples(st.just("config"), st.integers(0, 20), numbers) for _ in range(3)),  # the commonest edits, the likeliest
        *(st.tuples(st.just("code"), st.sampled_from(KINDS), st.integers(1, 3)) for _ in range(2)),
        st.tuples(st.just("rewire"), st.integers(0, 20), st.integers(0, 20)),
        st.tuples(st.just("add"), st.integers(0, 20), nodes),
        st.tuples(st.just("drop"), st.integers(0, 20), st.none()),
        st.tuples(st.just("file"), st.integers(0, 3), files),
        st.tuples(st.just("no file"), st.integers(0, 3), st.none()),
        st.tuples(st.just("comment"), st.none(), st.none()),
        st.tuples(st.just("break off"), st.integers(1, 400), st.none()),
        st.tuples(st.just("delete"), st.integers(0, 500), st.none()),
        st.tuples(st.just("damage"), st.integers(0, 500), st.none()),
    ),
    min_size=4,
    max_size=8,
)


class BrokenOff(BaseException):
    """Ends a run as a kill does: whatever it would still write is refused as well."""


class Workshop:
    """A user's folder with stages and files, a spec of a pipeline, and the store that is kept through all edits."""

    def __init__(self, project: Any, tmp: Path, spec: list[Any], listed: list[list[int]]) -> None:
        self._project, self._tmp, self._spec = project, tmp, list(spec)
        self._constants = dict.fromkeys(KINDS, 1)
        self._comments = 0
        self._source = tmp / "files"
        self._store = tmp / "kept"
        shutil.rmtree(tmp, ignore_errors=True)
        self._source.mkdir(parents=True)
        for number, values in enumerate(listed):
            self._file(number, values)
        self._code()

    def _file(self, number: int, values: list[int]) -> None:
        (self._source / f"{number}.json").write_text(
            json.dumps([[100 * number + at, value] for at, value in enumerate(values)])
        )

    def _code(self) -> None:
        text = STAGES
        for kind, value in self._constants.items():
            text = text.replace(f"    {kind.upper()} = 1\n", f"    {kind.upper()} = {value}\n")
        self._project.write("randomly/stages.py", text + "\n    # as it was\n" * self._comments)

    def built(self) -> Pipeline:
        """The pipeline of the spec; what a step reads is counted among those above that write it."""
        load = self._project.load
        steps = [Step("source", load("randomly.stages:Read")(folder=str(self._source)))]
        tables, learned = ["source"], list[str]()
        for number, (kind, by, first, second) in enumerate(self._spec):
            name, stage = f"s{number}_{kind}", load(f"randomly.stages:{kind.capitalize()}")(by=by)
            reads = {"rows": tables[first % len(tables)]}
            if kind == "join":
                reads = {"left": tables[first % len(tables)], "right": tables[second % len(tables)]}
            if kind == "scale":
                if not learned:
                    continue
                reads["vocabulary"] = learned[second % len(learned)]
            steps.append(Step(name, stage, reads))
            (learned if kind == "learn" else tables).append(name)
        return Pipeline("randomly", *steps)

    def edit(self, what: str, at: Any, value: Any) -> None:
        """One edit; one that does not fit what is there does nothing."""
        spec = self._spec
        if what == "config" and spec:
            kind, _, *reads = spec[at % len(spec)]
            spec[at % len(spec)] = (kind, value, *reads)
        elif what == "rewire" and spec:
            kind, by, _, second = spec[at % len(spec)]
            spec[at % len(spec)] = (kind, by, value, second + value)
        elif what == "add":
            spec.insert(at % (len(spec) + 1), value)
        elif what == "drop" and spec:
            del spec[at % len(spec)]
        elif what == "file":
            self._file(at, value)
        elif what == "no file":
            (self._source / f"{at}.json").unlink(missing_ok=True)
        elif what == "code":
            self._constants[at] = value
            self._code()
        elif what == "comment":
            self._comments += 1
            self._code()
        elif what == "break off":
            self._break_off(at)
        elif what in ("delete", "damage"):
            self._harm(at, damage=what == "damage")

    def _break_off(self, left: int) -> None:
        lock = threading.Lock()

        def watch(operation: str, path: Path, target: Path | None) -> None:
            nonlocal left
            with lock:
                left -= 1
            if left <= 0:
                raise BrokenOff

        before = set(threading.enumerate())
        durable.watch = watch
        try:
            runner.run(self.built(), LocalStore(self._store))
        except BrokenOff:
            pass
        finally:
            for thread in set(threading.enumerate()) - before:
                thread.join()
            durable.watch = None

    def _harm(self, at: int, *, damage: bool) -> None:
        stored = sorted(
            path for folder in ("objects", "actions") for path in (self._store / folder).rglob("*") if path.is_file()
        )
        if stored:
            path = stored[at % len(stored)]
            data = path.read_bytes()
            path.unlink()
            if damage:
                path.write_bytes(data[: len(data) // 2])

    def compare(self) -> None:
        """A run in the kept store agrees with one in an empty store."""
        kept, scratch = LocalStore(self._store), LocalStore(self._tmp / "scratch")
        cached, fresh = runner.run(self.built(), kept), runner.run(self.built(), scratch)
        assert states(cached) == states(fresh)
        assert results(cached) == results(fresh)
        assert self._served(kept, cached) == self._served(scratch, fresh)
        shutil.rmtree(scratch.root)

    def _served(self, store: LocalStore, record: Any) -> Any:
        """What is read back; a file that was harmed, and that no run had a reason to look at, is known and made again."""
        for _ in range(30):  # more than what five edits can harm
            try:
                return load_all(self.built(), store, record)
            except DamagedError:
                runner.run(self.built(), store)
        return "never whole"


def states(record: Any) -> dict[str, str]:
    """How each step ended, whether it was made or found."""
    return {step.name: step.status.replace("reused", "ran") for step in record.steps}


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(spec=st.lists(nodes, min_size=1, max_size=7), listed=st.lists(files, min_size=1, max_size=3), edited=edits)
def test_the_cached_result_is_that_of_a_run_from_nothing(project, tmp_path, monkeypatch, spec, listed, edited):
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the disk is not the subject here
    workshop = Workshop(project, tmp_path / "work", spec, listed)
    workshop.compare()
    for edit in edited:
        workshop.edit(*edit)
        if edit[0] not in ("delete", "damage", "break off"):
            workshop.compare()
    workshop.compare()
