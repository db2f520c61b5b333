"""Edits of a helper module that must, and that must not, remake what a stage made with it."""

import pytest

from pipeline.fingerprint.follow import fingerprint

FLOW = """
from pipeline import Model, Stage
from . import x
class Fit(Stage):
    def run(self, model: Model) -> Model:
        return x.work(model)
"""

# What the edit is of, the helper module mypkg/x.py, the text before, the text after, and what `why` names (None: several things).
COUNTS = [
    ("a nested function", "def work(m):\n    def inner(): return 1\n    return inner()", "return 1", "return 2", "work()"),
    ("a lambda", "work = lambda m: m + 1", "+ 1", "+ 2", "work"),
    ("a default argument", "LEAST = 3\ndef work(m, least=LEAST): return least", "= 3", "= 4", "LEAST"),
    ("a keyword's default", "def work(m, *, least=3): return least", "=3", "=4", "work()"),
    ("a decorator's argument", "def times(n): return lambda f: f\n@times(2)\ndef work(m): return m", "times(2)", "times(3)", "work()"),
    ("a decorator", "def times(n): return lambda f: f\n@times(2)\ndef work(m): return m", "lambda f: f", "lambda f: len", "times()"),
    ("a base class", "class A:\n    def go(self): return 1\nclass B(A): ...\ndef work(m): return B().go()", "return 1", "return 2", "A.go()"),
    ("a base's constant", "class A:\n    size: int = 1\nclass B(A): ...\ndef work(m): return B.size", "= 1", "= 2", "A"),
    ("a metaclass", "class M(type):\n    def __call__(c): return 1\nclass A(metaclass=M): ...\ndef work(m): return A()", "return 1", "return 2", "M.__call__()"),
    ("a property", "class A:\n    @property\n    def size(self): return 1\ndef work(m): return A().size", "return 1", "return 2", "A.size()"),
    ("a setter", "class A:\n    def size(self): ...\n    size = property(size)\n    @size.setter\n    def size(self, v): self.v = v\ndef work(m): A().size = 3", "= v", "= v + 1", "A.size()"),
    ("a class method", "class A:\n    @classmethod\n    def of(cls): return 1\ndef work(m): return A.of()", "return 1", "return 2", "A.of()"),
    ("an operator", "class A:\n    def __add__(self, o): return 1\ndef work(m): return A() + m", "return 1", "return 2", "A.__add__()"),
    ("__call__", "class A:\n    def __call__(self, o): return 1\nwork = A()", "return 1", "return 2", "A.__call__()"),
    ("a method of a module's instance", "class A:\n    def go(self): return 1\nONE = A()\ndef work(m): return ONE.go()", "return 1", "return 2", "A.go()"),
    ("a method in a table of its class", "class A:\n    def go(self): return 1\n    by = {'go': go}\ndef work(m): return A.by['go'](m)", "return 1", "return 2", "A.go()"),
    ("a subclass that registers itself", "class A:\n    all = []\n    def __init_subclass__(c): A.all.append(c)\nclass B(A):\n    size: int = 1\ndef work(m): return A.all[0].size", "= 1", "= 2", "B"),
    ("a partial", "from functools import partial\ndef add(a, b): return a + b\nwork = partial(add, 1)", "add, 1", "add, 2", "work"),
    ("a function in a table", "def one(m): return 1\nTABLE = {'one': one}\ndef work(m): return TABLE[m](m)", "return 1", "return 2", "one()"),
    ("a constant's function", "def count(): return 1\nSIZE = count()\ndef work(m): return SIZE", "return 1", "return 2", "count()"),
    ("an alias", "def f(m): return 1\nwork = f", "return 1", "return 2", "f()"),
    ("a loop that fills a table", "TABLE = {}\nfor n in (1, 2): TABLE[n] = n\ndef work(m): return TABLE", "(1, 2)", "(1, 3)", None),
    ("a while loop", "n = 0\nwhile n < 3: n += 1\ndef work(m): return n", "< 3", "< 4", "n"),
    ("an update of a table", "TABLE = {}\nTABLE.update(a=1)\ndef work(m): return TABLE", "a=1", "a=2", "TABLE"),
    ("a function that fills a table", "TABLE = []\ndef fill(t): t.append(1)\nfill(TABLE)\ndef work(m): return TABLE", "append(1)", "append(2)", "fill()"),
    ("an assigned call that fills a table", "TABLE = {}\nOLD = TABLE.setdefault('a', 1)\ndef work(m): return TABLE", "'a', 1", "'a', 2", None),
    ("a registered function", "TABLE = {}\ndef add(f): TABLE[f.__name__] = f\n@add\ndef one(m): return 1\ndef work(m): return TABLE[m]()", "return 1", "return 2", "one()"),
    ("a registered single dispatch", "from functools import singledispatch\n@singledispatch\ndef work(m): return 0\n@work.register\ndef _(m: int): return 1", "return 1", "return 2", "_()"),
    ("a global that is set", "SIZE = 1\ndef grow():\n    global SIZE\n    SIZE = 2\ngrow()\ndef work(m): return SIZE", "SIZE = 2", "SIZE = 3", "grow()"),
    ("an augmented assignment", "SIZE = 1\nSIZE += 1\ndef work(m): return SIZE", "+= 1", "+= 2", "SIZE"),
    ("a deletion", "TABLE = {1: 1, 2: 2}\ndel TABLE[1]\ndef work(m): return TABLE", "TABLE[1]", "TABLE[2]", "TABLE"),
    ("an attribute that is set", "def work(m): return work.size\nwork.size: int = 1", "= 1", "= 2", "work"),
    ("a walrus", "if (SIZE := 3) > 1: pass\ndef work(m): return SIZE", "3)", "4)", "SIZE"),
    ("a condition", "import sys\nif sys.maxsize > 5: SIZE = 3\nelse: SIZE = 4\ndef work(m): return SIZE", "> 5", "< 5", "SIZE"),
    ("a constant in a condition", "FAST = True\nif FAST: SIZE = 3\nelse: SIZE = 4\ndef work(m): return SIZE", "True", "False", "FAST"),
    ("a match statement", "match 1:\n    case 1: SIZE = 3\n    case _: SIZE = 4\ndef work(m): return SIZE", "SIZE = 3", "SIZE = 5", "SIZE"),
    ("a property read by a pattern", "class A:\n    @property\n    def size(self): return 1\ndef work(m):\n    match A():\n        case A(size=1): return 1", "self): return 1", "self): return 2", "A.size()"),
    ("an import of another function", "from math import floor as cut\ndef work(m): return cut(m)", "floor as", "ceil as", "work()"),
    ("a first of two imports", "try: from .y import one\nexcept ImportError: from .z import one\ndef work(m): return one()", "from .y", "from .y2", None),
    ("a field's constraint", "from pydantic import BaseModel, Field\nMOST = 3\nclass A(BaseModel):\n    n: int = Field(le=MOST)\ndef work(m): return A(n=1)", "MOST = 3", "MOST = 4", "MOST"),
    ("a nested model, quoted", "from pydantic import BaseModel\nclass A(BaseModel):\n    b: 'list[B]' = []\nclass B(BaseModel):\n    n: int = 1\ndef work(m): return A()", "n: int = 1", "n: int = 2", "B"),
    ("an Enum", "from enum import Enum\nclass Kind(Enum):\n    A = 1\ndef work(m): return Kind.A", "A = 1", "A = 2", "Kind"),
    ("a type alias", "from typing import Literal\nKind = Literal['a']\nclass A:\n    kind: Kind\ndef work(m): return A()", "'a'", "'b'", "Kind"),
    ("an async function", "async def go(): return 1\ndef work(m): return go()", "return 1", "return 2", "go()"),
    ("a cached function", "from functools import cache\n@cache\ndef work(m): return 1", "return 1", "return 2", "work()"),
    ("what a library calls", "import html.parser\nclass P(html.parser.HTMLParser):\n    def handle_data(self, d): return 1\ndef work(m): P().feed('a')", "return 1", "return 2", "P.handle_data()"),
    ("what getattr names", "class A:\n    def go(self): return 1\ndef work(m): return getattr(A(), 'go')()", "return 1", "return 2", "A.go()"),
    ("what getattr names in a loop", "from . import y\ndef work(m): return [getattr(y, n)() for n in ('one', 'two')]", "'two'", "'three'", None),
    ("what attrgetter names", "from operator import attrgetter\nclass A:\n    @property\n    def go(self): return 1\ndef work(m): return attrgetter('go')(A())", "return 1", "return 2", "A.go()"),
    ("what globals() names", "def go(): return 1\ndef work(m): return globals()['go']()", "return 1", "return 2", "go()"),
    ("what a module's __getattr__ makes", "def __getattr__(name): return lambda m: 1", "m: 1", "m: 2", "__getattr__()"),
    ("what a table of texts names", "class A:\n    def go(self): return 1\nBY = {1: 'go'}\ndef work(m): return getattr(A(), BY[m])()", "return 1", "return 2", "A.go()"),
    ("a method under another name", "class A:\n    def go(self): return 1\n    run = go\ndef work(m): return A().run()", "return 1", "return 2", "A.go()"),
    ("the condition of an import", "FAST = True\nif FAST: from .y import one\nelse: from .z import one\ndef work(m): return one()", "True", "False", "FAST"),
]  # fmt: skip

