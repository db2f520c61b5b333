import ast
import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline import UsageError
from pipeline.fingerprint.firstparty import is_first_party
from pipeline.fingerprint.source import module
from pipeline.fingerprint.syntax import imports_of


def imports(line: str, package: str = "mypkg.inner") -> dict[str, tuple[str, str]]:
    return imports_of(ast.parse(line).body[0], package)


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ("import os.path", {"os": ("os", "")}),
        ("import os.path as p", {"p": ("os.path", "")}),
        ("from mypkg.a import f, g as h", {"f": ("mypkg.a", "f"), "h": ("mypkg.a", "g")}),
        ("from . import a", {"a": ("mypkg.inner", "a")}),
        ("from .a import f", {"f": ("mypkg.inner.a", "f")}),
        ("from ..a import f", {"f": ("mypkg.a", "f")}),
    ],
)
def test_an_import_binds_names_to_modules_and_what_is_in_them(line, bound):
    assert imports(line) == bound


def test_a_user_s_module_is_first_party_and_an_installed_one_is_not(project):
    project.write("mypkg/x.py", "")
    assert is_first_party("mypkg.x")
    assert is_first_party("stages.clean")
    assert not any(map(is_first_party, ("pyarrow", "json", "pipeline", "builtins", "nowhere_to_be_found")))


def test_a_module_is_parsed_without_being_imported(project):
    project.write("mypkg/x.py", "raise SystemExit\ndef helper(): ...\nCONSTANT = 3")
    found = module("mypkg.x")
    assert found.label == "mypkg/x.py"
    assert set(found.definitions) == {"helper", "CONSTANT"}


def test_a_package_is_labelled_by_its_init_file(project):
    project.write("mypkg/__init__.py", "from .x import helper")
    project.write("mypkg/x.py", "")
    assert module("mypkg").label == "mypkg/__init__.py"
    assert module("mypkg").imports == {"helper": [("mypkg.x", "helper")]}


def test_a_folder_without_init_file_and_a_single_file_are_packages_too(project):
    (project.folder / "loose").mkdir()
    (project.folder / "loose" / "x.py").write_text("def helper(): ...")
    (project.folder / "alone.py").write_text("def helper(): ...")
    assert module("loose.x").label == "loose/x.py"
    assert module("alone").label == "alone.py"
    assert module("alone.inner") is None


def test_definitions_under_if_try_and_with_are_found_and_type_only_imports_are_not(project):
    project.write(
        "mypkg/x.py",
        """
        from typing import TYPE_CHECKING
        import typing
        if TYPE_CHECKING:
            from .y import OnlyTypes
        else:
            from .y import Real
        if typing.TYPE_CHECKING:
            from .y import OnlyTypesToo
        try:
            A: int = 1
        except ValueError:
            B = C, D = 2, 3
        finally:
            E = 4
        with open("x"):
            def helper(): ...
        A += 1
        TABLE = {}
        TABLE["x"] = 5
        """,
    )
    found = module("mypkg.x")
    assert set(found.definitions) == {"A", "B", "C", "D", "E", "helper", "TABLE"}
    assert len(found.definitions["A"]) == len(found.definitions["TABLE"]) == 2
    assert set(found.imports) == {"TYPE_CHECKING", "typing", "Real"}


def test_code_that_python_cannot_parse_is_refused_in_words(project):
    project.write("mypkg/x.py", "def (")
    with pytest.raises(UsageError, match=r"cannot read the code of module 'mypkg\.x' to fingerprint it: invalid syntax"):
        module("mypkg.x")


@pytest.fixture
def _switching():
    """Garbage that is collected amid a parse lets another thread go on, as a finalizer in Python does."""

    def switch(phase, info):
        time.sleep(0)

    gc.callbacks.append(switch)
    yield
    gc.callbacks.remove(switch)


@pytest.mark.usefixtures("_switching")
def test_steps_that_run_at_once_read_their_code_one_after_the_other(project):
    deep = "+".join(["(1)"] * 400)
    for number in range(8):
        project.write(f"mypkg/m{number}.py", "\n".join(f"def f{at}(): return {deep}" for at in range(40)))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(module, [f"mypkg.m{number}" for number in range(8)]))
    assert [len(one.definitions) for one in found] == [40] * 8
