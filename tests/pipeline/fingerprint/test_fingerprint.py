import pytest

from pipeline import Model, Stage, UsageError
from pipeline.fingerprint.follow import fingerprint

STAGE = '''
    """The stage of these tests."""

    from typing import Annotated
    from pydantic import BaseModel, Field
    from pipeline import Stage, Table
    from schemas import Record
    import mypkg.deep.whole
    from . import beside
    from .base import Base
    from .more import *
    from .x import helper, marked, sealed, unrelated_import

    LEAST = 3
    TABLE = {}
    TABLE["a"] = 1

    class Row(Record):
        text: Annotated[str, Field(min_length=2)]

    @sealed
    class Part(BaseModel):
        """A config in the config."""
        width: int = 1
        def build(self):
            return self.width + 1
        def never(self):
            return 0

    class Keep(Base):
        """Keep long rows."""
        part: Part = Part()

        @marked
        def map(self, rows: Table[Row]) -> Table[Row]:
            """One fragment."""
            from .lazy import late
            # a comment
            return late(helper(rows, LEAST), TABLE, beside.near(), mypkg.deep.whole.far(), starred(), self.part.build())

    def unrelated():
        return 1
    '''

FILES = {
    "mypkg/flow.py": STAGE,
    "mypkg/x.py": """
        from .y import deeper
        STEP = 1
        def helper(rows, least):
            return [deeper(row) for row in rows if len(row) > least + STEP]
        def marked(function):
            return function
        def sealed(kind):
            return kind
        def unrelated_import():
            return 1
        def nobody():
            return 1
        """,
    "mypkg/y.py": "def deeper(row):\n    return row",
    "mypkg/base.py": """
        from pipeline import Stage
        class Grand(Stage):
            slow: bool = False
        class Base(Grand):
            def outside(self):
                return {"a": 1}
        """,
    "mypkg/lazy.py": "import math\nimport numpy as np\ndef late(*given):\n    return math.floor(np.pi)",
    "mypkg/beside.py": "def near():\n    return 1\ndef not_near():\n    return 1",
    "mypkg/deep/whole.py": "def far():\n    return 1",
    "mypkg/more.py": "from .most import *\ndef other():\n    return 1",
    "mypkg/most.py": "def starred():\n    return 1",
}


@pytest.fixture
def written(project):
    for file, text in FILES.items():
        project.write(file, text)
    return project


def code(project) -> dict[str, str]:
    stage = project.load("mypkg.flow:Keep")
    roots = (stage, project.load("mypkg.flow:Row"), project.load("mypkg.flow:Part"))
    return dict(fingerprint(roots, ("run", "map", "outside")).code)


def changed(project, file: str, old: str, new: str) -> set[str]:
    before = code(project)
    project.edit(file, old, new)
    after = code(project)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_it_lists_what_the_stage_reaches_and_nothing_else(written):
    assert set(code(written)) == {
        "mypkg/base.py: Base",
        "mypkg/base.py: Base.outside()",
        "mypkg/base.py: Grand",
        "mypkg/beside.py: near()",
        "mypkg/deep/whole.py: far()",
        "mypkg/flow.py: Keep",
        "mypkg/flow.py: Keep.map()",
        "mypkg/flow.py: LEAST",
        "mypkg/flow.py: Part",
        "mypkg/flow.py: Part.build()",
        "mypkg/flow.py: Row",
        "mypkg/flow.py: TABLE",
        "mypkg/lazy.py: late()",
        "mypkg/most.py: starred()",
        "mypkg/x.py: STEP",
        "mypkg/x.py: helper()",
        "mypkg/x.py: marked()",
        "mypkg/x.py: sealed()",
        "mypkg/y.py: deeper()",
    } | {name for name in code(written) if name.startswith("schemas/")}


def test_third_party_packages_met_on_the_way_are_named(written):
    stage = written.load("mypkg.flow:Keep")
    assert {"numpy", "pydantic"} <= fingerprint([stage], ("map",)).packages


@pytest.mark.parametrize(
    ("file", "old", "new", "name"),
    [
        ("mypkg/x.py", "len(row) > least", "len(row) >= least", "mypkg/x.py: helper()"),
        ("mypkg/x.py", "STEP = 1", "STEP = 2", "mypkg/x.py: STEP"),
        ("mypkg/x.py", "return function", "return function or print", "mypkg/x.py: marked()"),
        ("mypkg/y.py", "return row", "return row + row", "mypkg/y.py: deeper()"),
        ("mypkg/base.py", "slow: bool = False", "slow: bool = True", "mypkg/base.py: Grand"),
        ("mypkg/base.py", '{"a": 1}', '{"a": 2}', "mypkg/base.py: Base.outside()"),
        ("mypkg/lazy.py", "np.pi", "np.e", "mypkg/lazy.py: late()"),
        ("mypkg/beside.py", "def near():\n    return 1", "def near():\n    return 2", "mypkg/beside.py: near()"),
        ("mypkg/deep/whole.py", "return 1", "return 2", "mypkg/deep/whole.py: far()"),
        ("mypkg/most.py", "return 1", "return 2", "mypkg/most.py: starred()"),
        ("mypkg/flow.py", "LEAST = 3", "LEAST = 4", "mypkg/flow.py: LEAST"),
        ("mypkg/flow.py", 'TABLE["a"] = 1', 'TABLE["a"] = 2', "mypkg/flow.py: TABLE"),
        ("mypkg/flow.py", "min_length=2", "min_length=3", "mypkg/flow.py: Row"),
        ("mypkg/flow.py", "width: int = 1", "width: int = 2", "mypkg/flow.py: Part"),
        ("mypkg/flow.py", "self.width + 1", "self.width + 2", "mypkg/flow.py: Part.build()"),
    ],
)
def test_an_edit_of_what_is_reached_changes_the_one_digest_that_names_it(written, file, old, new, name):
    assert changed(written, file, old, new) == {name}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mypkg/flow.py", "# a comment", "# another comment"),
        ("mypkg/flow.py", '"""One fragment."""', '"""A fragment, by itself."""'),
        ("mypkg/flow.py", '"""Keep long rows."""', '"""Keep those rows that are long."""\n'),
        ("mypkg/flow.py", '"""A config in the config."""', ""),
        ("mypkg/flow.py", "width: int = 1", 'width: int = 1\n    """How wide."""'),
        ("mypkg/flow.py", "helper(rows, LEAST)", "(helper( rows,\n                LEAST ))"),
        ("mypkg/flow.py", "def unrelated():\n    return 1", "def unrelated():\n    return 2"),
        ("mypkg/flow.py", "return 0", "return 1"),
        ("mypkg/x.py", "def nobody():\n    return 1", "def nobody():\n    return 2"),
        ("mypkg/x.py", "def unrelated_import():\n    return 1", "def unrelated_import():\n    return 2"),
        ("mypkg/beside.py", "def not_near():\n    return 1", "def not_near():\n    return 2"),
    ],
)
def test_comments_formatting_docstrings_and_what_is_not_reached_do_not_count(written, file, old, new):
    assert changed(written, file, old, new) == set()