HELPERS = """
from pydantic import BaseModel
import json
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from .y import one

LEAST = 3  # rows
OTHER = {"a": 1}
OTHER.update(b=2)

def unrelated():
    return 1

class Tool(BaseModel):
    '''A tool.'''
    def go(self):
        '''Go.'''
        return LEAST
    def never(self):
        return 0

class Unused(Tool):
    size: int = 1

@unrelated.__call__.__self__.__class__ if False else staticmethod
def decorated():
    return 7

def work(m):
    '''What it does.

    m: a model.
    '''
    found: int = Tool().go()  # a comment
    return [m, found]

if __name__ == "__main__":
    print(work(8))
"""

# What the edit is of, and the texts before and after, in HELPERS.
DOES_NOT = [
    ("a comment", "# a comment", "# another comment"),
    ("a comment's removal", "  # rows", ""),
    ("a comment on a line of its own", "def work(m):", "# it works\ndef work(m):"),
    ("a docstring", "'''What it does.", "'''What it does, in short."),
    ("a docstring's removal", "        '''Go.'''\n", ""),
    ("a class's docstring", "'''A tool.'''", "'''The one tool.'''"),
    ("a docstring of a field", "size: int = 1", "size: int = 1\n    '''How large.'''"),
    ("a module docstring", "\nfrom pydantic", "'''Helpers.'''\nfrom pydantic"),
    ("line breaks", "return [m, found]", "return [\n        m,\n        found,\n    ]"),
    ("brackets", "return LEAST", "return (LEAST)"),
    ("quotes and number forms", "LEAST = 3", "LEAST = 0x3"),
    ("blank lines", "def work(m):", "\n\n\ndef work(m):"),
    ("an unrelated function", "def unrelated():\n    return 1", "def unrelated():\n    return 2"),
    ("an unrelated function's name", "def unrelated():\n    return 1\n", "def unrelated():\n    return 1\ndef another():\n    return 1\n"),
    ("an unrelated function's removal", "@unrelated.__call__.__self__.__class__ if False else staticmethod\ndef decorated():\n    return 7\n", ""),
    ("an unrelated decorated function", "return 7", "return 8"),
    ("an unrelated constant", '{"a": 1}', '{"a": 2}'),
    ("an unrelated table's filling", "b=2", "b=3"),
    ("an unrelated class", "size: int = 1", "size: int = 2"),
    ("an unrelated import", "import json", "import csv"),
    ("a new import", "import json", "import json\nimport math"),
    ("a type-only import", "from .y import one", "from .z import one"),
    ("a type-only import's removal", "if TYPE_CHECKING:\n    from .y import one\n", ""),
    ("an unreached method of a model", "return 0", "return 1"),
    ("the removal of an unreached method of a model", "    def never(self):\n        return 0\n", ""),
    ("the annotation of a local variable", "found: int", "found: float"),
    ("what runs as a script", "print(work(8))", "print(work(9))"),
    ("the order of definitions", "LEAST = 3  # rows\nOTHER", "OTHER"),
]  # fmt: skip
LAST = {"the order of definitions": "\nLEAST = 3\n"}  # what is put at the end of the file


