"""`push` and `pull` from the command line: two users, one remote."""

from __future__ import annotations

import json


def test_what_one_user_ran_another_reuses(finished, remote, tmp_path):
    pushed = finished.brickwise("push", remote.url, "--json", **remote.environment)
    assert pushed.returncode == 0, pushed.stderr
    document = json.loads(pushed.stdout)
    assert document["url"] == remote.url
    assert document["copied"]["runs"] == document["copied"]["champions"] == 1
    assert "push: objects: " in pushed.stderr
    there = ("--store", str(tmp_path / "theirs"))
    pulled = finished.brickwise("pull", remote.url, *there, **remote.environment)
    assert pulled.returncode == 0, pulled.stderr
    assert f"{document['copied']['objects']} objects, {document['copied']['actions']} actions, 1 runs" in pulled.stdout
    assert f"copied from {remote.url}, 0 objects were here" in pulled.stdout
    planned = json.loads(finished.brickwise("plan", "zoo.flow:animals", "--json", *there).stdout)
    assert {step["action"] for step in planned["steps"]} == {"reuse"}
    ours, theirs = (finished.brickwise("runs", *where).stdout for where in ((), there))
    assert ours == theirs
    assert "nothing to copy from" in finished.brickwise("pull", remote.url, *there, **remote.environment).stdout


def test_damage_is_told_after_all_else_was_copied(finished, remote, tmp_path):
    assert finished.brickwise("push", remote.url, **remote.environment).returncode == 0
    (run,) = (name for name in remote.names() if name.startswith("runs/"))
    remote.write(run, b"{}")
    pulled = finished.brickwise("pull", remote.url, "--store", str(tmp_path / "theirs"), "--json", **remote.environment)
    assert pulled.returncode == 5
    document = json.loads(pulled.stdout)
    assert document["damaged"] == [{"path": run, "why": "damaged"}]
    assert document["copied"]["objects"] > 0
    assert f"{run} (damaged)" in pulled.stderr
    assert "push again with --verify" in pulled.stderr
    assert "Traceback" not in pulled.stderr
    mended = finished.brickwise("push", remote.url, "--verify", **remote.environment)
    assert "1 of what was there was damaged and has been replaced" in mended.stdout


def test_a_password_in_the_url_is_shown_nowhere(finished):
    for arguments in (
        ["push", "ftp://me:hunter2@127.0.0.1:1/x", "--json"],
        ["pull", "ftp://me:hunter2@127.0.0.1:1/x", "--debug"],
        ["pull", "here", "ftp://me:hunter2@127.0.0.1:1/x"],
        ["ftp://me:hunter2@127.0.0.1:1/x"],
    ):
        done = finished.brickwise(*arguments)
        assert done.returncode in (2, 5)
        assert "ftp://***@127.0.0.1:1/x" in done.stderr
        assert "hunter2" not in done.stdout + done.stderr