def test_removing_a_decorator_or_a_base_class_counts(written):
    assert changed(written, "mypkg/flow.py", "@marked\n", "\n") == {"mypkg/flow.py: Keep.map()", "mypkg/x.py: marked()"}
    assert changed(written, "mypkg/flow.py", "@sealed\n", "\n") == {"mypkg/flow.py: Part", "mypkg/x.py: sealed()"}
    assert "mypkg/base.py: Grand" in changed(written, "mypkg/base.py", "class Base(Grand)", "class Base(Stage)")


def test_what_only_type_checkers_import_does_not_count(project):
    project.write(
        "mypkg/flow.py",
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from pipeline import Model, Stage
        if TYPE_CHECKING:
            import numpy as np
            from .types import Shape
        def helper(shape: Shape) -> np.ndarray: ...
        class Fit(Stage):
            def run(self) -> Model:
                return helper(3)
        """,
    )
    project.write("mypkg/types.py", "class Shape:\n    sides = 3")
    found = fingerprint([project.load("mypkg.flow:Fit")], ("run",))
    assert not [name for name in found.code if "types.py" in name]
    assert not found.packages


def test_the_fingerprint_of_a_stage_is_the_same_on_every_visit(project):
    project.write(
        "mypkg/flow.py",
        '''
        from pipeline import Model, Stage
        def helper():
            """Says what."""
            """Says more."""
            return 1
        class Fit(Stage):
            def run(self) -> Model:
                return helper()
        ''',
    )
    stage = project.load("mypkg.flow:Fit")
    assert fingerprint([stage], ("run",)) == fingerprint([stage], ("run",))


def test_code_that_no_file_holds_is_refused():
    class Local(Stage):
        def run(self) -> Model: ...

    with pytest.raises(UsageError, match=r"Local is not defined at the top level of a module file.*move it there"):
        fingerprint([Local], ("run",))


GOLDEN = """
from math import floor
LEAST = 3
def rounded(value, least=LEAST):
    return [floor(value), "text", {1: -2.5}] if value > least else None
class Size:
    unit: str = "rows"
    def __call__(self, value):
        return rounded(value)
"""
DIGESTS = {
    "mypkg/golden.py: LEAST": "d843abf88970d908",
    "mypkg/golden.py: Size": "dc486f8aa352a63b",
    "mypkg/golden.py: Size.__call__()": "d47c34e998546720",
    "mypkg/golden.py: rounded()": "1c8b584c7ffa8a5b",
}


def test_a_golden_module_keeps_its_fingerprint(project):
    project.write("mypkg/golden.py", GOLDEN)
    found = fingerprint([project.load("mypkg.golden:Size")], ())
    advice = "every stored key changes: if that is meant, raise FORMAT in pipeline/key.py, and these digests"
    assert {name: digest[:16] for name, digest in found.code.items()} == DIGESTS, advice


def test_methods_of_a_class_that_derives_from_a_library_s_count_through_a_base_in_another_module(project):
    project.write("mypkg/base.py", "import threading\nclass Base(threading.Thread): ...")
    project.write(
        "mypkg/flow.py",
        """
        from pipeline import Model, Stage
        from .base import Base
        class Work(Base):
            def run(self): return 1
            def hidden(self): return 1
        class Fit(Stage):
            def map(self): return Work().start()
        """,
    )
    assert {"mypkg/flow.py: Work.run()", "mypkg/flow.py: Work.hidden()"} <= set(code_of(project, "mypkg.flow:Fit"))


def test_a_package_without_init_file_is_followed(project):
    (project.folder / "loose").mkdir()
    (project.folder / "loose" / "x.py").write_text("def near(): return 1")
    project.write(
        "mypkg/flow.py",
        "import loose.x\nfrom pipeline import Stage\nclass Fit(Stage):\n    def run(self): return loose.x.near()",
    )
    assert "loose/x.py: near()" in code_of(project, "mypkg.flow:Fit")


def code_of(project, target: str) -> dict[str, str]:
    return dict(fingerprint([project.load(target)], ("run", "map")).code)
