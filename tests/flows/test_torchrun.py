"""torchrun: two processes of the command train one net; the first alone writes and speaks."""

from __future__ import annotations

import json
import subprocess
import sys


def test_torchrun_trains_one_net_with_two_processes(finished, finished_once):
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "flows"]
    process = subprocess.run(
        [sys.executable, *command, "run", "zoo.flow:animals", "--only", "net", "--force", "--json"],
        cwd=finished.folder, env=finished.environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    document = json.loads(process.stdout)  # one document: the second process prints none
    assert {step["name"]: step["status"] for step in document["steps"]}["net"] == "ran"
    before = json.loads(finished_once[1])
    runs = json.loads(finished.brickwise("runs", "--json").stdout)
    assert len(runs["runs"] if isinstance(runs, dict) else runs) == 2
    assert document["run_id"] != before["run_id"]
    assert document["status"] == "done"
