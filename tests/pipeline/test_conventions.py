"""Conventions of the code, as tests over the code."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import pipeline
import schemas
import stages
from pipeline import Check, Stage
from pipeline.fingerprint.follow import fingerprint
from pipeline.fingerprint.source import module
from stages.baseline import Rung
from stages.features import Feature
from stages.parts.base import Part

DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "great_expectations": "great-expectations",
    "charset_normalizer": "charset-normalizer",
}
CONTRACTS = {"pydantic", "pydantic_core", "annotated_types"}  # they say what is valid, and make no output
CARRIERS = {"fsspec", "adbc_driver_sqlite", "adbc_driver_postgresql"}  # they bring what has its state in the key
WRITES = {
    "write_text", "write_bytes", "mkdir", "touch", "rename", "replace", "unlink", "rmdir", "chmod", "symlink_to", "mkstemp",
    "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "makedirs", "remove", "fsync",
}  # fmt: skip
FILES = sorted(Path(pipeline.__file__).parent.rglob("*.py"))


def subclasses(kind: type) -> list[type]:
    return [found for inner in kind.__subclasses__() for found in (inner, *subclasses(inner)) if "[" not in found.__name__]


def shipped(package, kind: type) -> list[type]:
    """Classes of a kind in a package, all its modules imported that import nothing heavy."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        source = module(found.name)
        if source and any(isinstance(node, ast.ClassDef) for nodes in source.definitions.values() for node in nodes):
            importlib.import_module(found.name)
    return [found for found in subclasses(kind) if found.__module__.partition(".")[0] == package.__name__]


STAGES, CHECKS = shipped(stages, Stage), [*shipped(schemas, Check), *shipped(stages, Check)]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_every_package_that_a_shipped_stage_imports_is_declared_by_it(stage):
    slots = {"Train": Part, "Vectorize": Feature, "Baseline": Rung, "Ingest": stages.Source}
    parts = subclasses(slots[stage.__name__]) if stage.__name__ in slots else []
    parts = [part for part in parts if slots[stage.__name__] is not Part or not issubclass(part, Feature | Rung)]
    met = fingerprint((stage, *parts), ("run", "map", "outside")).packages - CONTRACTS - CARRIERS
    assert {DISTRIBUTIONS.get(name, name) for name in met} <= {
        package.rstrip("?") for kind in (stage, *parts) for package in getattr(kind, "packages", ())
    }


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_package_that_a_shipped_check_imports_is_declared_by_it(check):
    met = fingerprint((check,), ("judge", "receipt", "failing")).packages - CONTRACTS
    assert {DISTRIBUTIONS.get(name, name) for name in met} <= set(check.packages)


def test_the_shipped_stages_and_checks_are_found():
    names = {stage.__name__ for stage in STAGES}
    assert {"Ingest", "Clean", "Split", "Vectorize", "Train", "Baseline", "Evaluate", "Compare"} <= names
    assert {
        "Suite", "Drift", "LabelsInParts", "Leakage", "OneLabel",
        "BrokenSlice", "ConfidentAndWrong", "Giveaway", "Sensitive", "SplitDrift", "TestReuse", "Tie", "WorstClass",
    } == {check.__name__ for check in CHECKS}  # fmt: skip
    assert names <= set(stages.__all__)


@pytest.mark.parametrize("name", [name for name in pipeline.__all__ if not isinstance(getattr(pipeline, name), str)])
def test_every_public_name_has_a_docstring_of_its_own(name):
    found = getattr(pipeline, name)
    assert found.__doc__
    assert not found.__doc__.startswith(f"{name}(")  # what a dataclass writes when nobody does
    assert found.__module__.startswith("pipeline.")


def test_the_public_names_are_all_there_is():
    public = {name for name, value in vars(pipeline).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public == set(pipeline.__all__)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_module_says_what_it_is(file):
    assert ast.get_docstring(ast.parse(file.read_text()))


def writes(tree: ast.AST) -> list[str]:
    """Calls that create, change or remove a file, and openings that are not for reading."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        owner = getattr(getattr(call.func, "value", None), "id", "")
        text = any(isinstance(given, ast.Constant) and isinstance(given.value, str) for given in call.args)
        if name in WRITES and owner != "durable" and not (name == "replace" and (text or call.keywords)):
            found.append(f"line {call.lineno}: {name}")
        modes = [*call.args[not isinstance(call.func, ast.Attribute) :], *(word.value for word in call.keywords)]
        if name == "open" and any(set(str(getattr(mode, "value", ""))) & set("wax+") for mode in modes):
            found.append(f"line {call.lineno}: open")
    return found


def test_the_scan_for_writes_sees_them():
    seen = "open('x', 'w'); Path('x').open(mode='ab'); path.write_text('x'); os.replace(a, b); path.unlink()"
    assert len(writes(ast.parse(seen))) == 5
    unseen = "open('x'); path.open('rb'); text.replace('a', 'b'); durable.write(a, b); replace(step, why=1); path.read_bytes()"
    assert writes(ast.parse(unseen)) == []


@pytest.mark.parametrize("file", [file for file in FILES if file.name != "durable.py"], ids=lambda file: file.name)
def test_only_durable_writes_files(file):
    assert writes(ast.parse(file.read_text())) == []


def test_durable_does_write_files():
    assert writes(ast.parse((Path(pipeline.__file__).parent / "store/durable.py").read_text()))
