"""Look-ups by a name that is known only when the code runs: told once, with the way to declare them."""

import warnings

import pytest

from pipeline import BrickwiseWarning, Check, UsageError
from pipeline.fingerprint.follow import fingerprint
from pipeline.key import check_parts, step_parts

FLOW = """
import builtins, importlib, operator, sys
from importlib import import_module as load
from pipeline import Model, Pipeline, Stage, Step
from . import handlers
class Fit(Stage):
    REACHES
    def run(self, model: Model | None = None) -> Model:
        return pick(self, "any")
def pick(stage, name):
    return EXPRESSION
def other(): return 1
p = Pipeline("p", Step("fit", Fit()))
"""


def write(project, expression: str, reaches: str = "pass") -> None:
    project.write("mypkg/flow.py", FLOW.replace("REACHES", reaches).replace("EXPRESSION", expression))
    project.write("mypkg/handlers.py", "def one(): return helper()\ndef helper(): return 1\ndef two(): return 2")


def found(project):
    return fingerprint([project.load("mypkg.flow:Fit")], ("run",))


@pytest.mark.parametrize(
    "expression",
    [
        "getattr(handlers, name)", "getattr(handlers, name, None)()", "setattr(stage, name, 1)", "delattr(stage, name)",
        "importlib.import_module(name)", "importlib.import_module('.' + name, __package__)", "load(name)", "__import__(name)",
        "globals()[name]", "globals().get(name)", "globals()", "locals()[name]", "vars(handlers)[name]", "vars(handlers).get(name)",
        "handlers.__dict__[name]", "sys.modules[name]", "sys.modules.get(name)", "eval('1')", "exec('1')", "compile('1', '', 'eval')",
        "operator.attrgetter(name)(stage)", "operator.methodcaller(name)(stage)", "[getattr(handlers, n) for n in (name, 'one')]",
    ],
)  # fmt: skip
def test_a_look_up_by_a_name_that_is_not_there_is_told_with_its_place(project, expression):
    write(project, expression)
    (line,) = found(project).unfollowed
    place, _, told = line.partition(": pick(): ")
    assert place == "mypkg/flow.py"
    assert told in expression


@pytest.mark.parametrize(
    ("expression", "reached"),
    [
        ("getattr(handlers, 'one')", "mypkg/handlers.py: one()"),
        ("[getattr(handlers, n) for n in ('two', 'one')]", "mypkg/handlers.py: helper()"),
        ("vars(handlers)['one']", "mypkg/handlers.py: one()"),
        ("importlib.import_module('mypkg.handlers').one()", "mypkg/handlers.py: one()"),
        ("importlib.import_module('.handlers', __package__).one()", "mypkg/handlers.py: one()"),
        ("load('mypkg.handlers').one()", "mypkg/handlers.py: helper()"),
        ("sys.modules['mypkg.handlers'].one()", "mypkg/handlers.py: one()"),
        ("sys.modules[__name__].other()", "mypkg/flow.py: other()"),
        ("globals()['other']", "mypkg/flow.py: other()"),
        ("(lambda module: module.one())(handlers)", "mypkg/handlers.py: one()"),
    ],
)
def test_a_look_up_by_a_name_that_is_there_is_followed(project, expression, reached):
    write(project, expression)
    assert found(project).unfollowed == ()
    assert reached in found(project).code


@pytest.mark.parametrize(
    "expression", ["stage.eval()", "__import__('re').compile('x')", "vars(stage).items()", "hasattr(stage, name)"]
)
def test_what_only_looks_like_a_look_up_is_not_told(project, expression):
    write(project, expression)
    assert found(project).unfollowed == ()


def test_a_function_of_the_user_s_own_that_is_called_like_a_look_up_is_none(project):
    write(project, "compile(name)")
    project.edit("mypkg/flow.py", "def other()", "def compile(name): return 1\ndef other()")
    assert found(project).unfollowed == ()


def parts(project) -> dict:
    return step_parts(project.load("mypkg.flow:p"), "fit", {})


def test_a_stage_that_looks_up_is_warned_about_once_in_one_line(project):
    write(project, "getattr(handlers, name)")
    with pytest.warns(BrickwiseWarning) as caught:
        parts(project)
    (message,) = [str(warning.message) for warning in caught]
    assert message.startswith("Fit looks up code that cannot be followed")
    assert "mypkg/flow.py: pick(): getattr(handlers, name)" in message
    assert "reaches = (" in message
    assert "\n" not in message
    pipeline = project.load("mypkg.flow:p")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            step_parts(pipeline, "fit", {})
            step_parts(pipeline.set([]), "fit", {})
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("reaches", "reached"),
    [
        ("reaches = (handlers.one,)", {"one()", "helper()"}),
        ("reaches = (handlers,)", {"one()", "helper()", "two()"}),
        ("reaches = ('mypkg.handlers',)", {"one()", "helper()", "two()"}),
        ("reaches = ('mypkg.handlers:two',)", {"two()"}),
        ("reaches = ()", set()),
    ],
)
def test_what_is_declared_counts_and_nothing_is_warned_about(project, reaches, reached):
    write(project, "getattr(handlers, name)", reaches)
    named = {name.partition(": ")[2] for name in parts(project)["code"] if "handlers.py" in name}
    assert named == reached


def test_a_subclass_of_a_stage_that_declares_is_not_warned_about(project):
    write(project, "getattr(handlers, name)", "reaches = (handlers.two,)")
    project.edit("mypkg/flow.py", "p = Pipeline", "class More(Fit): ...\nFit = More\np = Pipeline")
    assert "mypkg/handlers.py: two()" in parts(project)["code"]


@pytest.mark.parametrize("reaches", ["reaches = (3,)", "reaches = ('mypkg.handlers:nobody',)", "reaches = ('mypkg.nobody',)"])
def test_a_declaration_of_what_is_not_there_is_refused(project, reaches):
    write(project, "getattr(handlers, name)", reaches)
    with pytest.raises(UsageError, match=r"reaches|not defined at the top level"):
        parts(project)


class Picky(Check):
    def judge(self, artifact):
        return getattr(artifact, self.name)


class Declared(Picky):
    reaches = ()


def test_a_check_is_warned_about_and_declares_likewise():
    with pytest.warns(BrickwiseWarning, match=r"Picky looks up .*: Picky\.judge\(\): getattr\(artifact, self\.name\)"):
        check_parts(Picky(name="picky"), "aa")
    check_parts(Declared(name="declared"), "aa")


def test_the_command_line_shows_a_warning_as_one_line_and_keeps_standard_output_pure(project):
    write(project, "getattr(handlers, name)")
    process = project.python(
        "import sys; sys.argv[1:] = ['plan', 'mypkg.flow:p', '--json']; from flows.__main__ import main; main()"
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.startswith("{")
    (line,) = err.splitlines()
    assert line.startswith("brickwise: warning: Fit looks up code")


def test_planning_the_shipped_pipeline_warns_of_nothing(project):
    code = "from flows.docstrings import docstrings as d; from pipeline.key import step_parts, check_parts\n" \
        "d = d.set(['raw.source.packages=[\"pydantic\"]'])\n" \
        "[step_parts(d, name, {}) for name in d.steps]; [check_parts(c, '') for s in d.steps.values() for c in s.checks]"  # fmt: skip
    _, err = project.python(code).communicate(timeout=60)
    assert err == ""
