"""The diff of two runs: what a person changed, piece by piece, and the same bytes for the same runs."""

import json

import pytest

from pipeline import digest
from pipeline.difference import ROWS, difference
from pipeline.record import load_run

STAGES = '''
    """Rows with a key, and a stage that compares them."""
    from typing import NamedTuple

    import pyarrow as pa

    from pipeline import Evaluation, Pipeline, Report, Stage, Step, Table
    from pipeline.compare import Compared
    from schemas import Row

    from .words import factor


    class Counted(Row):
        """A number by name."""

        count: int


    class Made(NamedTuple):
        evaluation: Evaluation
        rows: Table[Counted]


    class Source(Stage):
        """Made of its config."""

        rows: tuple[tuple[str, int], ...] = (("a", 1), ("b", 2), ("c", 3))
        options: dict[str, dict[str, int]] = {"deep": {"inner": 1}}
        seed: int = 7

        def run(self) -> Made:
            """As told."""
            names, counts = [name for name, _ in self.rows], [count for _, count in self.rows]
            return Made(Evaluation(facts={"metrics": {}, "n": len(names)}), Table.of(Counted, pa.table({"id": names, "count": counts})))


    class Scaled(Stage):
        """Times a factor. rows: n rows. Returns n rows."""

        packages = ("numpy",)
        times: int = 2

        def map(self, rows: Table[Counted]) -> Table[Counted]:
            """One fragment."""
            found = rows.read()
            counts = [factor(count, self.times) for count in found["count"].to_pylist()]
            return Table.of(Counted, found.set_column(1, "count", pa.array(counts)))


    class Against(Stage):
        """Says how many rows both have."""

        model: str = "net"
        metric: str = "count"

        def run(self, evaluation: Evaluation, rows: Table[Counted]) -> Report:
            """Nothing."""
            return Report(facts={"n": rows.count()})

        def diff(self, before, after):
            """By the number of rows."""
            tables = [side["rows"].read() for side in (before, after)]
            facts = {"comparable": {"status": "yes", "reasons": []}, "models": {}, "names": sorted({"x", *tables[1]["id"].to_pylist()})}
            return Compared("undecided", [], facts, tables[1])


    counted = Pipeline(
        "counted",
        Step("source", Source()),
        Step("scaled", Scaled(), reads={"rows": "source"}),
        Step("against", Against(), reads={"evaluation": "source", "rows": "scaled"}),
    )
'''
WORDS = '''
    """Words."""

    BASE = 1


    def factor(count, times):
        """A product."""
        return count * times * BASE
'''


@pytest.fixture
def runs(project, store):
    """A function: settings -> a run of the pipeline as its files are now."""
    project.write("shop/flow.py", STAGES)
    project.write("shop/words.py", WORDS)

    def made(*settings: str):
        loaded = project.load("shop.flow:counted").set(settings)
        found = loaded.run(str(store.root))
        assert found.status == "done", found
        return loaded, load_run(store, found.run_id)

    return made


def changed(store, before, after):
    loaded, newer = after
    return difference(loaded, store, before[1], newer).facts["changed"]


NOTHING = {"steps": {}, "config": [], "seeds": [], "code": [], "packages": [], "data": {}}


def test_rows_are_added_removed_and_changed_by_their_key(runs, store):
    before, after = runs(), runs('source.rows=[["a", 1], ["c", 30], ["d", 4], ["e", 5]]')
    found = changed(store, before, after)
    assert found["data"] == {
        "source.rows": {"added": 2, "removed": 1, "changed": 1},
        "scaled.rows": {"added": 2, "removed": 1, "changed": 1},
    }
    assert found["steps"].keys() == {"source", "scaled", "against"}
    back = changed(store, after, (before[0], before[1]))
    assert back["data"]["source.rows"] == {"added": 1, "removed": 2, "changed": 1}


def test_rows_in_another_order_are_the_same_rows(runs, store):
    found = changed(store, runs(), runs('source.rows=[["c", 3], ["b", 2], ["a", 1]]'))
    assert found["data"]["source.rows"] == {"added": 0, "removed": 0, "changed": 0}


def test_config_is_told_key_by_key_and_seeds_by_themselves(runs, store):
    before, after = runs(), runs("scaled.times=3", "source.seed=8", 'source.options={"deep": {"inner": 2}, "new": {"x": 1}}')
    found = changed(store, before, after)
    assert found["config"] == [
        {"step": "source", "key": "options.deep.inner", "before": 1, "after": 2},
        {"step": "source", "key": "options.new.x", "before": None, "after": 1},
        {"step": "scaled", "key": "times", "before": 2, "after": 3},
    ]
    assert found["seeds"] == [{"step": "source", "key": "seed", "before": 7, "after": 8}]
    assert (found["code"], found["packages"]) == ([], [])
    assert found["data"] == {"scaled.rows": {"added": 0, "removed": 0, "changed": 3}}


def test_code_is_told_by_function_and_constant_and_a_comment_is_no_code(runs, store, project):
    before = runs()
    project.edit("shop/words.py", "BASE = 1\n", "BASE = 2  # twice\n")
    after = runs()
    found = changed(store, before, after)
    assert found["code"] == ["shop/words.py: BASE"]
    assert found == {
        **NOTHING,
        "steps": found["steps"],
        "code": found["code"],
        "data": {"scaled.rows": {"added": 0, "removed": 0, "changed": 3}},
    }
    project.edit("shop/words.py", "return count * times * BASE", "return times * count * BASE")
    project.edit("shop/flow.py", "for name, _ in self.rows", "for name, *_ in self.rows")
    assert changed(store, after, runs())["code"] == ["shop/flow.py: Source.run()", "shop/words.py: factor()"]
    project.edit("shop/words.py", "# twice", "# two times")
    assert project.load("shop.flow:counted").run(str(store.root)).status == "up-to-date"


