"""What a module puts into a table of another, when it is imported, counts for who uses the table."""

import pytest

from pipeline.fingerprint.follow import fingerprint

USES = """
from pipeline import Model, Stage
import mypkg.registry as r
from mypkg import again
class Fit(Stage):
    def run(self, model: Model) -> Model:
        return r.TABLE, r.Base.known, r.act(model), again.tool.near()
"""
REGISTRY = """
from functools import singledispatch
TABLE = {}
def add(name):
    def kept(function):
        TABLE[name] = function
        return function
    return kept
class Base:
    known = []
    def __init_subclass__(cls):
        Base.known.append(cls)
@singledispatch
def act(model): return 0
"""


@pytest.mark.parametrize(
    ("plugin", "old", "new", "name"),
    [
        ("from .registry import add\n@add('one')\ndef one(): return 1", "return 1", "return 2", "one()"),
        ("from .registry import add as kept\n@kept('one')\ndef one(): return 1", "return 1", "return 2", "one()"),
        ("from . import registry\n@registry.add('one')\ndef one(): return 1", "return 1", "return 2", "one()"),
        ("from .again import add\n@add('one')\ndef one(): return 1", "return 1", "return 2", "one()"),
        ("from .registry import add\ndef one(): return 1\nadd('one')(one)", "return 1", "return 2", "one()"),
        ("from .registry import TABLE\ndef one(): return 1\nTABLE['one'] = one", "return 1", "return 2", "one()"),
        ("from . import registry\ndef one(): return 1\nregistry.TABLE.update(one=one)", "return 1", "return 2", "one()"),
        ("from .registry import Base\nclass One(Base):\n    size = 1", "size = 1", "size = 2", "One"),
        ("from .registry import Base\nclass One(Base): ...\nclass Two(One):\n    size = 1", "size = 1", "size = 2", "Two"),
        ("from .registry import act\n@act.register\ndef one(m: int): return 1", "return 1", "return 2", "one()"),
    ],
)
def test_what_another_module_registers_counts(project, plugin, old, new, name):
    project.write("mypkg/flow.py", USES)
    project.write("mypkg/registry.py", REGISTRY)
    project.write("mypkg/again.py", "from .registry import add\nfrom . import tool")
    project.write("mypkg/tool.py", "def near(): return 1")
    project.write("mypkg/plugins.py", plugin)
    before = code_of(project, "mypkg.flow:Fit")
    assert "mypkg/tool.py: near()" in before
    project.edit("mypkg/plugins.py", old, new)
    after = code_of(project, "mypkg.flow:Fit")
    assert {found for found in before if before[found] != after[found]} == {f"mypkg/plugins.py: {name}"}
    project.write("mypkg/bystander.py", "from .registry import REGISTRY_SIZE, add\nTABLE = {}\nTABLE['a'] = add")
    assert code_of(project, "mypkg.flow:Fit") == after


def code_of(project, target: str) -> dict[str, str]:
    return dict(fingerprint([project.load(target)], ("run", "map")).code)


def test_flat_modules_that_are_imported_for_what_they_register_count(project):
    (project.folder / "reg.py").write_text("TABLE = {}\ndef add(f):\n    TABLE[f.__name__] = f\n    return f\n")
    plug = project.folder / "plug.py"
    plug.write_text("from reg import add\n@add\ndef a():\n    return 1\n")
    (project.folder / "flow.py").write_text(
        "import plug\nfrom reg import TABLE\nfrom pipeline import Report, Stage\n"
        "class Fit(Stage):\n    def run(self) -> Report:\n        return Report(facts={'n': TABLE['a']()})\n"
    )
    before = fingerprint([project.load("flow:Fit")], ("run",)).code
    assert "plug.py: a()" in before
    plug.write_text(plug.read_text().replace("return 1", "return 2"))
    after = fingerprint([project.load("flow:Fit")], ("run",)).code
    assert {name for name in before if before[name] != after[name]} == {"plug.py: a()"}


def test_the_methods_of_a_plain_class_that_is_handed_on_count(project):
    project.write(
        "mypkg/flow.py",
        """
        import csv
        from pipeline import Report, Stage
        class Echo:
            def write(self, text):
                return text
        class Fit(Stage):
            def run(self) -> Report:
                return Report(facts={"n": csv.writer(Echo()).writerow(["a"])})
        """,
    )
    assert "mypkg/flow.py: Echo.write()" in fingerprint([project.load("mypkg.flow:Fit")], ("run",)).code
