"""A user's mistakes: one clear message, the right exit code, no traceback."""

from __future__ import annotations

import pytest

BROKEN = """
from zoo.flow import *
broken = Pipeline(
    "broken",
    Step("raw", Ingest[Text](source=CsvFile(path="animals.csv"))),
    Step("tidy", Tidy(), reads={"row": "raw"}),
    Step("split", Split[SplitText](by="idd"), reads={"rows": "tidi"}),
)
"""


def refused(project, *arguments: str) -> str:
    done = project.brickwise(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("brickwise: ")
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "animal"], "an import string, package.module:variable; known: docstrings\n"),
        (["run", "docstring"], "did you mean 'docstrings'?"),
        (["run", "zoo.flow:animal"], "did you mean 'animals'?"),
        (["run", "zoo.flew:animals"], "no module 'zoo.flew'"),
        (["run", "zoo.flow:Tidy"], "is ModelMetaclass, not a Pipeline"),
        (["plan", "zoo.flow:animals", "--only", "nett"], "has no step 'nett'; did you mean 'net'?"),
        (["plan", "zoo.flow:animals", "--only", "net", "--to", "net"], "--only excludes --from and --to"),
        (["plan", "zoo.flow:animals", "--set", "nett.epochs=3"], "has no step 'nett'; did you mean 'net'?"),
        (["plan", "zoo.flow:animals", "--set", "net.epoch=3"], "Train has no field 'epoch'; did you mean 'epochs'?"),
        (
            ["plan", "zoo.flow:animals", "--set", "net.epochs=many"],
            "net.epochs: found many, expected: Input should be a valid integer",
        ),
        (
            ["run", "zoo.flow:animals", "--set", "net.device=gpu"],
            "net.device: found gpu, expected: String should match pattern",
        ),
        (["plan", "zoo.flow:animals", "--set", "net.epochs"], "does not read step.field=value"),
        (
            ["plan", "zoo.flow:animals", "--set", "net.model.encode=Lstn"],
            "net.model.encode: found Lstn; Encode has no part 'Lstn'; did you mean 'Lstm'?",
        ),
        (["run", "zoo.flow:animals", "--bogus=1"], "run takes no '--bogus'"),
        (["run", "zoo.flow:animals", "--froce"], "did you mean '--force'?"),
        (["run", "zoo.flow:animals", "net"], "run takes no 'net'; see --help"),
        (["run"], "the following arguments are required: PIPELINE"),
        (["plan", "zoo.flow:animals", "--only"], "argument --only: expected one argument; see brickwise plan --help"),
        (["rum"], "no command 'rum'; did you mean 'run'?"),
        (["show", "20260101"], "no such run"),
        (["schedule", "zoo.flow:animals", "--every", "20"], "is no time span, expected such as 30s"),
        (["schedule", "zoo.flow:animals", "--cron", "soon"], "is no cron line"),
        (["schedule", "zoo.flow:animals"], "needs either --cron"),
        (["validate", "zoo.flow:animals", "--step", "net"], "'net' is not a data step"),
        (["validate", "--record", "zoo.flow:nothing", "animals.csv"], "expected package.module:Record"),
    ],
)
def test_a_name_or_a_value_that_is_not_there(project, arguments, expected):
    assert expected in refused(project, *arguments)


def test_all_wiring_mistakes_at_once(project):
    project.write("zoo/broken.py", BROKEN)
    told = refused(project, "plan", "zoo.broken:broken")
    assert "3 mistakes" in told
    assert "step 'tidy', port 'row': no such port; did you mean 'rows'?" in told
    assert "step 'tidy', port 'rows': nothing feeds it" in told
    assert "step 'split', port 'rows': reads unknown step 'tidi'; did you mean 'tidy'?" in told


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("import zebra", "imports 'zebra', which is not installed"),
        (
            "from stages import Clean\nfrom schemas import Text\nClean[Text](min_chars=0)",
            "min_chars: found 0, Input should be greater",
        ),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_its_place(project, code, expected):
    project.write("zoo/other.py", code)
    told = refused(project, "plan", "zoo.other:animals")
    assert expected in told
    if "zebra" not in code:
        assert "other.py, line" in told


def test_a_source_that_is_missing_empty_or_not_readable(project):
    data = project.folder / "animals.csv"
    data.unlink()
    assert "animals.csv cannot be read: No such file" in refused(project, "run", "zoo.flow:animals")
    data.write_text("")
    assert "animals.csv is empty" in refused(project, "run", "zoo.flow:animals")
    data.unlink()
    data.mkdir()
    assert "animals.csv is no file" in refused(project, "run", "zoo.flow:animals")


def test_a_store_that_is_a_file_or_cannot_be_written_needs_care(project):
    project.write("file", "not a store")
    done = project.brickwise("run", "zoo.flow:data", "--store", "file")
    assert (done.returncode, done.stdout) == (5, "")
    assert "the store file is a file, expected a folder" in done.stderr
    done = project.brickwise("run", "zoo.flow:data", "--store", "/proc/1/store")
    assert done.returncode == 5
    assert "/proc/1/store" in done.stderr
    assert "choose another store with --store" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_called_like_one_of_ours_is_refused_and_not_imported(project):
    project.write("stages/__init__.py", "raise SystemExit('imported')")
    assert "is called like brickwise's own package 'stages'" in refused(project, "run", "stages.flow:animals")


def test_debug_shows_the_traceback(project):
    done = project.brickwise("plan", "zoo.nowhere:animals", "--debug")
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("arguments", [["run", "zoo.flow:data"], ["schedule", "zoo.flow:data", "--every", "1h"]])
def test_a_prefect_server_that_does_not_answer_is_named_without_its_password(project, arguments):
    done = project.brickwise(*arguments, PREFECT_API_URL="http://somebody:s3cret@127.0.0.1:9/api?token=t0ken")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Prefect server answers at http://127.0.0.1:9/api (ConnectError)" in done.stderr
    assert "start one with `prefect server start` or correct PREFECT_API_URL" in done.stderr
    for secret in ("s3cret", "somebody", "t0ken", "Traceback"):
        assert secret not in done.stderr
