"""Many processes run pipelines on one store while a collector removes whatever it may, again and again."""

import json
from pathlib import Path

import pytest

from pipeline import LocalStore
from pipeline.store.reach import lost
from pipeline.store.verify import verify

PACKAGE = """
    import random, time
    import pyarrow as pa
    from pipeline import Check, Finding, Model, Pipeline, Stage, Step, Table
    from pipeline.store import durable
    from pipeline.store.lease import Lease
    from pipeline.quarantine import Quarantined

    class HasRows(Check):
        name: str = "has rows"
        def judge(self, artifact):
            count = artifact.read().num_rows
            yield Finding(rule="has rows", evaluated=count, failed=0, passed=count > 0)

    class Line(Quarantined):
        @classmethod
        def contract(cls):
            return HasRows()

    def table(word):
        return Table.of(Line, pa.table({name: [word, word] for name in Line.columns()}))

    class Lines(Stage):
        first: int = 0
        def run(self) -> Table[Line]:
            for number in range(self.first, self.first + 6):  # neighbours share five of six fragments
                yield table(f"line {number}")

    class Shout(Stage):
        mark: str = "!"
        def map(self, rows: Table[Line]) -> Table[Line]:
            read = rows.read()
            shouted = [[value + self.mark for value in read[name].to_pylist()] for name in read.column_names]
            return Table.of(Line, pa.table(dict(zip(read.column_names, shouted))))

    class Fit(Stage):
        def run(self, rows: Table[Line]) -> Model:
            return Model(facts={"n": rows.read().num_rows}, files={"weights": repr(rows.read().to_pylist()).encode()})

    def make(name, first, mark):
        return Pipeline(
            name,
            Step("lines", Lines(first=first)),
            Step("shout", Shout(mark=mark), {"rows": "lines"}),
            Step("fit", Fit(), {"rows": "shout"}),
        )

    def dawdle(seed, seconds):
        # Sleep where it hurts most: before a pin, before a look's result is used, between two removals.
        dice = random.Random(seed)
        def watch(operation, path, target):
            if operation in ("append", "rename", "remove", "lock") and dice.random() < 0.2:
                time.sleep(dice.random() * seconds)
        durable.watch = watch

    def without_pins():
        Lease.pin = lambda self, names: None
"""

RUN = """
    import json, random, sys
    from pipeline import LocalStore
    from pipeline.store.reach import lost
    from pipeline.runner import run
    from mypkg.flow import dawdle, make, without_pins
    root, number, runs, pins = sys.argv[1], *map(int, sys.argv[2:])
    if not pins:
        without_pins()
    dawdle(number, 0.02)
    dice = random.Random(number)
    for _ in range(runs):
        name, first, mark = dice.choice("pq"), dice.randrange(8), dice.choice("!?")
        store = LocalStore(root)
        with store.lease():
            record = run(make(name, first, mark), store)
            document = record.model_dump(mode="json")
            gone = lost(store, document["steps"]) if record.status in ("done", "up-to-date") else [step.error for step in record.steps]
        print(json.dumps({"made": [name, first, mark], "gone": gone, **document}), flush=True)
"""

COLLECT = """
    import json, sys, time
    from pathlib import Path
    from pipeline import LocalStore
    from pipeline.store.collect import collect
    from mypkg.flow import dawdle
    root, stop = sys.argv[1:]
    dawdle(0, 0.005)
    objects = rounds = 0
    while not Path(stop).exists():
        found = collect(LocalStore(root), keep=1)
        objects, rounds = objects + found.removed["objects"].files, rounds + 1
        assert not found.notes, found.notes
    print(json.dumps({"objects": objects, "rounds": rounds}))
"""


def together(project, root: Path, processes: int, runs: int, *, pins: bool = True):
    """(what each run said, what the collector did, what went wrong in a process)."""
    project.write("mypkg/flow.py", PACKAGE)
    stop = project.folder / "stop"
    collector = project.python(COLLECT, str(root), str(stop))
    started = [project.python(RUN, str(root), str(number), str(runs), str(int(pins))) for number in range(1, processes + 1)]
    said = [process.communicate(timeout=1500) for process in started]
    stop.touch()
    swept, trouble = collector.communicate(timeout=100)
    wrong = [err[-2000:] for process, (_, err) in zip(started, said, strict=True) if process.returncode]
    wrong += [trouble[-2000:]] if collector.returncode else []
    return [json.loads(line) for out, _ in said for line in out.splitlines()], json.loads(swept or "null"), wrong


def alone(project, root: Path, made: list) -> list:
    """The outputs of the same run with nobody beside it, in a store of its own."""
    record = project.load("mypkg.flow:make")(*made).run(root)
    return [step.outputs for step in record.steps]


@pytest.mark.timeout(1800)
def test_no_run_is_lost_or_harmed_by_others_or_by_the_collector(project, tmp_path, full):
    processes, runs = (8, 50) if full else (3, 5)
    root = tmp_path / "store"
    said, swept, wrong = together(project, root, processes, runs)
    assert not wrong
    assert len(said) == processes * runs
    assert [one for one in said if one["status"] not in ("done", "up-to-date") or one["gone"]] == []
    expected = {}
    for one in said:
        made = tuple(one["made"])
        expected.setdefault(made, None)
        if expected[made] is None:
            expected[made] = alone(project, tmp_path / "alone" / str(len(expected)), one["made"])
        assert [step["outputs"] for step in one["steps"]] == expected[made]

    store = LocalStore(root)
    recorded = {one["run_id"] for one in said if one["status"] == "done"}
    assert recorded <= set(store.run_ids())
    assert {one["run_id"] for one in said} == set(store.run_ids())
    for name in {one["pipeline"] for one in said}:
        champion = store.run(store.ref(name, "champion"))
        assert champion["pipeline"] == name
        assert lost(store, champion["steps"]) == []
    found = verify(store)
    assert (found.damaged, found.missing, found.foreign) == ([], [], [])
    assert swept["objects"] > 0
    assert swept["rounds"] > 1


def test_without_pins_the_collector_does_harm_which_is_seen(project, tmp_path):
    for attempt in range(10):
        said, _, wrong = together(project, tmp_path / str(attempt), 3, 8, pins=False)
        if wrong or any(one["gone"] for one in said):
            return
    pytest.fail("the harness does not see what pins are for")
