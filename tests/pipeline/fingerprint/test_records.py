"""Edits of a Record that must, and that must not, remake what a stage made of its rows."""

import pytest

from pipeline.key import key, step_parts

FLOW = """
    import pyarrow.compute as pc
    from pipeline import Outside, Pipeline, Stage, Step, Table
    from schemas import Record, row_rule
    from .places import Address
    from .times import later

    class Visit(Record):
        start: int
        end: int
        address: Address

        @row_rule("ends before it starts", column="end")
        def in_order(rows):
            return later(rows["end"], rows["start"])

        def unused(self):
            return 1

    class Read(Stage):
        def outside(self):
            return {"a": "1"}
        def map(self, item: Outside) -> Table[Visit]: ...

    p = Pipeline("p", Step("read", Read()))
"""
TIMES = """
    import pyarrow.compute as pc
    LEAST = 0
    def later(one, other):
        return pc.greater_equal(pc.subtract(one, other), LEAST)
    def unrelated():
        return 1
"""
PLACES = """
    from typing import Annotated
    from pydantic import Field
    from schemas import Record, row_rule
    from .towns import known

    class Address(Record):
        zip: Annotated[str, Field(min_length=2)]

        @row_rule("is no town of ours")
        @staticmethod
        def real(rows):
            return known(rows["zip"])
"""
TOWNS = """
    import pyarrow.compute as pc
    def known(zips):
        return pc.not_equal(zips, "00")
"""


def parts(project):
    return step_parts(project.load("mypkg.flow:p"), "read", {})


@pytest.fixture
def written(project):
    for name, text in (("flow", FLOW), ("times", TIMES), ("places", PLACES), ("towns", TOWNS)):
        project.write(f"mypkg/{name}.py", text)
    return project


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("flow", 'later(rows["end"], rows["start"])', 'later(rows["start"], rows["end"])', "mypkg/flow.py: Visit.in_order()"),
        ("flow", "ends before it starts", "ends too early", "mypkg/flow.py: Visit.in_order()"),
        ("flow", 'column="end"', 'column="start"', "mypkg/flow.py: Visit.in_order()"),
        ("flow", "end: int", "end: int | None", "mypkg/flow.py: Visit"),
        ("times", "greater_equal", "greater", "mypkg/times.py: later()"),
        ("times", "LEAST = 0", "LEAST = 1", "mypkg/times.py: LEAST"),
        ("places", "min_length=2", "min_length=3", "mypkg/places.py: Address"),
        ("places", "is no town of ours", "is no town", "mypkg/places.py: Address.real()"),
        ("towns", '"00"', '"01"', "mypkg/towns.py: known()"),
    ],
)
def test_an_edit_of_a_rule_or_of_what_it_calls_or_of_a_nested_record_makes_the_step_stale(written, file, old, new, changed):
    before = parts(written)
    written.edit(f"mypkg/{file}.py", old, new)
    after = parts(written)
    assert key(before) != key(after)
    assert {name for name in after["code"] if after["code"][name] != before["code"].get(name)} == {changed}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("times", "return 1", "return 2"), ("flow", "return 1", "return 2"), ("flow", 'return later(rows["end"], rows["start"])', 'return later(rows["end"], rows["start"])  # >=')],
)  # fmt: skip
def test_an_edit_beside_a_rule_makes_nothing_stale(written, file, old, new):
    before = parts(written)
    written.edit(f"mypkg/{file}.py", old, new)
    assert parts(written) == before


def test_rows_that_an_edited_rule_refuses_are_quarantined_in_the_next_run(project, store, why):
    project.write(
        "mypkg/flow.py",
        """
        import pyarrow.compute as pc
        from pipeline import Outside, Pipeline, Stage, Step, Table
        from schemas import Record, row_rule

        class Span(Record):
            start: int
            end: int

            @row_rule("ends before it starts")
            def in_order(rows):
                return pc.greater_equal(rows["end"], rows["start"])

        class Read(Stage):
            def outside(self):
                return {"a": "1"}
            def map(self, item: Outside) -> Table[Span]:
                import pyarrow as pa
                return Table.of(Span, pa.table({"start": [1, 2, 3], "end": [1, 1, 4]}))

        p = Pipeline("p", Step("read", Read()))
        """,
    )
    first = project.load("mypkg.flow:p").run(store.root).step("read")
    assert (first.rows_out, first.rows_quarantined) == (2, 1)
    project.edit("mypkg/flow.py", "pc.greater_equal", "pc.greater")
    built = project.load("mypkg.flow:p")
    assert why(built, store) == {"read": "code: mypkg/flow.py: Span.in_order()"}
    again = built.run(store.root).step("read")
    assert (again.rows_out, again.rows_quarantined) == (1, 2)
