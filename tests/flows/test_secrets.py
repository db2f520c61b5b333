"""A password that a source needs is in no output, artifact, record or database, whatever fails."""

from __future__ import annotations

import pytest

SECRET = "S3CR:ET/pässw"
PIECES = ("S3CR", "ET/p", "ET%2F", "pässw", "p%C3%A4ssw")


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_password_from_the_environment_is_nowhere_to_be_found_after_a_failed_run(project, prefect_home, debug):
    remote = 'CsvFile(path="http://me:${ZOO_PASSWORD}@127.0.0.1:9/animals.csv", sha256="' + "0" * 64 + '")'
    project.edit("zoo/flow.py", 'CsvFile(path="animals.csv")', remote)
    done = project.brickwise("run", "zoo.flow:data", *debug, ZOO_PASSWORD=SECRET)
    assert (done.returncode, "http://me:${ZOO_PASSWORD}@127.0.0.1:9/animals.csv" in done.stdout + done.stderr) == (1, True)
    files = [path for folder in (project.folder / ".brickwise", prefect_home) for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "prefect.db" for path in files)
    for piece in PIECES:
        assert piece not in done.stdout + done.stderr
        assert not [path.name for path in files if piece.encode() in path.read_bytes()], piece


def test_a_password_that_is_written_out_is_refused_before_anything_knows_it(project, prefect_home):
    setting = "raw.source.path=https://me:S3CRET@example.org/animals.csv"
    done = project.brickwise("run", "zoo.flow:data", "--set", setting)
    assert (done.returncode, "S3CRET" in done.stdout + done.stderr, "${NAME}" in done.stderr) == (2, False, True)
    assert not [path for path in prefect_home.rglob("*") if path.is_file() and b"S3CRET" in path.read_bytes()]
    assert not (project.folder / ".brickwise" / "runs").exists()