def test_packages_are_told_by_version(runs, store, project, monkeypatch):
    from pipeline import key

    before = runs()
    asked = key.versions

    def versions(*given):
        return {name: "99.0" if name == "numpy" else version for name, version in asked(*given).items()}

    versions.cache_clear = asked.cache_clear
    monkeypatch.setattr(key, "versions", versions)
    after = runs()
    found = changed(store, before, after)
    (one,) = found["packages"]
    assert (one["key"], one["after"]) == ("numpy", "99.0")
    assert one["before"] not in (None, "99.0")
    assert (found["config"], found["code"], found["data"]) == ([], [], {})


def test_a_run_against_itself_has_changed_nothing(runs, store):
    one = runs()
    assert changed(store, one, one) == NOTHING


def test_what_was_deleted_leaves_the_rest_to_be_told(runs, store):
    before, after = runs(), runs("source.seed=8", 'source.rows=[["a", 9]]')
    store.object_file(before[1].step("source").outputs["rows"]).unlink()
    found = difference(after[0], store, before[1], after[1])
    assert found.facts["changed"]["data"] == {"source.rows": None, "scaled.rows": {"added": 0, "removed": 2, "changed": 1}}
    assert found.facts["changed"]["seeds"] == [{"step": "source", "key": "seed", "before": 7, "after": 8}]
    store.object_file(before[1].step("scaled").outputs["rows"]).unlink()
    found = difference(after[0], store, before[1], after[1])
    told = f"what source, scaled of run {before[1].run_id} made was collected or lost; only a new run makes it again"
    assert found.facts["comparable"] == {"status": "no", "reasons": [told]}
    assert (found.facts["verdict"], found.facts["models"], found.files) == (None, {}, {})


def test_the_same_runs_give_the_same_bytes_also_in_another_process(runs, store, project):
    before, after = runs(), runs("scaled.times=3", 'source.rows=[["z", 1], ["b", 20], ["y", 3], ["a", 1]]')
    one, again = (difference(after[0], store, before[1], after[1]) for _ in range(2))
    assert digest.canonical(dict(one.facts)) == digest.canonical(dict(again.facts))
    assert one.files[ROWS] == again.files[ROWS]
    assert one.facts["names"] == ["a", "b", "x", "y", "z"]
    digests = {_elsewhere(project, store, before, after, seed) for seed in ("0", "1", "4711")}
    assert digests == {json.dumps([digest.digest_json(dict(one.facts)), digest.digest_bytes(one.files[ROWS])])}


ELSEWHERE = """
    import json, sys
    from pipeline import LocalStore, digest
    from pipeline.difference import ROWS, difference
    from pipeline.record import load_run
    from shop.flow import counted
    store = LocalStore(sys.argv[1])
    found = difference(counted, store, *(load_run(store, one) for one in sys.argv[2:]))
    print(json.dumps([digest.digest_json(dict(found.facts)), digest.digest_bytes(found.files[ROWS])]))
"""


def _elsewhere(project, store, before, after, seed):
    """The digests of the same diff, made by a process whose sets are in another order."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONHASHSEED", seed)
        process = project.python(ELSEWHERE, str(store.root), str(before[1].run_id), str(after[1].run_id))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def test_the_diff_names_its_runs_and_the_command_that_repeats_it(runs, store):
    before, after = runs(), runs("scaled.times=3")
    facts = difference(after[0], store, before[1], after[1]).facts
    a, b = before[1].run_id, after[1].run_id
    assert (facts["schema"], facts["before"], facts["after"], facts["pipeline"]) == ("brickwise.diff/1", a, b, "counted")
    assert (facts["repeat"], facts["verdict"], facts["gates"]) == (f"brickwise diff {a} {b}", "undecided", [])


SPLIT = '''
    """Rows of two parts."""
    import pyarrow as pa

    from pipeline import Pipeline, Stage, Step, Table

    from .flow import Against, Counted, Source


    class Part(Counted):
        """A number of a part."""

        split: str


    class Halved(Stage):
        """Which part a row is in. rows: n rows. Returns n rows."""

        by: str = "id"

        def run(self, rows: Table[Counted]) -> Table[Part]:
            """As it says."""
            found = rows.read()
            return Table.of(Part, found.append_column("split", pa.array([self.by] * found.num_rows)))


    parts = Pipeline(
        "parts",
        Step("source", Source()),
        Step("halved", Halved(), reads={"rows": "source"}),
        Step("against", Against(), reads={"evaluation": "source", "rows": "halved"}),
    )
'''


def test_rows_that_were_split_by_another_rule_are_comparable_in_part(project, store):
    for name, text in (("flow", STAGES), ("words", WORDS), ("split", SPLIT)):
        project.write(f"shop/{name}.py", text)

    def comparable(*settings):
        pipeline = project.load("shop.split:parts")
        made = [pipeline.set(one).run(str(store.root)) for one in (("halved.by=name",), settings)]
        before, after = (load_run(store, one.run_id) for one in made)
        return difference(pipeline.set(settings), store, before, after).facts["comparable"]

    reason = "step 'halved' splits by another rule: by 'name' -> 'group'"
    assert comparable("halved.by=group") == {"status": "partly", "reasons": [reason]}
    assert comparable("halved.by=name", "source.seed=8") == {"status": "yes", "reasons": []}
