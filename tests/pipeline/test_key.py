import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Check, Model, Pipeline, Stage, Step, UsageError
from pipeline.key import check_parts, key, step_parts, versions, why

PARTS = {
    "format": 1,
    "code": {"mypkg/x.py: Clean": "aa", "mypkg/x.py: helper()": "bb"},
    "config": {"class": "mypkg.x:Clean", "min_chars": 3, "net": {"class": "mypkg.x:Net", "width": 8}},
    "outside": {"rows.csv": "cc"},
    "inputs": {"rows": {"raw.rows": "dd"}},
    "order": {},
    "packages": {"python": "3.11", "pyarrow": "22.0.0"},
}


class Fit(Stage):
    path: str = "a"

    def outside(self):
        return {self.path: "1"}

    def run(self, model: Model | None = None) -> Model: ...


class Packaged(Fit):
    packages = ("pydantic",)


class Missing(Fit):
    packages = ("no-such-distribution",)


class Strict(Check):
    least: float = 0.5


def test_golden_parts_keep_their_key():
    golden = "ccd8f78aa7d092b0f7e8e1e571e6646761f3775fa4a8e86dc3c26cc1230962f4"
    assert key(PARTS) == golden, "every stored key changes: if that is meant, raise FORMAT in pipeline/key.py, and this digest"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("format",), 2, "brickwise: key format 1 -> 2"),
        (("code", "mypkg/x.py: helper()"), "xx", "code: mypkg/x.py: helper()"),
        (("code", "mypkg/y.py: LEAST"), "xx", "code: mypkg/y.py: LEAST (new)"),
        (("code", "mypkg/x.py: helper()"), None, "code: mypkg/x.py: helper() (gone)"),
        (("config", "min_chars"), 5, "config: min_chars 3 -> 5"),
        (("config", "class"), "mypkg.x:Tidy", "config: class mypkg.x:Clean -> mypkg.x:Tidy"),
        (("config", "net", "width"), 16, "config: net.width 8 -> 16"),
        (("config", "max_chars"), 9, "config: max_chars absent -> 9"),
        (("config", "min_chars"), None, "config: min_chars 3 -> absent"),
        (("outside", "rows.csv"), "xx", "source: rows.csv cc -> xx"),
        (("outside",), {}, "source: rows.csv cc -> absent"),
        (("outside",), {"rows.csv": "a" * 64}, "source: rows.csv cc -> aaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaa"),
        (("outside",), {"1": "a" * 64, "rows.csv": "cc"}, "source: 1 is new"),
        (("outside",), {str(n): "d" for n in range(9)}, "source: 10 of 10 changed, such as 0"),
        (("order",), {"rows": ["b.rows", "a.rows"]}, "order: rows absent -> ['b.rows', 'a.rows']"),
        (("packages", "pyarrow"), "23.0.0", "package: pyarrow 22.0.0 -> 23.0.0"),
        (("inputs", "rows", "raw.rows"), "xx", "input rows: raw.rows changed"),
        (("inputs", "rows"), {"clean.rows": "dd"}, "input rows: clean.rows is new, raw.rows is gone"),
        (("inputs", "model"), {"fit.model": "ee"}, "input model: fit.model is new"),
        (("inputs", "rows"), None, "input rows: raw.rows is gone"),
    ],
)
def test_every_part_changes_the_key_and_is_told_in_one_line(path, value, line):
    parts = copy.deepcopy(PARTS)
    *folders, name = path
    inner = parts
    for folder in folders:
        inner = inner[folder]
    if value is None:
        del inner[name]
    else:
        inner[name] = value
    assert key(parts) != key(PARTS)
    assert why(PARTS, parts) == line
    assert "\n" not in line


def test_several_changes_are_told_code_first():
    after = copy.deepcopy(PARTS)
    after["inputs"]["rows"]["raw.rows"] = "xx"
    after["config"]["min_chars"] = 5
    after["code"]["mypkg/x.py: Clean"] = "xx"
    assert why(PARTS, after) == "config: min_chars 3 -> 5; code: mypkg/x.py: Clean; input rows: raw.rows changed"


def test_no_earlier_key_is_never_run_and_the_same_one_is_no_change():
    assert why(None, PARTS) == "never run"
    assert why(PARTS, copy.deepcopy(PARTS)) == "nothing changed"


@given(st.text(), st.text())
def test_a_shown_value_is_bounded_and_on_one_line(before, after):
    line = why(PARTS | {"config": {"title": before * 50}}, PARTS | {"config": {"title": after * 50}})
    assert len(line) < 120
    assert "\n" not in line


def test_a_step_s_parts_are_its_code_config_sources_inputs_and_packages():
    pipeline = Pipeline("p", Step("fit", Packaged(path="b")))
    parts = step_parts(pipeline, "fit", {"model": {"other.model": "dd"}})
    assert set(parts) == {"format", "code", "config", "outside", "inputs", "order", "packages"}
    assert any(name.endswith("test_key.py: Fit.outside()") for name in parts["code"])
    assert parts["config"] == {"class": f"{__name__}:Packaged", "path": "b"}
    assert parts["outside"] == {"b": "1"}
    assert parts["inputs"] == {"model": {"other.model": "dd"}}
    assert set(parts["packages"]) == {"python", "pydantic"}


def test_the_name_of_a_step_and_of_its_pipeline_are_no_part_of_the_key():
    assert step_parts(Pipeline("p", Step("fit", Fit())), "fit", {}) == step_parts(Pipeline("q", Step("net", Fit())), "net", {})


def test_a_package_that_is_not_installed_is_a_usage_error():
    with pytest.raises(UsageError, match="package 'no-such-distribution' is not installed; pip install no-such-distribution"):
        step_parts(Pipeline("p", Step("fit", Missing())), "fit", {})


def test_a_bug_fix_release_of_python_is_no_change():
    assert versions(())["python"].count(".") == 1


def test_a_receipt_s_key_depends_on_the_check_and_on_the_artifact():
    parts = check_parts(Strict(name="strict"), "aa")
    others = [check_parts(Strict(name="strict", least=0.6), "aa"), check_parts(Strict(name="strict"), "bb")]
    assert len({key(parts), *map(key, others)}) == 3
    assert any(name.endswith("test_key.py: Strict") for name in parts["code"])