def code(project) -> dict[str, str]:
    return dict(fingerprint([project.load("mypkg.flow:Fit")], ("run",)).code)


def changed(project, text: str, old: str, new: str, last: str = "") -> set[str]:
    """The names whose digest an edit of mypkg/x.py changes."""
    for name in ("y", "y2", "z"):
        project.write(f"mypkg/{name}.py", "def one(): return 1\ndef two(): return 2\ndef three(): return 3")
    project.write("mypkg/flow.py", FLOW)
    project.write("mypkg/x.py", text)
    before = code(project)
    project.edit("mypkg/x.py", old, new)
    project.write("mypkg/x.py", (project.folder / "mypkg/x.py").read_text() + last)
    after = code(project)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.mark.parametrize(("text", "old", "new", "name"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS])
def test_what_a_stage_s_output_may_depend_on_counts(project, text, old, new, name):
    found = changed(project, text, old, new)
    assert found == {f"mypkg/x.py: {name}"} if name else found


@pytest.mark.parametrize(("what", "old", "new"), DOES_NOT, ids=[case[0] for case in DOES_NOT])
def test_what_no_output_can_depend_on_does_not_count(project, what, old, new):
    assert changed(project, HELPERS, old, new, LAST.get(what, "")) == set()


def test_there_are_forty_edits_and_twenty_of_each_kind():
    assert len({case[0] for case in COUNTS}) == len(COUNTS) >= 20
    assert len({case[0] for case in DOES_NOT}) == len(DOES_NOT) >= 20
